"""`python -m bench`: starts what is measured, asks it, prints one table, and keeps it in docs/benchmarks.md.

Knows the order of the work, and nothing of how any of it is done.
"""

import argparse
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from types import FrameType
from typing import get_args

import msgspec
from msgspec import Struct

from bench import knowledge, table
from bench.cases import CASES, Case, asked
from bench.generator import generate
from bench.knowledge_table import promises_of, table_of
from bench.processes import cpu_seconds, machine_cpu_seconds
from bench.replicas import PROCESSES, stored
from bench.servers import ROOT, Name, Server, nginx, nginx_binary, parlour, upstream
from bench.table import Sample

PAGE = ROOT / "docs" / "benchmarks.md"
SERVERS: tuple[Name, ...] = get_args(Name)
RETRIEVAL: dict[str, knowledge.Where] = {"knowledge": "embedded", "knowledge-pgvector": "pgvector"}
"""Rows of another kind: passages found, without a load; not in a first impression, as they take minutes."""
WARM_UP = Case("warm-up", 10)


class Plan(Struct, frozen=True):
    """What the command line asks for."""

    rows: list[str]
    servers: list[str]
    seconds: float
    repeats: int
    keep: bool
    """Whether the table goes into the page: only a whole run's does."""
    json: Path | None


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def measure(case: Case, server: Server, model: Server, seconds: float) -> Sample:
    """One repeat, with what it cost the server and what the rest of the machine did meanwhile."""
    began, before = time.perf_counter(), costs(server, model)
    outcome, peak = generate(asked(case, server.name, server.port, seconds, server.ports), *server.pids)
    after, wall = costs(server, model), time.perf_counter() - began
    spent, kept, relayed, ours, machine = (late - early for early, late in zip(before, after, strict=True))
    known = spent + kept + ours + (relayed if server.pid != model.pid else 0)
    return Sample(case, server.name, outcome, spent + kept, peak, max(0.0, (machine - known) / wall), kept)


def costs(server: Server, model: Server) -> tuple[float, ...]:
    """CPU seconds so far: of the server, its stores, the upstream, this program with its generators, the machine."""
    own, stores = (sum(map(cpu_seconds, pids)) for pids in (server.pids, server.stores))
    return own, stores, cpu_seconds(model.pid), sum(os.times()[:4]), machine_cpu_seconds()


def report(sample: Sample) -> None:
    outcome = sample.outcome
    say(
        f"  {sample.server:8} {table.requests_per_second(sample):8.1f} req/s"
        f"  first {outcome.first_p50:8.2f} ms  total {outcome.total_p50:8.2f} ms"
        f"  CPU {table.cpu_ms(sample):6.3f} ms/request"
        f"  generator {outcome.cpu_seconds / outcome.seconds:4.0%} of a core"
        f"  others {sample.others_cores:.2f} cores"
    )
    for error, times in list(outcome.errors.items())[:3]:
        say(f"    {times} × {error}")


def in_turns(cases: Sequence[Case]) -> Generator[list[Case]]:
    """Each row alone, or the two that are compared with each other."""
    for case in cases:
        if not case.beside:
            yield [case, *(other for other in cases if other.beside == case.name)]


def repeated(cases: Sequence[Case], servers: Sequence[Server], plan: Plan) -> list[Sample]:
    """The servers take turns, so that what drifts on a shared machine drifts for all of them."""
    say(" | ".join(case.label for case in cases))
    samples: list[Sample] = []
    for _ in range(1 if cases[0].paced and len(cases) == 1 else plan.repeats):
        for case in cases:
            for server in servers:
                if server.name in plan.servers and server.name in case.servers:
                    samples.append(measure(case, server, servers[0], plan.seconds))
                    report(samples[-1])
    return samples


def measured(folder: Path, plan: Plan) -> tuple[list[Sample], list[Server]]:
    """All rows of the plan. What only some rows need is started for them alone."""
    run: list[Sample] = []
    with ExitStack() as stack:
        servers = started(stack, folder, plan)
        warmed(servers)
        wanted = {name for case in CASES if case.name in plan.rows for name in (case.name, case.beside)}
        rows = [case for case in CASES if case.name in wanted]
        for cases in in_turns(rows):
            more: list[Name] = [name for name in PROCESSES if name in plan.servers and name in cases[0].servers]
            for name in more:
                if all(server.name != name for server in servers):
                    servers.append(stack.enter_context(stored(name, folder, servers[0].port)))
                    warmed(servers[-1:])
            run += repeated(cases, servers, plan)
    return run, servers


