"""The process that reads one document: `python -m parlour.rag.extract FORMAT`, its bytes in, its text out.

The first byte out says what follows: `+` the text, `-` why there is none. What a document does to this process it does
to nobody else: memory and time are bounded, no file can be written, and it dies with its parent. Knows no format.
"""

import ctypes
import os
import resource
import signal
import sys
from importlib import import_module

from parlour.rag.extract import Unreadable

MOST_MEMORY = 768 * 1024 * 1024
MOST_SECONDS = 20
"""Of computing."""
NICE = 5
ON_PARENTS_DEATH = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


def main() -> None:
    bound()
    data = sys.stdin.buffer.read()
    try:
        # by name, and here: what a format needs is loaded for that format alone, and never in the server
        told = "+" + import_module(f"parlour.rag.extract.{sys.argv[1]}").text(data)
    except Unreadable as error:
        told = f"-{error}"
    except (MemoryError, RecursionError):
        told = "-It takes more memory than a document may: split it into several."
    sys.stdout.buffer.write(told.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()
    os._exit(0)  # libraries that clean up may fall over what the document broke


def bound() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(ON_PARENTS_DEATH, signal.SIGKILL)
    os.nice(NICE)
    for what, most in (
        (resource.RLIMIT_AS, MOST_MEMORY),
        (resource.RLIMIT_CPU, MOST_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    main()
