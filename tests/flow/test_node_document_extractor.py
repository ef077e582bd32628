"""The document-extractor node (dsl.md 6.17): texts of one file or of several, and what is no document."""

from collections.abc import AsyncGenerator

import pytest
from msgspec import structs

from parlour.domain.files import File
from parlour.domain.message import Owner
from parlour.flow.node import NodeFailed
from parlour.ports import Ports
from parlour.providers.pages import Pages, WebPage
from tests.flow.flow_samples import ports_for
from tests.flow.node_samples import Tried, attempt, node
from tests.rag import samples

pytestmark = pytest.mark.anyio
OWNER = Owner("a", "user")
THERE = "http://files.test/notes.md"


@pytest.fixture
async def ports() -> AsyncGenerator[Ports]:
    async with ports_for(web=Pages({THERE: WebPage(b"# From the web")})) as made:
        yield made


async def read(ports: Ports, value: object, said: object = False) -> Tried:  # noqa: FBT002 -- as a file has it
    made = node("read", "document-extractor", variable_selector=["start", "it"], is_array_file=said)
    return await attempt(made, {"start": {"it": value}}, ports=ports)


async def failed(ports: Ports, value: object) -> NodeFailed:
    with pytest.raises(NodeFailed) as raised:
        await read(ports, value)
    assert raised.value.message.startswith("read: ")
    return raised.value


async def made(ports: Ports, name: str, data: bytes, mime_type: str = "") -> File:
    return await ports.files.keep(OWNER, name, mime_type, data)


@pytest.mark.parametrize(
    ("name", "mime_type", "data", "text"),
    [
        ("a.txt", "text/plain", "Grüße".encode(), "Grüße"),
        ("a.md", "", b"# Title", "# Title"),
        ("a.json", "application/json", b'{"a": 1}', '{"a": 1}'),
        ("a.csv", "text/csv", b"a,b\n1,2", "| a | b |"),
        ("a.html", "text/html", b"<p>Hello <b>you</b></p>", "Hello you"),
        ("a.pdf", "application/pdf", samples.pdf("One page"), "One page"),
        ("a.docx", samples.DOCX, samples.docx(), "Before the table."),
        ("a.xlsx", samples.XLSX, samples.xlsx(), "|"),
        ("a.properties", "", b"key=value", "key=value"),
    ],
)
async def test_a_file_becomes_its_text(ports: Ports, name: str, mime_type: str, data: bytes, text: str) -> None:
    tried = await read(ports, await made(ports, name, data, mime_type))
    assert list(tried.outputs) == ["text"]
    found = tried.outputs["text"]
    assert isinstance(found, str)
    assert text in found


@pytest.mark.parametrize("said", [True, False, None])
async def test_a_list_becomes_a_list_in_its_order_whatever_the_file_says_it_is(ports: Ports, said: object) -> None:
    files = [await made(ports, "b.txt", b"two"), await made(ports, "a.txt", b"one")]
    tried = await read(ports, files, said)
    assert tried.outputs["text"] == ["two", "one"]
    assert tried.result.kinds == {"text": "array[string]"}
    one = await read(ports, files[0], said)
    assert one.outputs["text"] == "two"


@pytest.mark.parametrize("nothing", [None, []])
async def test_nothing_is_an_empty_list(ports: Ports, nothing: object) -> None:
    assert (await read(ports, nothing)).outputs == {"text": []}


async def test_a_file_at_an_address_is_fetched(ports: Ports) -> None:
    file = File("document", "remote_url", "notes.md", ".md", url=THERE)
    assert (await read(ports, file)).outputs == {"text": "# From the web"}


async def test_a_file_without_its_extension_in_its_name_is_known_by_it(ports: Ports) -> None:
    file = structs.replace(await made(ports, "a.txt", b"yes"), name="Notes", mime_type="application/octet-stream")
    assert (await read(ports, file)).outputs == {"text": "yes"}


async def test_an_event_tells_which_documents_were_read_and_not_what_is_in_them(ports: Ports) -> None:
    tried = await read(ports, await made(ports, "a.txt", b"words"))
    assert tried.scope.inputs == {"variable_selector": ["start", "it"]}
    assert "a.txt" in repr(tried.scope.process)
    assert "words" not in repr(tried.scope.process)


@pytest.mark.parametrize("name", ["a.png", "a.zip", "a.doc", "a.xls", "a", "a.exe"])
async def test_a_file_of_a_type_without_text_fails_the_node_by_name(ports: Ports, name: str) -> None:
    raised = await failed(ports, [await made(ports, "b.txt", b"x"), await made(ports, name, b"\x00\x01")])
    assert raised.kind == "UnsupportedFileTypeError"
    assert f"{name}: " in raised.message


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.xlsx", "a.pptx", "a.epub"])
async def test_a_broken_file_fails_the_node_by_name(ports: Ports, name: str) -> None:
    assert f"read: {name}: " in (await failed(ports, await made(ports, name, b"not what it says"))).message


@pytest.mark.parametrize("value", ["text", 5, {"a": 1}, ["text"], [None]])
async def test_what_is_no_file_is_a_failure(ports: Ports, value: object) -> None:
    assert "start.it holds no files" in (await failed(ports, value)).message


async def test_a_variable_that_is_not_there_is_a_failure(ports: Ports) -> None:
    for selector, name in ((["gone", "x"], "gone.x"), ([], "(none chosen)"), (None, "(none chosen)")):
        with pytest.raises(NodeFailed, match="is not there") as raised:
            await attempt(node("read", "document-extractor", variable_selector=selector), {}, ports=ports)
        assert name in raised.value.message


async def test_a_file_of_another_user_or_an_unreachable_one_is_a_failure(ports: Ports) -> None:
    other = await ports.files.keep(Owner("a", "other"), "a.txt", "text/plain", b"theirs")
    assert "no such upload" in (await failed(ports, other)).message
    gone = File("document", "remote_url", "a.txt", ".txt", url="http://nobody.test/a.txt")
    assert "cannot be reached" in (await failed(ports, gone)).message
