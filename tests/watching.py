"""What tests look at beside replies: generators that were left open, and what was logged."""

import logging
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet


class Generators:
    """Which async generators were begun and neither ended nor closed. One that was dropped is noted, too."""

    def __init__(self) -> None:
        self._begun = WeakSet[AsyncGenerator[Any, Any]]()
        self._dropped: list[str] = []

    def watch(self) -> None:
        """From now on; to be called within the run of the loop that is watched."""
        hooks = sys.get_asyncgen_hooks()

        def begin(generator: AsyncGenerator[Any, Any]) -> None:
            self._begun.add(generator)
            if hooks.firstiter is not None:
                hooks.firstiter(generator)

        def drop(generator: AsyncGenerator[Any, Any]) -> None:
            self._dropped.append(repr(generator))
            if hooks.finalizer is not None:
                hooks.finalizer(generator)

        if getattr(hooks.firstiter, "__qualname__", "") != begin.__qualname__:
            sys.set_asyncgen_hooks(begin, drop)

    def open(self) -> list[str]:
        running = (generator for generator in self._begun if getattr(generator, "ag_frame", None) is not None)
        return [*self._dropped, *(repr(generator) for generator in running)]


class Heard(logging.Handler):
    """What the product logs, kept."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextmanager
def logged() -> Generator[list[logging.LogRecord]]:
    heard, product = Heard(), logging.getLogger("parlour")
    product.addHandler(heard)
    try:
        yield heard.records
    finally:
        product.removeHandler(heard)
