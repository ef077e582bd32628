"""What the port `Sandbox` promises."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from anyio import fail_after

from parlour.domain.problems import CodeFailed
from parlour.providers.sandbox.limits import Limits
from parlour.providers.sandbox.local import LocalSandbox

pytestmark = pytest.mark.anyio


@pytest.fixture
async def sandbox() -> AsyncIterator[LocalSandbox]:
    local = LocalSandbox(Limits(seconds=1, memory=64 * 1024 * 1024))
    yield local
    await local.aclose()


async def test_main_is_given_the_inputs_by_name_and_its_result_comes_back_as_json_has_it(sandbox: LocalSandbox) -> None:
    with fail_after(5):
        got = await sandbox.run(
            "python3", "def main(a, b):\n    return {'a': a, 'b': (b, 1.5, None)}", {"b": {"c": "ü"}, "a": [1, True]}
        )
    assert got == {"a": [1, True], "b": [{"c": "ü"}, 1.5, None]}


async def test_what_code_gets_wrong_is_told_with_its_line(sandbox: LocalSandbox) -> None:
    with fail_after(5), pytest.raises(CodeFailed, match=r"ZeroDivisionError: division by zero.*line 2"):
        await sandbox.run("python3", "def main():\n    return 1 / 0", {})


async def test_endless_code_is_stopped(sandbox: LocalSandbox) -> None:
    with fail_after(5), pytest.raises(CodeFailed, match=r"stopped after 1 s"):
        await sandbox.run("python3", "def main():\n    while True: pass", {})


async def test_sleeping_code_is_stopped(sandbox: LocalSandbox) -> None:
    with fail_after(5), pytest.raises(CodeFailed, match=r"stopped after 1 s"):
        await sandbox.run("python3", "import time\ndef main():\n    while True: time.sleep(0.3)", {})


async def test_hungry_code_is_stopped(sandbox: LocalSandbox) -> None:
    with fail_after(5), pytest.raises(CodeFailed, match=r"more than 64 MB"):
        await sandbox.run("python3", "def main():\n    return len('x' * 10**9)", {})


async def test_a_result_that_json_does_not_have_is_refused(sandbox: LocalSandbox) -> None:
    with fail_after(5), pytest.raises(CodeFailed, match="NaN is no number"):
        await sandbox.run("python3", "def main():\n    return {'a': float('nan')}", {})


async def test_code_that_is_cancelled_stops_at_once(sandbox: LocalSandbox) -> None:
    with fail_after(5):
        await sandbox.run("python3", "def main(): return {}", {})  # so that what follows begins at once
        endless = asyncio.create_task(sandbox.run("python3", "def main():\n    while True: pass", {}))
        await asyncio.sleep(0)
        endless.cancel()
        with pytest.raises(asyncio.CancelledError):
            await endless
        assert await sandbox.run("python3", "def main(): return {'a': 1}", {}) == {"a": 1}
