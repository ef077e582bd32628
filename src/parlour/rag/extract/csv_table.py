"""Tables with a character between the cells. Knows no spreadsheet."""

import csv
import io

from parlour.rag.extract import Unreadable, plain, table


def text(data: bytes) -> str:
    """The table in Markdown. What stands between its cells is told by its first line."""
    content = plain.text(data)
    first = content.lstrip().partition("\n")[0]
    between = max(",;\t", key=first.count)
    csv.field_size_limit(len(data) + 1)
    try:
        return table.markdown(csv.reader(io.StringIO(content, newline=""), delimiter=between))
    except csv.Error as error:
        raise Unreadable(f"It is no table: {error}.") from None
