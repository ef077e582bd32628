"""`python -m bench.profile`: where the server's CPU goes, for streamed chats of 50 tokens (or any `--row`).

By default a sampler inside the server looks, every few milliseconds of CPU time, at which function the event loop's
thread is in: cheap enough to leave the proportions as they are. C code counts for the Python function that called it.
`--calls` counts calls with cProfile instead: it shows how often a function runs for each chat, and distorts the times.
Does not know the server's code: it is started by its own command line.
"""

import argparse
import cProfile
import os
import pstats
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path
from types import CodeType, FrameType
from typing import NoReturn

import msgspec
from msgspec import Struct

from bench.cases import CASES, Case, asked
from bench.generator import generate
from bench.load import Outcome
from bench.processes import PROC, TICK, cpu_seconds
from bench.servers import ROOT, parlour, upstream
from bench.table import lines

INTERVAL = 0.001
"""The kernel rounds it up to its own tick, 4 ms on most machines."""
BEGIN, FINISH = signal.SIGUSR1, signal.SIGUSR2


class Samples(Struct):
    """How often a function was found at the top of the stack, and how often anywhere in it."""

    own: dict[str, int]
    within: dict[str, int]


def function_of(code: CodeType) -> str:
    path = code.co_filename.removeprefix(f"{ROOT}/src/").rpartition("site-packages/")[2]
    return f"{path.rpartition('/lib/python')[2]}:{code.co_firstlineno} {code.co_qualname}"


