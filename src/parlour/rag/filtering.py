"""Which documents fit conditions on what is known of them. Does not know where conditions come from."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from parlour.domain.dataset import Condition, Dataset, Filter
from parlour.domain.passages import Document, MetadataValue
from parlour.domain.problems import InvalidParam


def known_of(dataset: Dataset, document: Document) -> Mapping[str, MetadataValue]:
    """What conditions can ask of a document."""
    if not dataset.built_in_fields:
        return document.metadata
    return {
        "document_name": document.name,
        "uploader": dataset.tenant,
        "upload_date": document.created_at,
        "last_update_date": document.updated_at or document.created_at,
        "source": "file_upload",
        **document.metadata,
    }


def fits(known: Mapping[str, MetadataValue], wanted: Filter) -> bool:
    """
    Raises:
        InvalidParam: a condition is none.
    """
    verdicts = [holds(condition, known.get(condition.name)) for condition in wanted.conditions]
    return all(verdicts) if wanted.every else any(verdicts)


def holds(condition: Condition, value: MetadataValue) -> bool:
    operator, wanted = condition.operator, condition.value
    if operator in {"empty", "not empty"}:
        return (value is None or value == "") == (operator == "empty")
    if value is None or wanted is None:
        return False
    if operator in TEXTS:
        return TEXTS[operator](plain(value), wanted if isinstance(wanted, tuple) else plain(wanted))
    if operator in NUMBERS and not isinstance(wanted, tuple):
        left, right = number(value), number(wanted)
        return left is not None and right is not None and NUMBERS[operator](left, right)
    raise InvalidParam(f"There is no such comparison of metadata: {operator}")


def within(value: str, wanted: str | tuple[str, ...]) -> bool:
    """One of several, which a text names with commas between."""
    return value in (wanted if isinstance(wanted, tuple) else [one.strip() for one in wanted.split(",")])


def one(wanted: str | tuple[str, ...]) -> str:
    return ",".join(wanted) if isinstance(wanted, tuple) else wanted


TEXTS: dict[str, Callable[[str, str | tuple[str, ...]], bool]] = {
    "contains": lambda value, wanted: one(wanted) in value,
    "not contains": lambda value, wanted: one(wanted) not in value,
    "start with": lambda value, wanted: value.startswith(one(wanted)),
    "end with": lambda value, wanted: value.endswith(one(wanted)),
    "is": lambda value, wanted: value == one(wanted),
    "is not": lambda value, wanted: value != one(wanted),
    "in": within,
    "not in": lambda value, wanted: not within(value, wanted),
}
NUMBERS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda value, wanted: value == wanted,
    "≠": lambda value, wanted: value != wanted,
    ">": lambda value, wanted: value > wanted,
    "<": lambda value, wanted: value < wanted,
    "≥": lambda value, wanted: value >= wanted,
    "≤": lambda value, wanted: value <= wanted,
    "before": lambda value, wanted: value < wanted,
    "after": lambda value, wanted: value > wanted,
}


def plain(value: str | float) -> str:
    """As a text: a whole number has no point."""
    return f"{value:g}" if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else str(value)


def number(value: str | float) -> float | None:
    """A number, or a moment as seconds since 1970; None for other texts."""
    if not isinstance(value, str):
        return float(value)
    for read in (float, moment):
        try:
            return read(value)
        except ValueError:
            continue
    return None


def moment(text: str) -> float:
    read = datetime.fromisoformat(text.strip())
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
