"""Small documents of each format, made here."""

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
from docx import Document

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


def zipped(files: dict[str, str | bytes]) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return out.getvalue()


def pdf(*pages: str) -> bytes:
    """A PDF with a line of text on each page, with a table of its parts that is true."""
    kids = " ".join(f"{3 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode()]
    for n, words in enumerate(pages):
        said = f"BT /F1 12 Tf 20 100 Td ({words}) Tj ET".encode()
        font = "<< /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents {4 + 2 * n} 0 R "
            f"/Resources << /Font {font} >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(said), said))
    out = b"%PDF-1.4\n"
    places: list[int] = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    return out + head + table + tail


def docx() -> bytes:
    """A paragraph, a table (with a cell over two columns, and a bar in a cell), a paragraph."""
    document = Document()
    document.add_heading("Report", 1)
    document.add_paragraph("Before the table.")
    table = document.add_table(rows=3, cols=2)
    for row, texts in enumerate((("Name", "Age"), ("Ada | L.", "36"), ("both", ""))):
        for column, words in enumerate(texts):
            table.cell(row, column).text = words
    table.cell(2, 0).merge(table.cell(2, 1))
    document.add_paragraph("After the table: 漢字.")
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def xlsx() -> bytes:
    """Two sheets, the first with an empty row and a gap."""
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    for row in (["City", "", "People"], [None, None, None], ["Oslo", None, 709000], ["Rome\nItaly", None, 2.5]):
        first.append(row)
    second = book.create_sheet("Other")
    second.append(["a|b", True])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def slide(*lines: str) -> str:
    said = "".join(f"<a:p><a:r><a:t>{line}</a:t></a:r></a:p>" for line in lines)
    return f'<s xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">{said}</s>'


def pptx() -> bytes:
    """Two slides, shown in another order than their files have."""
    return slides(slide("The end"), slide("Title", "", "Point"))


def slides(last: str, first: str) -> bytes:
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    show = "http://schemas.openxmlformats.org/presentationml/2006/main"
    return zipped(
        {
            "ppt/presentation.xml": f'<p xmlns="{show}" xmlns:r="{relations}"><sldIdLst><sldId r:id="r2"/>'
            '<sldId r:id="r1"/></sldIdLst></p>',
            "ppt/_rels/presentation.xml.rels": '<R><Relationship Id="r1" Target="slides/slide1.xml"/>'
            '<Relationship Id="r2" Target="/ppt/slides/slide2.xml"/></R>',
            "ppt/slides/slide1.xml": last,
            "ppt/slides/slide2.xml": first,
        }
    )


def epub() -> bytes:
    container = '<c xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfile full-path="OEBPS/book.opf"/></c>'
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="b" href="two%20b.xhtml"/>'
        '<item id="a" href="one.xhtml"/></manifest><spine><itemref idref="a"/><itemref idref="b"/></spine></package>'
    )
    page = "<!DOCTYPE html><html><head><style>p {{}}</style></head><body><p>{}</p></body></html>"
    return zipped(
        {
            "META-INF/container.xml": container,
            "OEBPS/book.opf": package,
            "OEBPS/one.xhtml": page.format("Chapter one."),
            "OEBPS/two b.xhtml": page.format("Chapter two &amp; last."),
        }
    )
