"""Passages and questions, made up: words as frequent as words are (Zipf), in two scripts, and vectors in clusters.

The same ones each time. Knows neither a store nor a model.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

SIZE = 384
"""Numbers of a vector: as many as the built-in model's."""
WORDS, CHINESE = 60_000, 8_000
"""Words of either script."""
LENGTH = 120
"""Words of a passage."""
CLUSTERS = 2_000
SPREAD = 0.9
"""How far vectors lie from the middle of their cluster, which has about the length one."""
BLOCK = 1_000
LETTERS = "etaoinshrdlucmfywgpbvk"

Floats = Any
"""An array of numpy."""


@cache
def vocabulary() -> tuple[list[str], list[str]]:
    """Words with letters, then Chinese ones of one to three characters; the most frequent first."""
    chance = np.random.default_rng(1)
    words: dict[str, None] = {}
    while len(words) < WORDS:
        length = 2 + int(len(words) ** 0.18) + int(chance.integers(0, 4))
        words["".join(LETTERS[at] for at in chance.integers(0, len(LETTERS), length))] = None
    chinese: dict[str, None] = {}
    while len(chinese) < CHINESE:
        signs = np.minimum(chance.zipf(1.3, int(chance.integers(1, 4))), 3_000)
        chinese["".join(chr(0x4E00 + int(sign)) for sign in signs)] = None
    return list(words), list(chinese)


@cache
def shares(count: int) -> Floats:
    """How often each of so many words is said, as sums from 0 to 1."""
    frequencies = 1 / (np.arange(1, count + 1) + 2.7)
    return np.cumsum(frequencies / frequencies.sum())


def said(chance: np.random.Generator, words: list[str], count: int) -> list[str]:
    places = np.searchsorted(shares(len(words)), chance.random(count))
    return [words[min(at, len(words) - 1)] for at in places.tolist()]


def texts(count: int, seed: int = 2) -> Iterator[str]:
    """Three of ten are Chinese."""
    chance, (words, chinese) = np.random.default_rng(seed), vocabulary()
    for at in range(count):
        if at % 10 < 3:
            yield "。".join("".join(said(chance, chinese, LENGTH // 8)) for _ in range(8))
        else:
            yield ". ".join(" ".join(said(chance, words, LENGTH // 8)) for _ in range(8))


def questions(count: int) -> Iterator[str]:
    """As people ask: some words that are everywhere, some that are known, and one that is rare."""
    chance, (words, chinese) = np.random.default_rng(3), vocabulary()
    for at in range(count):
        known = chinese if at % 10 < 3 else words
        rare = known[int(chance.integers(len(known) // 12, len(known)))]
        some = [*said(chance, known, 4), *(known[int(one)] for one in chance.integers(80, 5_000, 3)), rare]
        yield "".join(some) if known is chinese else " ".join(some)


@cache
def middles() -> Floats:
    """Of the clusters."""
    return np.random.default_rng(4).standard_normal((CLUSTERS, SIZE), "float32")


def vectors(count: int) -> Iterator[Floats]:
    """Of length one, some at a time."""
    chance = np.random.default_rng(5)
    for start in range(0, count, BLOCK):
        yield near(chance, min(BLOCK, count - start))


def asked_vectors(count: int) -> Floats:
    """Questions lie where passages do."""
    return near(np.random.default_rng(6), count)


def near(chance: np.random.Generator, count: int) -> Floats:
    middle = middles()[chance.integers(0, CLUSTERS, count)]
    made = middle + SPREAD * chance.standard_normal((count, SIZE), "float32")
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype("<f4")
