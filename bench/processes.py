"""Child processes: started, waited for, ended by their own id; and what a process tree costs.

Does not know what the processes are.
"""

import os
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

PROC = Path("/proc")
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: Sequence[str], log: Path) -> Generator[subprocess.Popen[bytes]]:
    """A child that ends with the block, whatever happens in it; what it says goes to `log`."""
    with log.open("wb") as out:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)  # noqa: S603 (our own command)
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def wait_until(ready: Callable[[], bool], child: subprocess.Popen[bytes], log: Path, seconds: float = 20) -> float:
    """How many seconds it took until `ready`; ends the program, with what the child said, when it never is."""
    began = time.perf_counter()
    while not ready():
        if child.poll() is not None or time.perf_counter() - began > seconds:
            sys.exit(f"{child.args!r} did not become ready:\n{log.read_text(errors='replace')[-4000:]}")
        time.sleep(0.005)
    return time.perf_counter() - began


def stat_of(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on; the second, a name in brackets, may hold anything."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def tree(root: int) -> list[int]:
    """A process and all its descendants."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (fields := stat_of(int(entry.name))):
            children[int(fields[1])].append(int(entry.name))
    found = [root]
    for pid in found:
        found += children[pid]
    return found


def cpu_seconds(root: int) -> float:
    """CPU time of a tree so far, with that of children which have ended and were waited for."""
    return sum(own_cpu(pid) + ended_children_cpu(pid) for pid in tree(root))


def own_cpu(pid: int) -> float:
    """From the kernel's clock of that process, exact to the nanosecond; /proc counts ticks of 10 ms only."""
    try:
        return time.clock_gettime((~pid << 3) | 2)  # what clock_getcpuclockid(3) gives on Linux
    except OSError:
        return 0.0


def ended_children_cpu(pid: int) -> float:
    fields = stat_of(pid)
    return (int(fields[13]) + int(fields[14])) / TICK if fields else 0.0


def resident(root: int) -> int:
    """Resident bytes of a tree: of its root all, of the others their share of what several have in common.

    Interpreters of code are one program many times: most of each is the same memory, and counts once.
    """
    fields = stat_of(root)
    own = int(fields[21]) * PAGE if fields else 0
    return own + sum(share(pid) for pid in tree(root)[1:])


def share(pid: int) -> int:
    """Resident bytes of a process, those that it has in common with others divided among them."""
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def machine_cpu_seconds() -> float:
    """CPU time that the whole machine has spent, steal by other guests included."""
    fields = [int(field) for field in (PROC / "stat").read_text().split("\n", 1)[0].split()[1:]]
    user, nice, system, _, _, interrupts, soft_interrupts, steal = fields[:8]
    return (user + nice + system + interrupts + soft_interrupts + steal) / TICK
