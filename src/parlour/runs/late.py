"""Runs that could not be saved at their end, saved when it can be done again: else they would never have ended.

Knows no store. Their readers were told that they failed.
"""

import asyncio
import logging

from parlour.ports import Ports
from parlour.runs import rows
from parlour.runs.run import Run

log = logging.getLogger(__name__)

PAUSE = 2.0
"""Seconds between two tries."""


async def save_late(run: Run, error: str, ports: Ports) -> None:
    failed = True
    while failed:
        await asyncio.sleep(PAUSE)
        [result] = await asyncio.gather(rows.save(run, "error", error, ports), return_exceptions=True)
        failed = result is not None
    log.warning("a run is saved that could not be: task %s", run.ids.task_id)
