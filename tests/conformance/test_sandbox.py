"""What the port `Sandbox` promises, in every interpreter of this machine."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Literal

import pytest
from anyio import fail_after
from msgspec import Struct

from parlour.domain.problems import CodeFailed
from parlour.ports.sandbox import Language, Sandbox
from parlour.providers.sandbox.cpython import CPython
from parlour.providers.sandbox.jail import Jail, find
from parlour.providers.sandbox.limits import Limits
from parlour.providers.sandbox.local import LocalSandbox

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

LIMITS = Limits(seconds=1, memory=64 * 1024 * 1024, output=1024 * 1024)
Kind = Literal["python", "jailed python", "javascript", "javascript without a jail"]

PYTHON = {
    "echo": "def main(a, b):\n    return {'a': a, 'b': b}",
    "pair": "def main():\n    return (1, 1.5, None, True)",
    "nothing": "def main():\n    pass",
    "mistake": "def main():\n    return 1 / 0",
    "no main": "x = 1",
    "broken": "def main(:\n    pass",
    "endless": "def main():\n    while True: pass",
    "endless at once": "while True: pass",
    "hungry": "def main():\n    held = []\n    while True: held.append('x' * 1000000)",
    "long": "def main():\n    return 'x' * 2000000",
    "loud": "def main():\n    for _ in range(1000): print('x' * 1000)\n    return 1",
    "deep": "def main():\n    return main()",
    "half": "def main():\n    return '\\ud800'",
    "circle": "def main():\n    found = []\n    found.append(found)\n    return found",
}
JAVASCRIPT = {
    "echo": "function main({a, b}) { return {a, b} }",
    "pair": "const main = () => [1, 1.5, null, true]",
    "nothing": "function main() {}",
    "mistake": "function main() { let nothing = null\n    nothing = nothing.x }",
    "no main": "let x = 1",
    "broken": "function main( {",
    "endless": "function main() { for (;;) {} }",
    "endless at once": "for (;;) {}",
    "hungry": "function main() { const held = []; for (;;) held.push('x'.repeat(1000000) + held.length) }",
    "long": "function main() { return 'x'.repeat(2000000) }",
    "loud": "function main() { for (let n = 0; n < 1000; n++) console.log('x'.repeat(1000)); return 1 }",
    "deep": "function main() { return main() }",
    "half": "function main() { return '\\ud800' }",
    "circle": "function main() { const found = []; found.push(found); return found }",
}


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


VALUES: list[object] = [
    -0.5,
    1e308,
    2**53,
    "a\0b",
    {"__proto__": {"a": 1}},
    {"": [[]]},
    "\U0001f600 \u2028",
    "x" * 500_000,
    nested(500),
]


class Place(Struct):
    language: Language
    programs: Mapping[str, str]
    sandbox: Sandbox

    async def run(self, program: str, **inputs: object) -> object:
        return await self.sandbox.run(self.language, self.programs[program], inputs)


class Jailed:
    """Every Python in the jailed CPython, without asking the other interpreter first."""

    def __init__(self, limits: Limits, jail: Jail) -> None:
        self._python = CPython(limits, jail)

    async def run(self, language: Language, code: str, inputs: dict[str, object]) -> object:
        assert language == "python3"
        return await self._python.run(code, inputs)


@asynccontextmanager
async def opened(kind: Kind) -> AsyncGenerator[Place]:
    jail = await find()
    assert isinstance(jail, Jail), jail
    if kind == "jailed python":
        yield Place("python3", PYTHON, Jailed(LIMITS, jail))
        return
    local = LocalSandbox(LIMITS, jail="there is none in this test" if "without" in kind else None)
    try:
        yield Place(*(("python3", PYTHON) if kind == "python" else ("javascript", JAVASCRIPT)), local)
    finally:
        await local.aclose()


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for all of these: an interpreter of JavaScript that waits is used again, as in a server."""
    return "asyncio"


