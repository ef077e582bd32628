"""What the process for JavaScript runs: QuickJS within WebAssembly, a fresh one for each order. Knows only what it is
linked to: it is handed over as text, and sees nothing of the house.

Orders come as JSON behind their length, results go the same way. WebAssembly is the wall between the code and this
process; where there is a jail, this process stands in it.
"""

import asyncio
import json
import os
import re
import resource
import sys
import time
from typing import Any, BinaryIO

sys.path.extend(sys.argv[1:])

import quickjs_rs
import wasmtime

NICE = 5
ITSELF = 256 * 1024 * 1024
"""Bytes that the interpreter may take; beside them a result is held three times at most."""
LONGEST = 2000
PRELUDE = """
globalThis.console = Object.freeze(Object.fromEntries(
    ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'table'].map(name => [name, () => {}])));
"""
NOTHING = "\n;void 0"
"""Said last, so that what is said before it need not be carried out here."""
CALL = """
await (async function outermost(stringify, inputs) {
    const told = await main(inputs);
    return stringify(told === undefined ? null : told);
})(JSON.stringify, JSON.parse(%s))
"""


def main() -> None:
    orders, told = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with quickjs_rs.Runtime() as runtime:
        runtime.new_context()  # what takes long is done once
    send(told, "ready")
    loop = asyncio.new_event_loop()
    while order := read(orders):
        resource.setrlimit(resource.RLIMIT_DATA, (ITSELF + 3 * order["memory"],) * 2)
        send(told, loop.run_until_complete(run(order))[: order["output"] + 2])


async def run(order: dict[str, Any]) -> str:
    began = time.monotonic()
    with quickjs_rs.Runtime(memory_limit=order["memory"]) as runtime:
        context = runtime.new_context(timeout=order["seconds"])
        try:
            context.eval(PRELUDE + NOTHING)
            context.eval(order["code"] + NOTHING)
            return "=" + await context.eval_async(CALL % json.dumps(json.dumps(order["inputs"])))
        except quickjs_rs.JSError as error:
            return failure(error.name, error.message, error.stack)
        except quickjs_rs.DeadlockError:  # a promise that was broken off by the clock looks the same
            late = time.monotonic() - began >= order["seconds"]
            return failure("TimeoutError" if late else "Error", "main waits for a promise that nothing will keep")
        except quickjs_rs.QuickJSError as error:
            return failure(type(error).__name__, str(error))
        except wasmtime.Trap:
            return failure("RangeError", "the code calls itself too deeply")


def failure(kind: str, message: str, stack: str | None = None) -> str:
    """With the innermost line of the code that the stack names."""
    places = (
        re.search(r"eval_script:(\d+)", place) for place in (stack or "").splitlines() if "outermost" not in place
    )
    line = next((int(place[1]) for place in places if place), None)
    return "!" + json.dumps({"kind": kind, "message": message[:LONGEST], "line": line})


def read(orders: BinaryIO) -> dict[str, Any] | None:
    length = int.from_bytes(orders.read(4), "big")
    return json.loads(orders.read(length)) if length else None


def send(told: BinaryIO, text: str) -> None:
    encoded = text.encode(errors="replace")
    told.write(len(encoded).to_bytes(4, "big") + encoded)
    told.flush()


if __name__ == "__main__":
    main()
