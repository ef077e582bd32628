"""Who counts limits: all processes together while they reach each other, else each by itself. Knows no limit."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from parlour.domain.problems import Problem
from parlour.ports.limits import SharedLimits

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")

AFTER_FAILURE = 1.0
"""Seconds in which nobody is asked again: chats would wait for it."""


class Sharing:
    """Without limits that are shared this process is alone."""

    def __init__(self, limits: SharedLimits | None = None) -> None:
        self._limits = limits
        self._failed = False
        self._again_at = 0.0

    @property
    def alone(self) -> bool:
        return self._limits is None

    async def ask(self, question: Callable[[SharedLimits], Awaitable[Answer]]) -> Answer | None:
        """What the processes say together; None where they cannot be asked."""
        clock = asyncio.get_running_loop().time
        if self._limits is None or clock() < self._again_at:
            return None
        try:
            answer = await question(self._limits)
        except Problem as problem:
            self._again_at = clock() + AFTER_FAILURE
            if not self._failed:
                log.warning("limits are counted by each process for itself: %s", problem)
            self._failed = True
            return None
        if self._failed:
            log.warning("limits are counted by all processes together again")
        self._failed = False
        return answer
