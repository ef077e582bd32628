"""The tool of the provider `dalle`: a picture, made by whoever speaks the images wire. Knows no picture.

`[tools.dalle]` may name another place and another model than the usual ones.
"""

import base64
import binascii

from parlour.domain.problems import FetchFailed, ToolFailed
from parlour.ports.tools import Made, Outcome
from parlour.ports.web import MEGABYTE, WebRequest
from parlour.tools.service import ask, needed, objects, read
from parlour.tools.tool import Builtin, Given, string

PLACE, MODEL = "https://api.openai.com/v1", "dall-e-3"
LARGEST = 60 * MEGABYTE
"""Bytes of an answer: several pictures, a third larger than they are."""
LARGEST_PICTURE = 10 * MEGABYTE
MOST = 4
SIZES = {"square": "1024x1024", "vertical": "1024x1792", "horizontal": "1792x1024"}
KINDS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"RIFF": "webp", b"GIF8": "gif"}
"""How pictures begin."""


async def dalle3(given: Given) -> Outcome:
    place, key = given.access.base_url or PLACE, given.access.api_key
    if not given.access.base_url:
        needed(key, "api_key")
    answer = await ask(given, f"{place.rstrip('/')}/images/generations", body=wishes(given), most=LARGEST)
    made = [await picture(given, one, number) for number, one in enumerate(objects(read(answer).get("data")), 1)]
    if not made:
        raise ToolFailed("the service has made no picture")
    return Outcome(files=tuple(made))


def wishes(given: Given) -> dict[str, object]:
    """Only the usual model knows of quality and style; the newest refuse to be told how to answer."""
    model, size = given.access.model or MODEL, given.text("size", "square")
    said: dict[str, object] = {"model": model, "prompt": given.text("prompt"), "size": SIZES.get(size, size)}
    said["n"] = min(max(given.whole("n", 1), 1), MOST)
    if model == MODEL:
        said |= {"quality": given.text("quality", "standard"), "style": given.text("style", "vivid")}
    if not model.startswith("gpt-image"):
        said["response_format"] = "b64_json"
    return said


async def picture(given: Given, one: dict[str, object], number: int) -> Made:
    """A picture of the answer; where that only says where it lies, it is fetched: no client is sent there.

    Raises:
        ToolFailed: it is none.
    """
    data = b""
    if isinstance(written := one.get("b64_json"), str):
        try:
            data = base64.b64decode(written.rpartition(",")[2])
        except (binascii.Error, ValueError):
            raise ToolFailed("the picture that the service has made cannot be read") from None
    elif isinstance(url := one.get("url"), str):
        data = await fetched(given, url)
    kind = next((kind for head, kind in KINDS.items() if data.startswith(head)), "")
    if not kind:
        raise ToolFailed("what the service has made is no picture")
    return Made(f"picture_{number}.{kind}", f"image/{kind}", data)


async def fetched(given: Given, url: str) -> bytes:
    try:
        async with given.reach.web.fetch(WebRequest(url, app=given.app, most=LARGEST_PICTURE)) as answer:
            return await answer.body() if answer.status == 200 else b""
    except FetchFailed as failed:
        raise ToolFailed(f"the picture that the service has made cannot be had: {failed.message}") from None


TOOLS = (
    Builtin(
        "dalle3",
        "DALL-E 3",
        "Makes a picture of what is described, and shows it to the user.",
        dalle3,
        {"prompt": string("what is to be seen on the picture, and how it is to look")},
        ("prompt",),
        seconds=180,
        needs="api_key",
    ),
)
