"""The port `Documents`: what each format gives, and what a hostile document cannot do."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from anyio import fail_after

from parlour.domain.problems import DocumentUnreadable
from parlour.rag.documents import LARGEST_HERE, Extractor
from tests.rag import samples

pytestmark = pytest.mark.anyio

HTML = """<html><head><title>Page</title><script>alert("never")</script><style>p {}</style></head>
<body><h1>Head</h1><p>One   <b>bold</b>
word &amp; more.</p><ul><li>first<li>second</ul><table><tr><td>a</td><td>b</td></tr></table><br/><pre>x
  y</pre></body></html>"""
VTT = """WEBVTT

NOTE said by nobody

1
00:00.000 --> 00:02.000
<v Ann>Hello <i>there</i>.

00:02.000 --> 00:03.000
<v Ann>How are
you &amp; yours?

00:03.000 --> 00:04.000 align:start
<v.loud Bob>Fine.
"""
MAIL = b"""From: Ann <ann@example.org>
To: bob@example.org
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
Content-Type: multipart/alternative; boundary=x

--x
Content-Type: text/html

<p>as a page</p>
--x
Content-Type: text/plain; charset=utf-8

As text.
--x--
"""


async def read(data: bytes, name: str, mime_type: str = "") -> str:
    with fail_after(30):
        return await Extractor().text(data, name, mime_type)


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (b"plain", "a.txt", "plain"),
        ("\ufeffGrüße".encode(), "a.md", "Grüße"),
        ("Grüße, café".encode("cp1252"), "a.txt", "Grüße, café"),
        ("Grüße".encode("utf-16"), "a.txt", "Grüße"),
        ("你好, 世界".encode("gb18030"), "a.txt", "你好, 世界"),
        (b'{"a":  1}', "a.json", '{"a":  1}'),
        (b"a: 1\n", "a.yaml", "a: 1\n"),
        (b"key = value", "a.properties", "key = value"),
        (b"def f(): ...", "a.py", "def f(): ..."),
        (b"a\0b", "a.txt", "ab"),
        (b"", "a.txt", ""),
    ],
)
async def test_plain_texts_are_taken_as_they_are_in_whatever_encoding(data: bytes, name: str, expected: str) -> None:
    assert await read(data, name) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            b'name,age\n"Ada, L.",36\n\n"two\nlines|bar",\n',
            "| name | age |\n| --- | --- |\n| Ada, L. | 36 |\n| two lines\\|bar |  |",
        ),
        (b"a;b\r\n1;2,5\r\n", "| a | b |\n| --- | --- |\n| 1 | 2,5 |"),
        (b"", ""),
    ],
)
async def test_a_csv_is_a_markdown_table_wherever_it_is_read(data: bytes, expected: str) -> None:
    assert await read(data, "t.csv", "text/csv") == expected
    rows = b"x,y\n" + b"1,2\n" * LARGEST_HERE
    assert (await read(rows, "t.csv")).count("| 1 | 2 |") == LARGEST_HERE


async def test_a_page_is_told_by_its_words() -> None:
    assert await read(HTML.encode(), "a.html") == (
        "Page\n\nHead\n\nOne bold word & more.\n\n- first\n- second\n\na b\n\nx\n  y"
    )


async def test_subtitles_are_told_by_their_speakers() -> None:
    assert await read(VTT.encode(), "a.vtt") == "Ann: Hello there.\nHow are you & yours?\nBob: Fine."


async def test_the_pages_of_a_pdf_are_told_in_order() -> None:
    assert await read(samples.pdf("Page one.", "Page two."), "a.pdf", "application/pdf") == "Page one.\n\nPage two."


async def test_a_word_document_is_told_with_its_tables_in_their_place() -> None:
    assert await read(samples.docx(), "a.bin", samples.DOCX) == (
        "Report\nBefore the table.\n\n| Name | Age |\n| --- | --- |\n| Ada \\| L. | 36 |\n| both |  |\n\n"
        "After the table: 漢字."
    )


async def test_each_sheet_of_a_spreadsheet_is_a_table() -> None:
    assert await read(samples.xlsx(), "a.xlsx") == (
        "| City | People |\n| --- | --- |\n| Oslo | 709000 |\n| Rome Italy | 2.5 |\n\n| a\\|b | True |\n| --- | --- |"
    )


async def test_slides_chapters_and_mails_are_told_in_their_order() -> None:
    assert await read(samples.pptx(), "a.pptx") == "Title\nPoint\n\nThe end"
    assert await read(samples.epub(), "a.epub") == "Chapter one.\n\nChapter two & last."
    assert await read(MAIL, "a.eml") == "From: Ann <ann@example.org>\nTo: bob@example.org\nSubject: Grüße\n\nAs text."


@pytest.mark.parametrize(
    ("name", "mime_type", "known"),
    [
        ("a.txt", "", True),
        ("a.pdf", "application/octet-stream", True),
        ("a", "application/pdf", True),
        ("a", "text/x-anything; charset=utf-8", True),
        ("a.PDF", "", True),
        ("a.docx", "application/x-zip-compressed", True),
        ("a.png", "image/png", False),
        ("a.txt", "image/png", False),
        ("a.exe", "application/octet-stream", False),
        ("a", "", False),
        ("a.xls", "application/vnd.ms-excel", False),
        ("a.doc", "application/msword", False),
    ],
)
async def test_the_type_says_what_can_be_read_and_else_the_extension(name: str, mime_type: str, known: bool) -> None:  # noqa: FBT001 -- a case
    assert Extractor().reads(name, mime_type) is known
    if not known:
        with pytest.raises(DocumentUnreadable):
            await read(b"x", name, mime_type)


GARBAGE = bytes(range(256)) * 20


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.xlsx", "a.pptx", "a.epub", "a.eml", "a.txt"])
@pytest.mark.parametrize(
    "data", [GARBAGE, b"", samples.pdf("x")[:200], samples.docx()[:-40], samples.zipped({"a": "b"})], ids=list("gepdz")
)
async def test_what_is_broken_or_of_another_format_is_a_failure_with_words(name: str, data: bytes) -> None:
    if name == "a.txt" and data in (b"", samples.pdf("x")[:200]):
        return
    with pytest.raises(DocumentUnreadable, match=r"^[A-Z][^:]*.*\.$"):
        await read(data, name)


async def test_a_locked_pdf_says_so() -> None:
    keys = b"/O <%s> /U <%s>" % (b"0" * 64, b"1" * 64)
    locked = samples.pdf("x").replace(
        b"/Root 1 0 R", b"/Root 1 0 R /ID [<00> <00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 %s >>" % keys
    )
    with pytest.raises(DocumentUnreadable, match="password"):
        await read(locked, "a.pdf")


def bomb(size: int) -> bytes:
    """A word document of a few hundred kilobytes that unpacks to that many bytes of empty paragraphs."""
    head = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/d.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.'
        'document.main+xml"/></Types>',
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"'
        ' Target="d.xml"/></Relationships>',
        "d.xml": head + "<w:p/>" * (size // 6) + "</w:body></w:document>",
    }
    return samples.zipped(files)


@pytest.mark.slow
@pytest.mark.parametrize("megabytes", [200, 300])
async def test_an_archive_that_unpacks_to_more_than_it_may_is_a_failure(megabytes: int) -> None:
    """The smaller one says nothing wrong of itself: the bounds of the process catch it."""
    data = bomb(megabytes * 1024 * 1024)
    assert len(data) < 2 * 1024 * 1024
    with pytest.raises(DocumentUnreadable):
        await read(data, "a.docx")


async def test_entities_that_multiply_are_refused() -> None:
    laughs = '<!DOCTYPE p [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><p>&b;</p>'
    with pytest.raises(DocumentUnreadable):
        await read(samples.zipped({"ppt/presentation.xml": laughs}), "a.pptx")


@pytest.fixture
def endless(tmp_path: Path) -> str:
    """A reader that never ends; each leaves its process id as a file's name."""
    script = tmp_path / "endless"
    mark = f"open({str(tmp_path)!r} + f'/{{os.getpid()}}.pid', 'w').close()"
    script.write_text(f"#!{sys.executable}\nimport os, time\n{mark}\ntime.sleep(60)\n")
    script.chmod(0o700)
    return str(script)