@pytest.fixture(scope="module", params=["python", "jailed python", "javascript", "javascript without a jail"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    async with opened(request.param) as place:
        yield place


async def test_main_is_given_the_inputs_and_its_result_comes_back(place: Place) -> None:
    with fail_after(5):
        given = {"a": [1, True, None], "b": {"ü": 'a "quote" </script> \\ \n'}}
        assert await place.run("echo", **given) == given
        assert await place.run("pair") == [1, 1.5, None, True]
        assert await place.run("nothing") is None


@pytest.mark.parametrize(
    "value",
    VALUES,
    ids=lambda value: repr(value)[:20],
)
async def test_what_goes_in_comes_out_as_it_was(place: Place, value: object) -> None:
    with fail_after(20):
        told = await place.run("echo", a=value, b=None)
        assert repr(told) == repr({"a": value, "b": None})


@pytest.mark.parametrize("value", [10**5000, nested(100_000)], ids=["a number of 5000 digits", "100000 lists"])
async def test_inputs_that_cannot_be_written_as_json_are_a_failure_of_the_code(place: Place, value: object) -> None:
    with fail_after(20), pytest.raises(CodeFailed):
        await place.run("echo", a=value, b=None)


async def test_what_code_gets_wrong_is_told_with_its_line(place: Place) -> None:
    with fail_after(5), pytest.raises(CodeFailed, match=r"(ZeroDivisionError|TypeError): .*\(line 2\)"):
        await place.run("mistake")


async def test_code_without_main_and_code_that_does_not_parse_fail(place: Place) -> None:
    with fail_after(5):
        with pytest.raises(CodeFailed, match="main"):
            await place.run("no main")
        with pytest.raises(CodeFailed, match="SyntaxError"):
            await place.run("broken")


@pytest.mark.parametrize("program", ["endless", "endless at once"])
async def test_endless_code_is_stopped(place: Place, program: str) -> None:
    with fail_after(8), pytest.raises(CodeFailed, match=r"stopped after 1 s"):
        await place.run(program)


async def test_hungry_code_is_stopped(place: Place) -> None:
    with fail_after(8), pytest.raises(CodeFailed, match=r"more than 64 MB of memory|stopped after"):
        await place.run("hungry")


async def test_a_long_result_is_refused(place: Place) -> None:
    with fail_after(5), pytest.raises(CodeFailed, match="returns more than 1 MB"):
        await place.run("long")


async def test_what_code_prints_is_nobodys(place: Place) -> None:
    with fail_after(5):
        assert await place.run("loud") == 1


async def test_code_that_calls_itself_for_ever_fails(place: Place) -> None:
    with fail_after(5), pytest.raises(CodeFailed, match=r"RecursionError|RangeError"):
        await place.run("deep")


async def test_half_a_character_is_no_text_that_could_be_written(place: Place) -> None:
    with fail_after(5):
        told = await place.run("half")
        assert isinstance(told, str)
        assert told.encode()


async def test_a_result_that_json_does_not_have_is_refused(place: Place) -> None:
    with fail_after(5), pytest.raises(CodeFailed, match=r"(?i)circular|itself"):
        await place.run("circle")


async def test_code_that_nobody_waits_for_stops_at_once(place: Place) -> None:
    with fail_after(5):
        await place.run("nothing")
        endless = asyncio.create_task(place.run("endless"))
        await asyncio.sleep(0)
        endless.cancel()
        with pytest.raises(asyncio.CancelledError):
            await endless
        assert await place.run("pair") == [1, 1.5, None, True]


async def test_one_run_sees_nothing_of_another(place: Place) -> None:
    with fail_after(5):
        remember = {"python3": "kept = 1\ndef main(): return 1", "javascript": "var kept = 1; const main = () => 1"}
        look = {
            "python3": "def main():\n    try: return kept\n    except NameError: return 'nothing'",
            "javascript": "const main = () => typeof kept === 'undefined' ? 'nothing' : kept",
        }
        assert await place.sandbox.run(place.language, remember[place.language], {}) == 1
        assert await place.sandbox.run(place.language, look[place.language], {}) == "nothing"


async def test_the_loop_goes_on_while_code_runs(place: Place) -> None:
    with fail_after(8):
        await place.run("nothing")
        running, turns = asyncio.create_task(place.run("endless")), 0
        while not running.done():
            turns += 1
            await asyncio.sleep(0)
        assert turns > 1000
        assert isinstance(running.exception(), CodeFailed)
