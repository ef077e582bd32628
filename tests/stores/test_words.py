"""Words that are nearly everywhere, in an index that holds three passages for many; and words kept in an older way."""

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from parlour.domain.terms import counted, indexed
from parlour.stores.sql.steps import steps
from parlour.stores.sql.words import Words, keys_of
from parlour.stores.sqlite.opening import open_file
from parlour.stores.sqlite.wording import WORDING
from tests.conformance.knowledge_samples import HERE, TENANT

OLDER = ("图书馆 " + "x" * 90, "the the " * 9, "the cat", "")
FEW = structs.replace(WORDING, most=3)
TEXTS = ("the cat", "the dog", "the tea", "the the the the sea", "the cat and the dog", "the red house")


@pytest.fixture
def words_of_few(tmp_path: Path) -> sqlite3.Connection:
    """A dataset of these texts, by their number from 1."""
    file = open_file(tmp_path / "parlour.db", serving=True, known=steps("parlour.stores.sqlite"))
    for at, text in enumerate(TEXTS, 1):
        file.writer.execute("INSERT INTO node_words (rowid, terms) VALUES (?, ?)", (at, keys_of(7, text)))
    return file.writer


def ranked(words: Words, connection: sqlite3.Connection, *wanted: str) -> list[list[int]]:
    """What each ranking has, the best first."""
    rankings = words.rankings(connection, "d", 7, wanted)
    return [[row for some in ranking.portions(9) for row, _ in some] for ranking in rankings]


def test_of_a_word_that_is_everywhere_those_count_that_say_it_much_and_then_all(
    words_of_few: sqlite3.Connection,
) -> None:
    words = Words(FEW)
    for _ in range(2):  # as it is learnt, and as it is remembered
        assert ranked(words, words_of_few, "the", "house") == [[6, 4, 5], [6, 4, 5, 1, 2, 3]]
    assert ranked(words, words_of_few, "house") == [[6]]
    assert ranked(words, words_of_few, "cat", "tea") == [[3, 1, 5]]


def test_a_word_that_is_no_longer_everywhere_is_learnt_to_be_rare(words_of_few: sqlite3.Connection) -> None:
    words = Words(FEW)
    assert len(ranked(words, words_of_few, "the")) == 2
    words_of_few.execute("DELETE FROM node_words WHERE rowid IN (1, 2, 3)")
    assert len(ranked(words, words_of_few, "the")) == 2
    assert ranked(words, words_of_few, "the") == [[4, 5, 6]]


def test_no_dataset_finds_the_words_of_another(words_of_few: sqlite3.Connection) -> None:
    words_of_few.execute("INSERT INTO node_words (rowid, terms) VALUES (100, ?)", (keys_of(77, "house"),))
    assert ranked(Words(FEW), words_of_few, "house") == [[6]]


def test_words_that_an_older_version_kept_are_found(tmp_path: Path) -> None:
    path, known = tmp_path / "parlour.db", steps("parlour.stores.sqlite")
    old = open_file(path, serving=True, known=tuple(step for step in known if step.number < 19))
    with old.held:
        writer = old.writer
        writer.execute("PRAGMA foreign_keys = OFF")
        writer.execute(
            "INSERT INTO datasets (id, tenant, name, searched, created_at, dataset) VALUES (?, ?, '', '', 0, '{}')",
            (HERE.dataset_id, TENANT),
        )
        for at, text in enumerate(OLDER, 1):
            row = (at, f"n{at}", HERE.dataset_id)
            writer.execute("INSERT INTO nodes VALUES (?, ?, ?, 's', 1, NULL)", row)
            writer.execute(
                "INSERT INTO node_terms (rowid, dataset, terms) VALUES (?, 'd', ?)", (at, " ".join(indexed(text)))
            )
    with open_file(path, serving=True, known=known).held, closing(sqlite3.connect(path)) as reader:
        rows = reader.execute("SELECT rowid, terms FROM node_words ORDER BY rowid").fetchall()
        [[number]] = reader.execute("SELECT sequence FROM datasets").fetchall()
    wanted = [(at, sorted(keys_of(number, text).split())) for at, text in enumerate(OLDER, 1) if text]
    assert [(at, sorted(held.split())) for at, held in rows] == wanted


LETTERS = st.text(st.sampled_from("ab 猫喜喜欢Ⅷß.'"), max_size=30)


@given(LETTERS, LETTERS)
def test_terms_are_counted_as_they_are_indexed(text: str, query: str) -> None:
    wanted = list(dict.fromkeys(indexed(query)))
    said = Counter(indexed(text))
    assert counted(text, wanted) == ([said[term] for term in wanted], said.total())
