"""The input form of an app. Does not know how a caller's inputs are checked against it (dsl.md 6.1, 7)."""

import json
import unicodedata
from collections.abc import Iterator
from typing import get_args

from parlour.domain.app import Field, FieldKind
from parlour.domain.schema import compiled
from parlour.dsl.part import Part
from parlour.dsl.uploads import field_rules

KINDS: dict[str, FieldKind] = {kind: kind for kind in get_args(FieldKind)}
KEEPS_BLANK = {"text-input", "paragraph"}
FILES = {"file", "file-list"}
MAX_NAME = 100


def fields(config: Part) -> tuple[Field, ...]:
    """The fields of `user_input_form`, and the variables that external tools would fill."""
    form = [field for entry in config.parts("user_input_form") if (field := _entry(entry))]
    names = once(config, "user_input_form", form)
    return (*form, *(tool for tool in _tools(config) if tool.variable not in names))


def once(config: Part, key: str, form: list[Field]) -> set[str]:
    """The names of the fields under this key, each of which must be declared once."""
    names: set[str] = set()
    for at, field in enumerate(form):
        if field.variable in names:
            config.refused(f"variable {field.variable}", "is declared twice: rename one", key, at)
        names.add(field.variable)
    return names


def field(kind: FieldKind, declared: Part, *, graph: bool = False) -> Field | None:
    """One variable, of a form or of a graph's start; None, and a finding, if it cannot be read."""
    variable = declared.text("variable")
    if trouble := _trouble(variable):
        declared.refused(f"variable `{variable}`", trouble, "variable")
        return None
    options = declared.texts("options")
    default = declared.value.get("default")
    if kind == "select" and default not in (None, "", *options):
        declared.refused(declared.name("default"), "must be one of the options", "default")
    if kind == "external_data_tool":
        declared.approximated(f"variable {variable}", "is filled by no external tool here: it stays empty")
        default = ""
    elif kind in FILES and not graph:
        declared.approximated(f"variable {variable} ({kind})", "is taken, but a prompt of this mode cannot show files")
    else:
        declared.supported(f"variable {variable} ({kind})")
    return Field(
        kind=kind,
        variable=variable,
        label=declared.text("label") or variable,
        required=declared.flag("required") and kind != "external_data_tool",
        default=None if default == "" and kind not in (*KEEPS_BLANK, "external_data_tool") else default,
        max_length=max(declared.whole("max_length"), 0),
        options=options,
        files=field_rules(declared, many=kind == "file-list"),
        schema=_schema(declared) if kind == "json_object" else "",
        raw={**declared.value},
    )


def _schema(declared: Part) -> str:
    """The schema of an object: a mapping, or JSON that is one; empty for none."""
    written = declared.value.get("json_schema")
    if written in (None, "", {}):
        return ""
    schema = written if isinstance(written, str) else json.dumps(written)
    try:
        compiled(schema)
    except ValueError as error:
        reason = str(error).partition("\n")[0]
        declared.refused(declared.name("json_schema"), f"is no JSON Schema that can be used: {reason}", "json_schema")
        return ""
    return schema


def _entry(entry: Part) -> Field | None:
    """A map of one key: `{text-input: {variable, label, …}}`."""
    if len(entry.value) != 1:
        entry.refused(entry.name(), "must have one key, its type, such as `text-input:`")
        return None
    written = next(iter(entry.value))
    kind = KINDS.get(written)
    if kind is None:
        entry.refused(f"field type {written}", f"must be one of {', '.join(KINDS)}", written)
        return None
    return field(kind, entry.part(written))


def _tools(config: Part) -> Iterator[Field]:
    for tool in config.parts("external_data_tools"):
        if tool.flag("enabled") and (found := field("external_data_tool", tool)):
            yield found


def _trouble(variable: str) -> str:
    """Why this is no name for a variable; empty if it is one."""
    if not variable:
        return "is missing: give the field a `variable`"
    if len(variable) > MAX_NAME:
        return f"is longer than {MAX_NAME} characters"
    if variable[0].isdigit():
        return "begins with a digit"
    bad = next((char for char in variable if not _allowed(char)), "")
    return f"holds `{bad}`: use letters, digits and `_`" if bad else ""


def _allowed(char: str) -> bool:
    """Letters, marks and digits of any language, emoji with their joiners, and `_`."""
    return char in {"_", "\u200d"} or unicodedata.category(char)[0] in "LMN" or _is_emoji(char)


def _is_emoji(char: str) -> bool:
    return not char.isascii() and unicodedata.category(char) in {"So", "Sk"}