class Sampler:
    """Looks where the program is, as long as it is on."""

    def __init__(self) -> None:
        self.own: Counter[CodeType] = Counter()
        self.within: Counter[CodeType] = Counter()
        signal.signal(signal.SIGPROF, self.look)

    def look(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 (the signature of a signal's function)
        if frame is None:
            return
        self.own[frame.f_code] += 1
        stack: set[CodeType] = set()
        while frame is not None:
            stack.add(frame.f_code)
            frame = frame.f_back
        self.within.update(stack)

    def enable(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)

    def disable(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)

    def dump_stats(self, file: Path) -> None:
        file.write_bytes(msgspec.json.encode(Samples(by_function(self.own), by_function(self.within))))


def by_function(counts: Counter[CodeType]) -> Counter[str]:
    named: Counter[str] = Counter()
    for code, times in counts.items():
        named[function_of(code)] += times
    return named


def ended(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 (the signature of a signal's function)
    sys.exit(128 + number)


def inside(kind: str, out: Path, arguments: Sequence[str]) -> None:
    """The server's own program, watched from within between BEGIN and FINISH; runs in the child."""
    profile = cProfile.Profile() if kind == "calls" else Sampler()

    def begin(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (the signature of a signal's function)
        profile.enable()

    def finish(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (the signature of a signal's function)
        profile.disable()
        profile.dump_stats(out)

    signal.signal(BEGIN, begin)
    signal.signal(FINISH, finish)
    signal.signal(signal.SIGTERM, ended)  # the server gives the signal back to us when it has closed everything
    (program,) = entry_points(group="console_scripts", name="parlour")
    sys.argv = ["parlour", *arguments]
    program.load()()


def package_of(function: str) -> str:
    """`parlour/http`, `starlette`, `uvicorn`, `asyncio`: whose code a function is."""
    path, _, _ = function.partition(":")
    parts = path.split("/")
    if parts[0] == "parlour" and len(parts) > 2:
        return "/".join(parts[:2])
    return parts[1] if parts[0][:1].isdigit() and len(parts) > 1 else parts[0]


def shares(counts: Counter[str], total: int, ms_per_chat: float, top: int) -> str:
    rows = [(f"{n / total:.1%}", f"{n / total * ms_per_chat:.3f}", name) for name, n in counts.most_common(top)]
    return lines(rows, ("share", "ms/chat", "where"))


def sampled_report(out: Path, ms_per_chat: float, top: int) -> str:
    samples = msgspec.json.decode(out.read_bytes(), type=Samples)
    own, within = Counter(samples.own), Counter(samples.within)
    total = max(1, own.total())
    packages: Counter[str] = Counter()
    for function, times in own.items():
        packages[package_of(function)] += times
    return "\n\n".join(
        (
            f"{total} samples",
            f"Own time by package\n{shares(packages, total, ms_per_chat, top)}",
            f"Own time\n{shares(own, total, ms_per_chat, top)}",
            f"With what they call\n{shares(within, total, ms_per_chat, 2 * top)}",
        )
    )


def counted_report(out: Path, requests: int, top: int) -> str:
    profile = pstats.Stats(str(out)).get_stats_profile().func_profiles
    rows = sorted(
        (
            (int(entry.ncalls.partition("/")[0]), entry.tottime, f"{entry.file_name}:{entry.line_number} {name}")
            for name, entry in profile.items()
        ),
        key=lambda row: row[1],
        reverse=True,
    )[:top]
    shown = [(f"{calls / requests:.1f}", f"{own * 1000 / requests:.3f}", name) for calls, own, name in rows]
    return lines(shown, ("calls/chat", "own ms/chat (distorted)", "where"))


def threads(pid: int) -> dict[str, float]:
    """CPU seconds of each thread so far, the event loop's first."""
    tasks = sorted((PROC / str(pid) / "task").iterdir(), key=lambda task: int(task.name))
    return {
        task.name: sum(int(field) for field in (task / "stat").read_text().rpartition(")")[2].split()[11:13]) / TICK
        for task in tasks
    }


def observed(kind: str, case: Case, seconds: float, top: int) -> str:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        out = folder / "profile"
        launcher = [sys.executable, "-m", "bench.profile", "--inside", kind, str(out)]
        with upstream(folder) as model, parlour(folder, model.port, launcher) as server:
            generate(asked(case, "parlour", server.port, 1), server.pid)  # what is done only once is left out
            os.kill(server.pid, BEGIN)
            before, at_first = cpu_seconds(server.pid), threads(server.pid)
            outcome, _ = generate(asked(case, "parlour", server.port, seconds), server.pid)
            spent = cpu_seconds(server.pid) - before
            shared = {thread: used - at_first.get(thread, 0) for thread, used in threads(server.pid).items()}
            os.kill(server.pid, FINISH)
        if not out.exists():
            sys.exit(f"the server left no profile behind:\n{(folder / 'parlour.log').read_text()[-4000:]}")
        return f"{heading(outcome, spent, shared)}\n\n{report(kind, out, outcome.requests, spent, top)}"


def heading(outcome: Outcome, spent: float, shared: dict[str, float]) -> str:
    errors = "".join(f"\n{times} × {error}" for error, times in outcome.errors.items())
    loop, *others = shared.values()
    return (
        f"{outcome.requests} requests, {spent * 1000 / outcome.requests:.3f} ms of CPU each; of the {spent:.2f} s "
        f"{loop:.2f} in the event loop's thread and {sum(others):.2f} in {len(others)} others{errors}"
    )


def report(kind: str, out: Path, requests: int, spent: float, top: int) -> str:
    if kind == "calls":
        return counted_report(out, requests, top)
    return sampled_report(out, spent * 1000 / requests, top)


def main() -> None:
    if sys.argv[1:2] == ["--inside"]:
        kind, out, *arguments = sys.argv[2:]
        inside(kind, Path(out), arguments)
        return
    parser = argparse.ArgumentParser(prog="python -m bench.profile", description="Where the server's CPU goes.")
    parser.add_argument("--calls", action="store_true", help="count calls with cProfile instead of sampling")
    parser.add_argument("--row", default="burst-10", choices=[case.name for case in CASES])
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--top", type=int, default=25, help="how many lines of each table")
    given = parser.parse_args()
    (case,) = (case for case in CASES if case.name == given.row)
    print(observed("calls" if given.calls else "samples", case, given.seconds, given.top))


if __name__ == "__main__":
    main()
