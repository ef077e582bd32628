"""What tests of files share: multipart bodies, apps that take files, and a model that tells what it was shown."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from parlour.domain.app import Model
from parlour.ports.models import Call, Line, Said
from tests.front_door import FrontDoor, Reply
from tests.houses import chat_app, rules

BOUNDARY = "a-boundary"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
Part = tuple[str, str | None, str, bytes]
"""Name, file name, MIME type (empty: no header), content."""


class Witness:
    """A model that says `ok` (or something else) and remembers what it was asked."""

    def __init__(self, answer: str = "ok") -> None:
        self._model = rules({"say": [answer]})
        self.calls: list[Call] = []

    @property
    def shown(self) -> Line:
        """The question, as the model got it."""
        return self.calls[-1].lines[-1]

    def check(self, model: Model) -> None:
        self._model.check(model)

    def context(self, model: Model) -> int | None:
        return self._model.context(model)

    def uses_tools(self, model: Model) -> bool:
        return self._model.uses_tools(model)

    async def stream(self, call: Call) -> AsyncGenerator[Said, None]:
        self.calls.append(call)
        async with aclosing(self._model.stream(call)) as said:
            async for one in said:
                yield one


def multipart(*parts: Part) -> bytes:
    body = b""
    for name, filename, mime_type, content in parts:
        body += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        body += b"" if filename is None else f'; filename="{filename}"'.encode()
        body += f"\r\nContent-Type: {mime_type}".encode() if mime_type else b""
        body += b"\r\n\r\n" + content + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


async def post(door: FrontDoor, *parts: Part, key: str | None = None) -> Reply:
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    return await door.request("POST", "/v1/files/upload", body=multipart(*parts), headers=headers, key=key)


async def upload(
    door: FrontDoor,
    name: str = "dot.png",
    mime_type: str = "image/png",
    content: bytes = PNG,
    user: str = "ann",
    key: str | None = None,
) -> str:
    """The id of an upload."""
    reply = await post(door, ("user", None, "", user.encode()), ("file", name, mime_type, content), key=key)
    assert reply.status == 201, reply.body
    return reply.json()["id"]


def taking(*types: str, limit: int = 3, extensions: tuple[str, ...] = ()) -> str:
    """An app that takes files of these types."""
    return chat_app(
        file_upload={
            "enabled": True,
            "allowed_file_types": list(types),
            "allowed_file_extensions": list(extensions),
            "allowed_file_upload_methods": ["local_file", "remote_url"],
            "number_limits": limit,
        }
    )


def local(upload_id: object, kind: str = "image") -> dict[str, object]:
    return {"type": kind, "transfer_method": "local_file", "upload_file_id": upload_id}
