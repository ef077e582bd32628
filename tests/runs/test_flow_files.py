"""The files of a flow: whose they are, how many bytes are read, and where a file that a node made can be read."""

import pytest
from msgspec import structs

from parlour.domain.files import File
from parlour.domain.message import Owner
from parlour.domain.problems import FetchFailed, FileNotFound, FileTooLarge
from parlour.providers.pages import Pages, WebPage
from parlour.runs.flow_files import OwnedFiles
from parlour.stores.blobs import MemoryBlobs
from parlour.stores.memory import Memory

pytestmark = pytest.mark.anyio

ADA = Owner("app", "ada")
REMOTE = File("image", "remote_url", "a.png", ".png", url="http://pictures.test/a.png")
WEB = Pages({"http://pictures.test/a.png": WebPage(b"a picture")})


@pytest.fixture
def files() -> OwnedFiles:
    ids = iter(["one", "two"])
    return OwnedFiles(
        Memory().uploads,
        MemoryBlobs(),
        WEB,
        address=lambda upload_id, extension: f"http://here/{upload_id}.{extension}",
        now=lambda: 5.0,
        new_id=lambda: next(ids),
    )


async def test_a_file_that_a_node_made_reads_back_and_says_what_it_is(files: OwnedFiles) -> None:
    kept = await files.keep(ADA, "Chart.PNG", "image/png", b"bytes")

    assert kept == File("image", "tool_file", "Chart.PNG", ".png", "image/png", 5, "http://here/one.png", "one")
    assert await files.read(ADA, kept, 5) == b"bytes"


async def test_an_empty_file_without_an_extension_is_a_file_too(files: OwnedFiles) -> None:
    kept = await files.keep(ADA, "nothing", "application/octet-stream", b"")

    assert (kept.type, kept.extension, kept.size) == ("custom", "", 0)
    assert await files.read(ADA, kept, 10) == b""


@pytest.mark.parametrize("other", [Owner("app", "bob"), Owner("other", "ada")])
async def test_a_file_of_another_user_or_app_is_not_there(files: OwnedFiles, other: Owner) -> None:
    kept = await files.keep(ADA, "a.txt", "text/plain", b"mine")

    with pytest.raises(FileNotFound, match=r"a\.txt"):
        await files.read(other, kept, 100)


async def test_a_file_without_an_upload_is_not_there(files: OwnedFiles) -> None:
    with pytest.raises(FileNotFound):
        await files.read(ADA, File("document", "local_file", "a.txt"), 100)


async def test_a_file_longer_than_asked_for_is_not_read(files: OwnedFiles) -> None:
    kept = await files.keep(ADA, "a.txt", "text/plain", b"12345")

    with pytest.raises(FileTooLarge, match="at most 4 bytes"):
        await files.read(ADA, kept, 4)
    with pytest.raises(FileTooLarge, match="at most 4 bytes"):
        await files.read(ADA, REMOTE, 4)


async def test_a_file_by_address_is_fetched_for_the_app_that_asks(files: OwnedFiles) -> None:
    assert await files.read(ADA, REMOTE, 100, "support") == b"a picture"
    assert WEB.asked[-1].app == "support"


async def test_an_address_that_has_no_file_is_a_failure_that_names_the_file(files: OwnedFiles) -> None:
    with pytest.raises(FetchFailed, match=r"a\.png cannot be had: its address answers 404"):
        await files.read(ADA, structs.replace(REMOTE, url="http://pictures.test/b.png"), 100)