def chosen(text: str, known: Sequence[str], parser: argparse.ArgumentParser) -> list[str]:
    """The names in a list with commas; an empty list means all of them."""
    names = text.split(",") if text else list(known)
    if unknown := set(names) - set(known):
        parser.error(f"{', '.join(sorted(unknown))}: not among {', '.join(known)}")
    return names


def parsed() -> Plan:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures the server beside nginx.")
    rows = [*(case.name for case in CASES), *RETRIEVAL]
    parser.add_argument("--quick", action="store_true", help="one short repeat of each row; the page is left as it is")
    parser.add_argument("--rows", default="", metavar="NAME,...", help=f"only these of {', '.join(rows)}")
    parser.add_argument("--servers", default="", metavar="NAME,...", help=f"only these of {', '.join(SERVERS)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every sample there")
    given = parser.parse_args()
    return Plan(
        rows=chosen(given.rows, rows[: -len(RETRIEVAL)] if given.quick and not given.rows else rows, parser),
        servers=chosen(given.servers, SERVERS, parser),
        seconds=0.7 if given.quick else 2,
        repeats=1 if given.quick else 3,
        keep=not (given.quick or given.rows or given.servers),
        json=given.json,
    )


def started(stack: ExitStack, folder: Path, plan: Plan) -> list[Server]:
    """What the plan measures, the upstream first; each is ended when the stack is left."""
    servers = [stack.enter_context(upstream(folder))]
    binary = nginx_binary()
    if "nginx" in plan.servers and binary is not None:
        servers.append(stack.enter_context(nginx(binary, folder, servers[0].port)))
    elif "nginx" in plan.servers:
        say("no nginx here, so no ratio to it: the dependency group `bench` brings it")
    if "parlour" in plan.servers:
        with parlour(folder, servers[0].port):
            """The first start after an installation compiles what it imports: no other one is so slow, or so large."""
        servers.append(stack.enter_context(parlour(folder, servers[0].port)))
    return servers


def warmed(servers: Sequence[Server]) -> None:
    """What is done once, and never again, is no part of a request's price."""
    for server in servers:
        outcome, _ = generate(asked(WARM_UP, server.name, server.port, 0.5, server.ports), *server.pids)
        for error in outcome.errors:
            say(f"{server.name}: {error}")


def surroundings(run: Sequence[Sample]) -> str:
    others = [sample.others_cores for sample in run]
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} cores. Other programs on "
        f"the machine used {median(others):.2f} cores in the median of the {len(run)} samples and {max(others):.2f} at "
        f"worst; the load generator and the upstream share the cores with what is measured."
    )


def written(run: Sequence[Sample], servers: Sequence[Server], found: Sequence[knowledge.Found]) -> str:
    parts = [surroundings(run), table.table(run, servers)] if run else []
    if told := table.overhead(run):
        parts.append(told)
    if found:
        parts.append(table_of(found))
    kept = [
        promise
        for server in servers
        if server.name not in {"direct", "nginx"}
        for promise in table.promises(run, server)
    ]
    if kept := [*kept, *promises_of(found)]:
        parts.append(table.verdicts(kept))
    return "\n\n".join(parts)


def retrieved(name: str) -> knowledge.Found:
    say(name)
    return knowledge.measured(RETRIEVAL[name])


def ended(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (the signature of a signal's function)
    """Leaves by an exception, so that the children are ended too."""
    sys.exit(128 + number)


def main() -> None:
    plan = parsed()
    signal.signal(signal.SIGTERM, ended)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        run, servers = measured(Path(folder), plan)
    found = [retrieved(name) for name in RETRIEVAL if name in plan.rows]
    text = written(run, servers, found)
    print(text)
    if plan.json is not None:
        plan.json.write_bytes(msgspec.json.encode(run))
    if any(sample.outcome.errors for sample in run):
        sys.exit("some replies were errors, so this run says nothing; docs/benchmarks.md was left as it is")
    if plan.keep:
        PAGE.write_text(table.replaced(PAGE.read_text(), text))


if __name__ == "__main__":
    main()
