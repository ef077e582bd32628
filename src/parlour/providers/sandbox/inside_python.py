"""What the jailed CPython runs: it takes one JSON order from its input, and tells one result. Knows only the standard
library: it is handed over as text, and sees nothing of the house.

What goes wrong in the code ends the interpreter; the last hook tells it. What the code does to this process (it may
write the result itself, or end everything) is its own loss.
"""

import json
import math
import os
import resource
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any

NAME = "<code>"
OTHER_FILES, THREADS, NICE = 64, 64, 5
LONGEST = 2000
"""Characters of what went wrong."""


def main() -> None:
    order = json.loads(sys.stdin.buffer.read())
    tell = teller()
    limit(order["seconds"], order["memory"])
    sys.path.extend(order["packages"])
    sys.excepthook = failing(tell)
    scope: dict[str, object] = {"__name__": "__main__"}
    exec(compile(order["code"], NAME, "exec"), scope)  # noqa: S102
    if "main" not in scope:
        raise NameError("there is no function `main`")
    called: Any = scope["main"]
    tell("=" + json.dumps(called(**order["inputs"])))


def teller() -> Callable[[str], None]:
    """The one way out; what the code prints goes nowhere."""
    told, nowhere = os.dup(1), os.open("/dev/null", os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)

    def tell(text: str) -> None:
        left = memoryview(text.encode())
        while left:
            left = left[os.write(told, left) :]

    return tell


def limit(seconds: float, memory: int) -> None:
    """For good: nobody in a jail may raise them again."""
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: math.ceil(seconds),
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: OTHER_FILES,
        resource.RLIMIT_NPROC: THREADS,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
    }
    for which, most in limits.items():
        resource.setrlimit(which, (most, most))
    os.nice(NICE)


def failing(tell: Callable[[str], None]) -> Callable[[type[BaseException], BaseException, TracebackType | None], None]:
    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        line = error.lineno if isinstance(error, SyntaxError) and error.filename == NAME else None
        while trace is not None:
            line = trace.tb_lineno if trace.tb_frame.f_code.co_filename == NAME else line
            trace = trace.tb_next
        said = error.msg if isinstance(error, SyntaxError) else str(error)
        tell("!" + json.dumps({"kind": kind.__name__, "message": said[:LONGEST], "line": line}))

    return hook


if __name__ == "__main__":
    main()
