"""How much passages say of a query's words. Knows neither passages nor databases, but the keys that both share.

A passage is kept under one key for each of its words: the dataset's number, how much it says the word, and the word. So
what BM25 reckons for each word and passage is reckoned when the passage is written, in three steps, and no dataset's
keys are another's. Words that are nearly everywhere tell little: of such a word only those passages count that say it
much, unless there is nothing else to go by.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from parlour.domain.terms import indexed
from parlour.stores.ranking import Array, Ranking, numbers, summed
from parlour.stores.sql.connection import Connection
from parlour.stores.sql.wording import Wording

LEVELS = {"c": 1.75, "b": 1.35, "a": 0.9}
"""How much a passage says a word, and what that counts."""
MUCH, MORE = 1.55, 1.2
"""From which weight on a passage says a word as `c` and as `b` mean it."""
SATURATION, LENGTH, USUAL = 1.2, 0.5, 300
"""Of BM25: how soon it counts no more that a word is said again, how much the length of a passage counts, and how many
words a passage usually has."""
LONGEST = 40
"""Characters of a word that count; databases do not take any length."""
REMEMBERED = 50_000
"""Keys that are known to be nearly everywhere."""
ALL = 1 << 62
"""More than there are."""

SIZE = "SELECT count(*) FROM nodes WHERE dataset_id = :dataset_id"
LAST = "SELECT coalesce(max(sequence), 0) FROM nodes"


def keys_of(dataset: int, text: str) -> str:
    """What a text is found by, with spaces between."""
    counted = Counter(term[:LONGEST] for term in indexed(text))
    usual = SATURATION * (1 - LENGTH + LENGTH * counted.total() / USUAL)
    return " ".join(key(dataset, level(times, usual), term) for term, times in counted.items())


def level(times: int, usual: float) -> str:
    weight = times * (1 + SATURATION) / (times + usual)
    return "c" if weight >= MUCH else "b" if weight >= MORE else "a"


def key(dataset: int, said: str, term: str) -> str:
    return f"{dataset}{said}{term[:LONGEST]}"


class Words:
    """Ranks passages, and remembers what would only be learnt again."""

    def __init__(self, wording: Wording) -> None:
        self._wording = wording
        self._everywhere: set[str] = set()
        self._sizes: dict[str, tuple[int, int]] = {}
        """How many nodes a dataset had, and how many there had been of all when they were counted."""

    def rankings(
        self, connection: Connection, dataset_id: str, dataset: int, wanted: Sequence[str]
    ) -> Iterator[Ranking]:
        """All that says rare words of these, or others much; then all that says any, where that was not the same."""
        whole = self._size(connection, dataset_id)
        keys = [key(dataset, said, term) for term in wanted for said in LEVELS]
        lists = self._lists(connection, [one for one in keys if one not in self._everywhere], self._wording.most)
        yield self._ranking(lists, dataset, wanted, whole)
        if cut := [one for one in keys if one in self._everywhere]:
            lists |= self._lists(connection, cut, ALL)
            yield self._ranking(lists, dataset, wanted, whole)

    def _lists(self, connection: Connection, keys: Sequence[str], most: int) -> dict[str, Array]:
        """The nodes under each key; without those under which there are too many, which are remembered."""
        asked = {"keys": msgspec.json.encode(keys).decode(), "most": min(most + 1, ALL)}
        rows: list[tuple[str, str | None]] = connection.execute(self._wording.holding, asked).fetchall() if keys else []
        lists = {one: numbers(held) for one, held in rows}
        long = {one for one, held in lists.items() if len(held) > self._wording.most}
        if len(self._everywhere) > REMEMBERED:
            self._everywhere.clear()
        self._everywhere |= long
        self._everywhere -= lists.keys() - long
        return {one: held for one, held in lists.items() if len(held) <= most}

    def _ranking(self, lists: dict[str, Array], dataset: int, wanted: Sequence[str], whole: int) -> Ranking:
        weighed: list[tuple[Array, float]] = []
        for term in wanted:
            by_level = {said: lists.get(key(dataset, said, term)) for said in LEVELS}
            holding = sum(self._wording.most if held is None else len(held) for held in by_level.values())
            rarity = math.log(1 + (whole + 1) / (holding + 0.5))
            weighed += [(held, rarity * LEVELS[said]) for said, held in by_level.items() if held is not None]
        return summed(weighed)

    def _size(self, connection: Connection, dataset_id: str) -> int:
        """How many nodes the dataset has, nearly: they are counted again when there are a tenth more of all."""
        [last] = connection.execute(LAST).fetchone()
        size, then = self._sizes.get(dataset_id, (0, 0))
        if not then or last > 1.1 * then:
            [size] = connection.execute(SIZE, {"dataset_id": dataset_id}).fetchone()
            self._sizes[dataset_id] = size, last
            if self._wording.frequent is not None:
                known = connection.execute(self._wording.frequent, {"most": self._wording.most}).fetchall()
                self._everywhere |= {one for (one,) in known}
        return size