def begun(endless: str) -> list[Path]:
    """A folder of /proc for each that was begun; gone with its process."""
    return [Path("/proc") / mark.stem for mark in Path(endless).parent.glob("*.pid")]


def alive(endless: str) -> list[Path]:
    return [process for process in begun(endless) if process.exists()]


async def test_a_document_that_takes_too_long_is_given_up_and_its_process_ended(endless: str) -> None:
    with fail_after(10), pytest.raises(DocumentUnreadable, match="time"):
        await Extractor(patience=1, python=endless).text(b"%PDF", "a.pdf", "")
    assert len(begun(endless)) == 1
    assert not alive(endless)


async def test_who_goes_away_takes_the_process_along_and_few_run_at_a_time(endless: str) -> None:
    extractor = Extractor(python=endless)
    with fail_after(10):
        reading = [asyncio.create_task(extractor.text(b"%PDF", "a.pdf", "")) for _ in range(4)]
        while len(begun(endless)) < 2:  # noqa: ASYNC110 -- another process has no event
            await asyncio.sleep(0.01)
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
    assert len(begun(endless)) == 2
    assert not alive(endless)


def test_the_server_loads_no_library_of_a_format() -> None:
    told = "import parlour.serve, parlour.wiring, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout.split()
    assert "parlour.rag.documents" in loaded
    assert not {"pypdfium2", "docx", "openpyxl", "lxml"} & set(loaded)
