"""What it takes to find passages among a hundred thousand: embedded, and on Postgres with pgvector.

`python -m bench.knowledge_table` prints it alone. Knows which processes are started, and what they are asked; does not
know what the passages are (`made_up`), nor how a process of them measures itself (`shelf`).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, LiteralString, get_args

import msgspec
import psycopg
from msgspec import Struct

from bench.made_up import questions
from bench.processes import resident
from bench.replicas import IN_EARNEST
from bench.servers import ROOT, serving
from bench.shelf import PLACE, TOP, Times, Told, times
from parlour.providers.embedding.local import ENGINE
from tests.postgres_server import running as postgres

Where = Literal["embedded", "pgvector"]
COUNT = 100_000
KEY = "dataset-bench"
OVER_HTTP = 40
APART = ("ALTER TABLE nodes DISABLE TRIGGER nodes_have_vectors", "DROP INDEX node_words_by_key")
AT_ONCE = (
    "INSERT INTO node_vectors SELECT sequence, dataset_id, document, 384, as_vector(vector) FROM nodes",
    "SELECT index_of_vectors(384)",
    "ALTER TABLE nodes ENABLE TRIGGER nodes_have_vectors",
    "CREATE INDEX node_words_by_key ON node_words USING gin (keys_of(terms)) WITH (gin_pending_list_limit = 256)",
    "VACUUM ANALYZE",
)
"""Indexes are quicker made at once than passage by passage."""
SETTINGS = """\
[storage]
database = "{database}"

[knowledge]
keys = ["{key}"]
embedding = "local/multilingual-e5-small"

[providers.default]
kind = "scripted"
"""


class Served(Struct, frozen=True):
    """The same questions to a whole server, with the built-in model."""

    total: Times
    bytes: int


class Found(Struct, frozen=True):
    """What one database came to."""

    where: Where
    count: int
    fill_seconds: float
    told: Told
    served: Served | None


@contextmanager
def database(where: Where, folder: Path) -> Generator[str]:
    if where == "embedded":
        yield f"sqlite:///{folder / 'parlour.db'}"
        return
    with postgres(*IN_EARNEST, "shared_buffers=256MB", "maintenance_work_mem=1GB") as server:
        server.ready().close()
        yield server.url("postgres")


def shelf(what: str, url: str, count: int) -> bytes:
    command = [sys.executable, "-m", "bench.shelf", what, url, str(count)]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}  # as a server has it (stores/ranking.py)
    done = subprocess.run(command, stdout=subprocess.PIPE, cwd=ROOT, env=environment, check=True)  # noqa: S603 (our own)
    return done.stdout


def filled(url: str, count: int) -> float:
    """Seconds. What Postgres keeps beside its tables is made at the end, as whoever fills one knows to do."""
    began, apart = time.perf_counter(), url.startswith("postgresql:")
    if apart:
        shelf("fill", url, 0)  # the schema, and an empty dataset
        order(url, APART)
    shelf("fill", url, count)
    if apart:
        order(url, AT_ONCE)
    return time.perf_counter() - began


def order(url: str, statements: Sequence[LiteralString]) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in ("SET search_path = parlour, public", *statements):
            connection.execute(statement)


def served(url: str, folder: Path) -> Served:
    """Ask a whole server over HTTP; its first question, which reads what it keeps in memory, is not counted."""
    with serving(folder, SETTINGS.format(database=url, key=KEY)) as server:
        took: list[float] = []
        for text in questions(OVER_HTTP):
            began = time.perf_counter()
            asked(server.port, text)
            took.append(time.perf_counter() - began)
        return Served(times(took[1:]), resident(server.pid))


def asked(port: int, text: str) -> None:
    settings = {
        "search_method": "hybrid_search",
        "top_k": TOP,
        "reranking_enable": False,
        "score_threshold_enabled": False,
    }
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/datasets/{PLACE.dataset_id}/retrieve",
        msgspec.json.encode({"query": text, "retrieval_model": settings}),
        {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as reply:  # noqa: S310
        assert len(msgspec.json.decode(reply.read())["records"]) == TOP


def measured(where: Where, count: int = COUNT) -> Found:
    with tempfile.TemporaryDirectory(prefix="bench-") as name, database(where, Path(name)) as url:
        seconds = filled(url, count)
        told = msgspec.json.decode(shelf("ask", url, count), type=Told)
        return Found(where, count, seconds, told, served(url, Path(name)) if find_spec(ENGINE) else None)


def asked_for() -> list[Found]:
    """What the command line wants measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.knowledge_table", description="Measures retrieval alone.")
    parser.add_argument("where", nargs="*", metavar="WHERE", help=f"of {', '.join(get_args(Where))}")
    parser.add_argument("--count", type=int, default=COUNT, help="passages")
    given = parser.parse_args()
    return [measured(one, given.count) for one in given.where or get_args(Where)]
