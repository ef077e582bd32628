"""The processes that hold an engine of the extra `voice`, with another engine in its place."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from parlour.domain.problems import CompletionRequestFailed
from parlour.providers.voice.child import Child
from parlour.providers.voice.local import EARS, MOUTH, installed, stretches

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).resolve().parents[2]
MODULE = "tests.providers.voice_engine"


@pytest.fixture
async def child(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Child]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("SECRET_KEY", "sk-1")
    made = Child(MODULE, patience=20)
    yield made
    await made.aclose()


async def ask(child: Child, data: bytes) -> list[bytes]:
    async with aclosing(child.ask(data)) as pieces:
        return [piece async for piece in pieces]


async def test_one_process_answers_one_after_another(child: Child) -> None:
    answers = await asyncio.gather(*(ask(child, f"a{number} b".encode()) for number in range(5)))
    assert answers == [[f"a{number}".encode(), b"b"] for number in range(5)]
    assert len({*await ask(child, b"who"), *await ask(child, b"who")}) == 1
    assert await ask(child, b"keys") == [b"none"]


async def test_a_request_that_fails_says_why_and_the_next_one_is_answered(child: Child) -> None:
    before = await ask(child, b"who")
    with pytest.raises(CompletionRequestFailed, match="it is broken"):
        await ask(child, b"fail")
    assert await ask(child, b"who") == before


async def test_a_process_that_dies_fails_its_request_and_is_started_again(child: Child) -> None:
    before = await ask(child, b"who")
    with pytest.raises(CompletionRequestFailed, match="has ended"):
        await ask(child, b"die")
    assert await ask(child, b"who") != before


async def test_a_process_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    child = Child(MODULE, patience=0.5)
    await asyncio.wait_for(first(child), 30)
    with pytest.raises(CompletionRequestFailed, match="takes too long"):
        await ask(child, b"hang")
    await child.aclose()


async def first(child: Child) -> None:
    """Its start takes longer than the patience of this test's requests, and is not counted."""
    assert await ask(child, b"x") == [b"x"]


async def test_who_leaves_early_gets_no_other_ones_answer(child: Child) -> None:
    async with aclosing(child.ask(b"a b c d")) as pieces:
        assert await anext(pieces) == b"a"
    assert await ask(child, b"mine") == [b"mine"]


async def test_who_is_not_used_gives_its_memory_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    child = Child(MODULE, patience=20, idle=0.01)
    before = await ask(child, b"who")
    process = child._process  # pyright: ignore[reportPrivateUsage]
    assert process is not None
    assert await asyncio.wait_for(process.wait(), 10) == 0
    assert await ask(child, b"who") != before
    await child.aclose()


async def test_who_could_not_answer_gives_its_memory_back_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    child = Child(MODULE, patience=20, idle=0.01)
    with pytest.raises(CompletionRequestFailed):
        await ask(child, b"fail")
    process = child._process  # pyright: ignore[reportPrivateUsage]
    assert process is not None
    assert await asyncio.wait_for(process.wait(), 10) == 0
    await child.aclose()


async def test_an_engine_that_is_not_there_is_a_failure() -> None:
    child = Child("parlour.no_such_engine", patience=5)
    with pytest.raises(CompletionRequestFailed, match="has ended"):
        await ask(child, b"x")
    await child.aclose()


def test_what_is_spoken_in_one_go_is_short_and_nothing_is_lost() -> None:
    text = "One. Two two. " + "word " * 200 + "end! 你好。" + "x" * 700
    parts = stretches(text)
    assert all(len(part) <= 260 for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert parts[:2] == ["One.", "Two two."]
    assert stretches("  ") == []


def test_no_engine_is_imported_into_this_process() -> None:
    installed(MOUTH)
    installed(EARS)
    assert not {*MOUTH, *EARS} & sys.modules.keys()
