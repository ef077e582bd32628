"""Spreadsheets: a Markdown table for each sheet, with values where the file has formulas. Knows no older format."""

from io import BytesIO
from zipfile import BadZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from parlour.rag.extract import Unreadable, archive, table


def text(data: bytes) -> str:
    archive.check(data)
    try:
        book = openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=True)
        tables = [table.markdown(sheet.iter_rows(values_only=True)) for sheet in book.worksheets]
    except (BadZipFile, InvalidFileException, KeyError, ValueError, SyntaxError) as error:
        raise Unreadable("It is no spreadsheet, or a broken one.") from error
    return "\n\n".join(found for found in tables if found)
