"""Jinja texts: of template-transform nodes and of prompts (dsl.md 3.3, 6.9). Knows no node: a text and values go in.

MiniJinja, bent to print what Jinja2 prints. Its fuel pays for steps and for the size of texts, so that no template
takes long. Known to differ from Jinja2: `'%s' % x` is refused (`'%s'|format(x)` is not), values cannot be changed in
place (`items.append(x)`), and a loop over null does nothing where Jinja2 fails. The library takes 2.5 MB: it is loaded
with the first template, in 2 ms.
"""

import re
import textwrap
from collections.abc import Mapping
from functools import cache
from typing import Any, NoReturn, SupportsFloat, SupportsInt, cast

from parlour.flow.node import NodeFailed
from parlour.flow.values import Json, json_form

FUEL = 1_000_000
"""At the most a tenth of a second, in which the house does nothing else."""
LONGEST = 400_000
"""Characters of what comes out (dsl.md 6.9)."""
NEWLINE = re.compile(r"\r\n?")


def render(template: str, values: Mapping[str, object]) -> str:
    """The text with its statements carried out, values as native objects; a name that is not there prints nothing.

    Raises:
        NodeFailed: it is no template, goes wrong, does not end, or says too much.
    """
    from minijinja import TemplateError

    natives = {name: _held(json_form(value)) for name, value in values.items()}
    try:
        text: str = _environment().render_str(NEWLINE.sub("\n", template), None, **natives)
    except TemplateError as error:
        if error.kind == "OutOfFuel":
            raise NodeFailed("The template takes too many steps: does it end?", "TemplateTooLong") from error
        raise NodeFailed(f"The template fails: {error.message}", "TemplateError") from error
    except (TypeError, ValueError, LookupError, ArithmeticError, RecursionError) as error:
        raise NodeFailed(f"The template fails: {error}", "TemplateError") from error
    if len(text) > LONGEST:
        raise NodeFailed(f"The text of the template is longer than {LONGEST} characters.", "TemplateTooLong")
    return text


def _fixed(*_: object, **__: object) -> NoReturn:
    raise TypeError("a value cannot be changed within a template")


class _List(list[object]):
    """A list that a template cannot let grow: no fuel would pay for it."""

    append = extend = insert = _fixed


class _Dict(dict[str, object]):
    """Likewise."""

    update = setdefault = _fixed


def _held(value: Json) -> object:
    if isinstance(value, list):
        return _List(map(_held, value))
    if isinstance(value, dict):
        return _Dict((key, _held(item)) for key, item in value.items())
    return value


def _printed(value: object) -> object:
    """Floats as Python spells them; `NotImplemented` leaves a value to the library, which does the rest well."""
    if isinstance(value, float) and "e" in (spelt := repr(value)):
        return spelt
    return NotImplemented


def _int(value: object, default: object = 0, base: int = 10) -> object:
    try:
        return int(value, base) if isinstance(value, str) else int(cast("SupportsInt", value))
    except (TypeError, ValueError):
        number = _float(value, None)
        return int(number) if isinstance(number, float) else default


def _float(value: object, default: object = 0.0) -> object:
    try:
        return float(cast("SupportsFloat", value))
    except (TypeError, ValueError):
        return default


def _truncate(
    text: str,
    length: int = 255,
    killwords: bool = False,  # noqa: FBT001, FBT002 -- as templates call it
    end: str = "...",
    leeway: int = 5,
) -> str:
    if len(text) <= length + leeway:
        return text
    cut = text[: max(length - len(end), 0)]
    return (cut if killwords else cut.rsplit(" ", 1)[0]) + end


def _wordwrap(text: str, width: int = 79, break_long_words: bool = True) -> str:  # noqa: FBT001, FBT002
    wrapper = textwrap.TextWrapper(
        width, expand_tabs=False, replace_whitespace=False, break_long_words=break_long_words
    )
    return "\n".join(wrapper.fill(line) for line in text.splitlines())


def _center(text: str, width: int = 80) -> str:
    return text.center(min(width, LONGEST))


@cache
def _environment() -> Any:
    from minijinja import Environment

    return Environment(
        debug=False,
        fuel=FUEL,
        finalizer=_printed,
        filters={"int": _int, "float": _float, "truncate": _truncate, "wordwrap": _wordwrap, "center": _center},
    )
