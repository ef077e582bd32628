"""The life of a process that holds an engine: load it, say so, answer request after request. Knows no engine."""

import os
import sys
from collections.abc import Callable, Iterator

from parlour.providers.local.child import die_with_parent
from parlour.providers.voice.frames import END, FAILURE, PIECE, asked, frame

NICE = 5
"""The server goes first: it has all the other streams to serve."""

Answer = Callable[[bytes], Iterator[bytes]]


def serve(load: Callable[[], Answer]) -> None:
    die_with_parent()
    # Engines print as they like: what is left of the real output is for our frames.
    told = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    os.nice(NICE)
    answer = load()
    told.write(frame(END))
    told.flush()
    while (data := asked(sys.stdin.buffer)) is not None:
        try:
            for piece in answer(data):
                told.write(frame(PIECE, piece))
                told.flush()
        except (RuntimeError, ValueError, OSError, IndexError) as error:
            told.write(frame(FAILURE, str(error).encode()))
        told.write(frame(END))
        told.flush()
