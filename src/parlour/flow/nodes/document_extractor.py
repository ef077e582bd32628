"""What documents say, as text (dsl.md 6.17). Does not know how any format is read: the port `Documents` does."""

from collections.abc import AsyncGenerator

from msgspec import Struct

from parlour.domain.files import File
from parlour.domain.problems import Problem
from parlour.flow.node import Result, Say, Scope
from parlour.flow.pool import MISSING
from parlour.flow.values import files_in, json_form
from parlour.ports.web import MEGABYTE

KIND = "DocumentExtractorError"
LARGEST = 50 * MEGABYTE
"""Bytes of a document: it is held in memory."""


class Config(Struct, frozen=True):
    variable_selector: tuple[str, ...] | None = None


async def run(config: Config, scope: Scope) -> AsyncGenerator[Say, None]:
    selector = config.variable_selector or ()
    scope.inputs = {"variable_selector": list(selector)}
    value = scope.value(selector)
    name = ".".join(selector) or "(none chosen)"
    if value is MISSING:
        raise scope.failed(f"The variable {name} is not there.", KIND)
    files = files_in(value)
    if value is not None and not isinstance(value, File) and files != value:
        raise scope.failed(f"The variable {name} holds no files.", KIND)
    scope.process = {"documents": json_form(files)}
    texts = [await text_of(file, scope) for file in files]
    if isinstance(value, File):
        yield Result({"text": texts[0]})
    else:
        yield Result({"text": texts}, kinds={"text": "array[string]"})


async def text_of(file: File, scope: Scope) -> str:
    """
    Raises:
        NodeFailed: it is not there, or cannot be read; the message names it.
    """
    named = name_of(file)
    if not scope.ports.documents.reads(named, file.mime_type):
        raise scope.failed(f"{named}: there is no text to be had of a file of this type.", "UnsupportedFileTypeError")
    try:
        data = await scope.ports.files.read(scope.owner, file, LARGEST, scope.turn.app.card.name)
        return await scope.ports.documents.text(data, named, file.mime_type)
    except Problem as problem:
        raise scope.failed(f"{named}: {problem.message}", KIND) from problem


def name_of(file: File) -> str:
    """With its extension: some formats are known by it alone."""
    name = file.name or "file"
    return name if name.lower().endswith(file.extension.lower()) else name + file.extension
