"""What JavaScript of a stranger finds: the language and nothing else, and no trace of who ran before it."""

import json
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest
from anyio import fail_after

from parlour.domain.problems import CodeFailed
from parlour.providers.sandbox.jail import Jail, find
from parlour.providers.sandbox.javascript import PACKAGES, JavaScript
from parlour.providers.sandbox.limits import Limits
from tests.providers.test_jail import below, command

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

LIMITS = Limits(seconds=1, memory=32 * 1024 * 1024, output=1024 * 1024)
WALKS = [
    "this.constructor.constructor('return process')()",
    "(function () { return this })().process.mainModule.require('child_process')",
    "[].constructor.constructor('return typeof process !== \"undefined\" && process')().env",
    "(async () => {}).constructor('return import(\"os\")')()",
    "import('os')",
    "import('std')",
    "require('fs')",
    "globalThis.constructor.constructor('return require')()('fs')",
    "Reflect.construct(Function, ['return fetch(\"http://127.0.0.1\")'])()",
    "new Function('return new Worker(\"x\")')()",
    "Error.prepareStackTrace = (_, frames) => frames[0].getThis().process.exit()",
    "(() => { try { null.x } catch (e) { return e.constructor.constructor('return process')() } })()",
    "WebAssembly.compile(new Uint8Array(8))",
    "std.open('/etc/passwd', 'r')",
    "os.exec(['id'])",
]
POISON = """
const stolen = []
JSON.stringify = value => '"poisoned"'
JSON.parse = text => { stolen.push(text); return {} }
Object.prototype.poisoned = 'yes'
Array.prototype.map = () => ['poisoned']
Function.prototype.call = Function.prototype.apply = () => 'poisoned'
Promise.prototype.then = function () { return this }
globalThis.parseInt = () => 'poisoned'
Object.defineProperty(globalThis, 'main', {get: () => () => ({stolen})})
"""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for all of these: an interpreter that waits is used again, as in a server."""
    return "asyncio"


@pytest.fixture(scope="module")
async def javascript() -> AsyncIterator[JavaScript]:
    assert isinstance(await find(), Jail)
    made = JavaScript(LIMITS, find)
    yield made
    await made.aclose()


async def ran(javascript: JavaScript, code: str, **inputs: object) -> Any:
    with fail_after(20):
        return await javascript.run(code, inputs)


async def test_nothing_is_there_but_the_language(javascript: JavaScript) -> None:
    names: list[str] = await ran(javascript, "const main = () => Object.getOwnPropertyNames(globalThis)")
    foreign = {
        "process",
        "require",
        "fetch",
        "std",
        "os",
        "scriptArgs",
        "Deno",
        "Bun",
        "WebAssembly",
        "Worker",
        "module",
    }
    assert not foreign & set(names)
    assert {"JSON", "Math", "Promise", "console"} <= set(names)


@pytest.mark.parametrize("walk", WALKS)
async def test_no_walk_from_object_to_object_leads_out(javascript: JavaScript, walk: str) -> None:
    code = """
async function main() {
    try { return ['found', typeof await (%s)] } catch (error) { return ['nothing', String(error)] }
}
"""
    found, told = await ran(javascript, code % walk)
    assert found == "nothing" or told in {"undefined", "boolean"} or walk.startswith("Error.prepareStackTrace"), told


async def test_code_that_bends_the_language_bends_it_for_itself_alone(javascript: JavaScript) -> None:
    with fail_after(20):
        try:
            told = await javascript.run(POISON, {"secret": 1})
        except CodeFailed as failed:
            told = failed.message
    assert "secret" not in json.dumps(told)
    look = """
function main({n}) {
    return [JSON.stringify([n].map(x => x + 1)), ({}).poisoned ?? null, parseInt('7'), typeof stolen,
            Math.max.apply(null, [1, n])]
}
"""
    for _ in range(2):
        assert await ran(javascript, look, n=1) == ["[2]", None, 7, "undefined", 1]


async def test_the_sources_of_the_house_are_not_to_be_read(javascript: JavaScript) -> None:
    code = """
function main() {
    const seen = [main.toString(), (function () { return arguments.callee.caller })?.toString(), new Error().stack]
    return seen.map(String).join(' ')
}
"""
    told = await ran(javascript, code)
    assert "inside_javascript" not in told
    assert PACKAGES not in told


@pytest.mark.parametrize(
    "code",
    [
        "for (;;) {}",
        "const main = async () => { for (;;) await null }",
        "function main() { /(a+)+$/.test('a'.repeat(60) + 'b') }",
        "const main = () => ({toJSON() { for (;;) {} }})",
        "const main = () => ({then() { for (;;) {} }})",
        "const main = () => { try { for (;;) {} } catch { for (;;) {} } finally { for (;;) {} } }",
        "const main = () => new Promise(() => {})",
        "const main = () => 10n ** 10n ** 10n",
        "const main = () => [...Array(1e7).keys()].sort(() => Math.random() - 0.5).length",
    ],
)
async def test_time_has_a_bound_wherever_it_is_taken(javascript: JavaScript, code: str) -> None:
    with pytest.raises(CodeFailed, match=r"stopped after 1 s|memory|nothing will keep|RangeError|without a result"):
        await ran(javascript, code)
    assert await ran(javascript, "const main = () => 1") == 1


@pytest.mark.parametrize(
    "code",
    [
        "const main = () => { let s = 'x'; for (;;) s += s }",
        "const main = () => { const held = []; for (;;) held.push(new Uint8Array(1e6)) }",
        "const main = () => new ArrayBuffer(2 ** 31).byteLength",
        "const main = () => Array(1e9).fill(0).length",
        "const main = () => { const o = {}; for (let n = 0; ; n++) o['k' + n] = 'v'.repeat(1000) }",
        "const main = () => { const f = n => [f(n + 1)]; return f(0) }",
        "const main = () => JSON.parse('['.repeat(1e6))",
        "const main = () => eval('('.repeat(1e6))",
    ],
)
async def test_memory_has_a_bound(javascript: JavaScript, code: str) -> None:
    with pytest.raises(
        CodeFailed, match=r"memory|stopped after 1 s|RangeError|InternalError|SyntaxError|without a result"
    ):
        await ran(javascript, code)
    assert await ran(javascript, "const main = () => 1") == 1


async def test_a_process_that_dies_costs_one_run_at_most(javascript: JavaScript) -> None:
    await javascript.aclose()  # else more than one of the runs before may have left a process that waits
    assert await ran(javascript, "const main = () => 1") == 1
    for process in below(os.getpid()):
        if b"bwrap" in command(process):
            os.kill(process, signal.SIGKILL)
    try:
        assert await ran(javascript, "const main = () => 2") == 2  # its end was noticed before
    except CodeFailed as failed:
        assert "without a result" in str(failed)  # noqa: PT017  either may happen
    assert await ran(javascript, "const main = () => 3") == 3
