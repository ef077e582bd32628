"""What stages are made of. Knows no stage."""

from collections.abc import AsyncGenerator, Callable
from typing import Any

from parlour.domain.events import AnyEvent
from parlour.domain.turn import Turn
from parlour.ports import Ports

Events = AsyncGenerator[AnyEvent, None]
Mode = Callable[[Turn[Any], Ports], Events]
"""What an app does with a turn."""
