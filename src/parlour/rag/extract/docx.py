"""Word documents: paragraphs and tables in their order. Knows no older format of the kind."""

from io import BytesIO

from docx import Document
from docx.blkcntnr import BlockItemContainer
from docx.document import Document as Opened
from docx.opc.exceptions import PackageNotFoundError
from docx.table import Table

from parlour.rag.extract import Unreadable, archive, table


def text(data: bytes) -> str:
    archive.check(data)
    try:
        document = Document(BytesIO(data))
    except (PackageNotFoundError, KeyError, ValueError, SyntaxError) as error:
        raise Unreadable("It is no Word document, or a broken one.") from error
    return "\n".join(blocks(document)).strip()


def blocks(place: Opened | BlockItemContainer) -> list[str]:
    return [
        f"\n{table.markdown(rows(block))}\n" if isinstance(block, Table) else block.text
        for block in place.iter_inner_content()
    ]


def rows(found: Table) -> list[list[str]]:
    """The texts of the cells; one that spans columns is told in its first. A table in a cell is told within it."""
    return [
        ["" if n and cell is cells[n - 1] else "\n".join(blocks(cell)) for n, cell in enumerate(cells)]
        for cells in (row.cells for row in found.rows)
    ]
