"""Which interpreter serves which Python, and what is said where there is no jail."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from anyio import fail_after

from parlour.domain.problems import CodeFailed
from parlour.providers.sandbox.jail import find
from parlour.providers.sandbox.limits import Limits
from parlour.providers.sandbox.local import LocalSandbox
from parlour.providers.sandbox.monty import Monty, Stumbled
from tests.providers.test_jail import below, command

pytestmark = pytest.mark.anyio

GENERATOR = "def count(n):\n    for i in range(n): yield i\ndef main(): return list(count(3))"
EVERYDAY = """
import json, re, math, random, base64, hashlib, collections, itertools, datetime, time
def main(text):
    found = json.loads(text)
    counted = collections.Counter(found['words'])
    return {
        'upper': [one.upper() for one in re.findall(r'[a-z]+', text)],
        'sorted': sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])),
        'hash': hashlib.sha256(base64.b64encode(text.encode())).hexdigest()[:8],
        'root': math.floor(math.sqrt(17)),
        'day': datetime.datetime(2024, 2, 28).strftime('%Y-%m-%d'),
        'chance': 0 <= random.random() < 1,
        'pairs': list(itertools.chain([1], [2])),
        'later': time.time() > 0,
    }
"""


@pytest.fixture
async def sandbox() -> AsyncIterator[LocalSandbox]:
    made = LocalSandbox(Limits(seconds=2))
    yield made
    await made.aclose()


@pytest.fixture
async def unjailed() -> AsyncIterator[LocalSandbox]:
    made = LocalSandbox(Limits(seconds=2), jail="there is none in this test")
    yield made
    await made.aclose()


async def python(sandbox: LocalSandbox | Monty, code: str, **inputs: object) -> Any:
    with fail_after(10):
        if isinstance(sandbox, Monty):
            return await sandbox.run(code, inputs)
        return await sandbox.run("python3", code, inputs)


async def test_everyday_code_needs_no_jail(unjailed: LocalSandbox) -> None:
    told = await python(unjailed, EVERYDAY, text='{"words": ["b", "a", "b"]}')
    assert told["upper"] == ["WORDS", "B", "A", "B"]
    assert told["sorted"] == [["b", 2], ["a", 1]]
    assert (told["root"], told["day"], told["chance"], told["pairs"], told["later"]) == (
        4,
        "2024-02-28",
        True,
        [1, 2],
        True,
    )


@pytest.mark.parametrize(
    ("code", "gives"),
    [
        (GENERATOR, [0, 1, 2]),
        ("import uuid\ndef main(): return len(str(uuid.uuid4()))", 36),
        (
            "import string, urllib.parse\ndef main(): return urllib.parse.quote(string.ascii_lowercase[:2] + ' ')",
            "ab%20",
        ),
        (
            "import html, textwrap, statistics\ndef main(): return html.escape('<') + str(statistics.mean([1, 2]))",
            "&lt;1.5",
        ),
        ("import decimal\ndef main(): return str(decimal.Decimal('0.1') + decimal.Decimal('0.2'))", "0.3"),
    ],
)
async def test_what_the_first_interpreter_does_not_know_the_jailed_one_does(
    sandbox: LocalSandbox, code: str, gives: object
) -> None:
    assert await python(sandbox, code) == gives


async def test_where_there_is_no_jail_the_failure_says_so_and_what_to_do(unjailed: LocalSandbox) -> None:
    for code in (GENERATOR, "import uuid\ndef main(): return 1"):
        with pytest.raises(
            CodeFailed, match=r"it is off \(there is none in this test\)\. Install bubblewrap .*code\.endpoint"
        ):
            await python(unjailed, code)
    with pytest.raises(CodeFailed) as raised:
        await python(unjailed, "def main(): return 1 / 0")
    assert raised.value.message == "ZeroDivisionError: division by zero (line 1)."


async def test_without_the_first_interpreter_the_jailed_one_does_it_all(
    sandbox: LocalSandbox, unjailed: LocalSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONTY_BIN", "/nowhere/monty")
    assert (await python(sandbox, EVERYDAY, text='{"words": ["b"]}'))["upper"] == ["WORDS", "B"]
    with pytest.raises(CodeFailed, match=r"does not start\. .*it is off \(there is none in this test\)") as raised:
        await python(unjailed, EVERYDAY, text="{}")
    assert "nowhere" not in raised.value.message


async def test_nothing_is_left_of_runs_that_began_together() -> None:
    made = LocalSandbox(Limits())
    with fail_after(20):
        runs = [made.run("javascript", f"const main = () => {n}", {}) for n in range(3)]
        assert await asyncio.gather(*runs) == [0, 1, 2]
        await made.aclose()
    assert not [process for process in below(os.getpid()) if b"bwrap" in command(process)]


async def test_a_machine_without_bubblewrap_or_without_namespaces_is_found_out(tmp_path: Path) -> None:
    assert await find([]) == "bubblewrap is not installed"
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1\n")
    broken.chmod(0o755)
    with fail_after(5):
        why = await find([str(broken)])
    assert isinstance(why, str)
    assert "cannot make a jail here" in why
    assert str(tmp_path) not in why, "clients read it"


@pytest.mark.parametrize(
    "code",
    [
        "def main(): return [c.__name__ for c in ().__class__.__base__.__subclasses__()]",
        "def main(): return open('/etc/passwd').read()",
        "import os\ndef main(): return os.listdir('/')",
        "import os\ndef main(): return os.system('id')",
        "import ctypes\ndef main(): return ctypes.CDLL(None)",
        "import subprocess\ndef main(): return subprocess.run('id')",
        "import socket\ndef main(): return socket.socket()",
        "def main(): return __import__('os').environ",
        'def main(): return eval(\'__import__("os").system("id")\')',
        "def main(): return main.__globals__",
        "def main(): return (lambda: 0).__code__",
        "from pathlib import Path\ndef main(): return Path('/etc/passwd').read_text()",
        "import sys\ndef main(): return sys.modules",
        "import asyncio\nasync def main(): return await asyncio.open_connection('127.0.0.1', 1)",
    ],
)
async def test_the_first_interpreter_has_no_way_out(code: str) -> None:
    monty = Monty(Limits(seconds=2))
    with pytest.raises(Stumbled):
        await python(monty, code)
    await monty.aclose()
