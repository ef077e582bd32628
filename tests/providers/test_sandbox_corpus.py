"""The code of real apps: which interpreter serves each, and that the quick one gives what CPython gives."""

import warnings
from functools import cache
from hashlib import sha256
from typing import Any

import pytest
from anyio import fail_after
from msgspec import Struct

from parlour.domain.problems import CodeFailed
from parlour.providers.sandbox.cpython import CPython
from parlour.providers.sandbox.jail import Jail, find
from parlour.providers.sandbox.limits import Limits
from parlour.providers.sandbox.monty import Monty, Stumbled
from tests.dsl.dsl_samples import flow_files, needs_corpus, plain

pytestmark = [pytest.mark.anyio, needs_corpus]

LIMITS = Limits(seconds=2)
LOOK = "\n\n__looked = main\ndef main():\n    return 1\n"
"""Behind the code: all of it is read, and runs but for `main` itself."""
NOT_THERE = {"pandas", "sympy", "jieba", "json_repair", "requests"}
"""Libraries that such code imports, and that come from `code.packages` alone."""
VALUES = (
    "",
    "Hello World 12",
    "3",
    '{"a": [1, 2], "text": "x"}',
    '```json\n[{"q": 1}]\n```',
    ["a", "b"],
    [{"a": "t"}],
    7,
)


class Code(Struct, frozen=True):
    source: str
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        return sha256(self.source.encode()).hexdigest()[:8]


@cache
def codes() -> tuple[Code, ...]:
    """Each once."""
    found: dict[str, Code] = {}
    for path in flow_files():
        for node in plain(path)["workflow"]["graph"]["nodes"]:
            data = node["data"]
            if data.get("type") == "code":
                assert data["code_language"] == "python3"
                names = tuple(one["variable"] for one in data["variables"])
                found[data["code"]] = Code(data["code"], names)
    return tuple(found.values())


every_code = pytest.mark.parametrize("code", codes(), ids=lambda code: code.name)


async def outcome(sandbox: Monty | CPython, source: str, **inputs: object) -> Any:
    """What it gives; a failure as its exception."""
    try:
        with fail_after(20):
            return await sandbox.run(source, inputs)
    except (CodeFailed, Stumbled) as failed:
        return failed


async def jailed() -> CPython:
    jail = await find()
    assert isinstance(jail, Jail), jail
    return CPython(LIMITS, jail)


async def test_the_quick_interpreter_serves_nearly_all_of_it_and_the_jail_the_rest() -> None:
    monty, served, told = Monty(LIMITS), 0, dict[str, str]()
    for code in codes():
        if await outcome(monty, code.source + LOOK) == 1:
            served += 1
        elif isinstance(failed := await outcome(await jailed(), code.source + LOOK), CodeFailed):
            told[code.name] = failed.message
    await monty.aclose()
    assert len(codes()) >= 90
    assert served >= len(codes()) - 8
    lacking = {word for message in told.values() for word in NOT_THERE if f"No module named '{word}'" in message}
    assert lacking == NOT_THERE
    others = [message for message in told.values() if "No module named" not in message]
    assert len(others) <= 1, others
    assert all("home directory" in message for message in others), "one wants to read the machine's files"


def test_all_of_it_is_python_of_this_version() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for code in codes():
            compile(code.source, "<code>", "exec")


@pytest.mark.slow
@every_code
async def test_where_the_quick_interpreter_has_a_result_it_is_that_of_cpython(code: Code) -> None:
    if "sleep(" in code.source or "random" in code.source or "now(" in code.source:
        pytest.skip("what it gives is another each time, or comes late")
    monty, cpython = Monty(LIMITS), await jailed()
    for value in VALUES:
        inputs: dict[str, object] = dict.fromkeys(code.names, value)
        quick = await outcome(monty, code.source, **inputs)
        if not isinstance(quick, Exception):
            assert quick == await outcome(cpython, code.source, **inputs)
    await monty.aclose()
