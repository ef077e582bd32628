"""What retrieval came to -> markdown: its own table, and what it says of the promises. Measures nothing itself.

`python -m bench.knowledge_table` has it measured and prints it.
"""

from collections.abc import Sequence

from bench.knowledge import Found, Where, asked_for
from bench.shelf import Times
from bench.table import MB, Promise, lines, number, verdicts

HEADER = (
    "passages",
    "filled in s",
    "hybrid p50 / p95 ms",
    "by vectors",
    "by words",
    "first question ms",
    "recall of the nearest 50",
    "the model, a question",
    "hybrid over HTTP, with the model",
    "RSS MB",
)
SLOWEST: dict[Where, float] = {"embedded": 50, "pgvector": 20}
LARGEST = 600


def pair(times: Times | None) -> str:
    return f"{number(times.p50)} / {number(times.p95)}" if times else ""


def table_of(found: Sequence[Found]) -> str:
    rows = [
        (
            f"{one.count:,}, {one.where}",
            number(one.fill_seconds),
            *(pair(times) for times in one.told.methods.values()),
            number(one.told.first),
            f"{one.told.recall:.3f}",
            pair(one.told.embedding),
            pair(one.served.total if one.served else None),
            number(memory(one)),
        )
        for one in found
    ]
    return lines(rows, HEADER)


def memory(one: Found) -> float:
    """Of a whole server, where one was asked."""
    return (one.served.bytes if one.served else one.told.bytes) / MB


def promises_of(found: Sequence[Found]) -> list[Promise]:
    kept: list[Promise] = []
    for one in found:
        what = f"{one.count:,} passages, {one.where}"
        slowest, limit = max(times.p95 for times in one.told.methods.values()), SLOWEST[one.where]
        kept.append(Promise(f"p95 of retrieval by any method, without the model ({what})", limit, slowest, "ms"))
        kept.append(Promise(f"memory ({what})", LARGEST, memory(one), "MB"))
    return kept


if __name__ == "__main__":
    found = asked_for()
    print(table_of(found), verdicts(promises_of(found)), sep="\n\n")
