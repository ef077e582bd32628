"""The life of a process that holds an engine: load it, say so, answer request after request. Knows no engine."""

import sys
from collections.abc import Callable, Iterator

from parlour.providers.local.child import begin
from parlour.providers.voice.frames import END, FAILURE, PIECE, asked, frame

Answer = Callable[[bytes], Iterator[bytes]]


def serve(load: Callable[[], Answer]) -> None:
    told = begin()
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
