"""The load generator as a process of its own, so that it never shares a thread with what measures it.

Does not know what a load asks for.
"""

import subprocess
import sys

import msgspec

from bench.load import Load, Outcome
from bench.processes import resident
from bench.servers import ROOT


def generate(load: Load, *watched: int) -> tuple[Outcome, int]:
    """Sends a load from a process of its own; gives what came of it, and the peak size of the watched trees."""
    peak = sum(map(resident, watched))
    command = [sys.executable, "-m", "bench.load"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as child:  # noqa: S603 (our own command)
        question: bytes | None = msgspec.json.encode(load)
        while True:
            try:
                answer, _ = child.communicate(question, timeout=0.2)
            except subprocess.TimeoutExpired:
                question = None
                peak = max(peak, sum(map(resident, watched)))
                continue
            break
    if child.returncode:
        sys.exit("the load generator failed")
    return msgspec.json.decode(answer, type=Outcome), peak
