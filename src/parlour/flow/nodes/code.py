"""Code of the app's author (dsl.md 6.8). Does not know where it runs: the port `Sandbox` does."""

import re
import sys
from collections.abc import AsyncGenerator, Iterable

from msgspec import Struct

from parlour.domain.graph import Node
from parlour.domain.problems import CodeFailed
from parlour.flow.node import Fault, NodeFailed, Result, Say, Scope
from parlour.flow.outputs import ITEMS, KINDS, Declared, outputs
from parlour.flow.pool import MISSING
from parlour.flow.values import json_form

LANGUAGES = ("python3", "javascript")
IMPORTED = re.compile(r"^[ \t]*(?:from[ \t]+(\w+)[\w.]*[ \t]+import\b|import[ \t]+(\w+))", re.MULTILINE)
NETWORK = frozenset({"aiohttp", "ftplib", "httpx", "requests", "smtplib", "socket", "urllib3"})
NO_NETWORK = "code has no network here, so that what needs one fails: an http-request node has it"
NOT_PYTHONS = "is no part of Python: it is there if code.packages holds it, or the sandbox of code.endpoint"


class Variable(Struct, frozen=True):
    variable: str
    value_selector: tuple[str, ...] | None = None


class Config(Struct, frozen=True):
    code_language: str | None = "python3"
    code: str | None = ""
    variables: tuple[Variable, ...] | None = None
    outputs: dict[str, Declared] | None = None


def check(config: Config, node: Node) -> Iterable[Fault]:
    code = config.code or ""
    if config.code_language not in LANGUAGES:
        told = f"language {config.code_language}"
        yield Fault("refused", node.id, told, "is not known: python3 and javascript are", ("code_language",))
    elif not re.search(r"\bmain\b", code):
        yield Fault("refused", node.id, "code", "has no function `main`, which is what runs", ("code",))
    elif config.code_language == "python3":
        yield from _imports(code, node)
    for name, declared in (config.outputs or {}).items():
        if declared.type not in KINDS:
            yield Fault(
                "refused",
                node.id,
                f"output {name}",
                f"is of type {declared.type!r}; it may be {', '.join(sorted(KINDS))}",
                ("outputs", name, "type"),
            )


def _imports(code: str, node: Node) -> Iterable[Fault]:
    for name in sorted({found[1] or found[2] for found in IMPORTED.finditer(code)}):
        if name in NETWORK:
            yield Fault("approximated", node.id, f"import {name}", NO_NETWORK, ("code",))
        elif name not in sys.stdlib_module_names:
            yield Fault("approximated", node.id, f"import {name}", NOT_PYTHONS, ("code",))


async def run(config: Config, scope: Scope) -> AsyncGenerator[Say, None]:
    language = config.code_language
    if language not in LANGUAGES:
        raise scope.failed(f"There is no language {language!r} for code.", "CodeNodeError")
    inputs = {one.variable: _input(one.value_selector or (), scope) for one in config.variables or ()}
    scope.inputs = dict(inputs)
    declared = config.outputs or {}
    try:
        told = await scope.ports.sandbox.run(language, config.code or "", inputs)
        given = outputs(told, declared, scope.course.limits.outputs)
    except CodeFailed as failed:
        raise scope.failed(failed.message, "CodeExecutionError") from failed
    except NodeFailed as failed:
        raise scope.failed(failed.message, failed.kind) from failed
    yield Result(given, kinds={name: one.type for name, one in declared.items() if one.type in ITEMS})


def _input(selector: tuple[str, ...], scope: Scope) -> object:
    value = scope.value(selector)
    if value is MISSING or (value == [] and scope.pool.kind(selector) == "array[file]"):
        return None  # so it was when lists of files came, and code counts on it
    return json_form(value)
