"""A line of the log for each run that has ended: which, how, and how long it took. Nothing of what was said.

Knows no wire and no store.
"""

import logging
from collections.abc import Callable

from parlour.runs.run import Run

log = logging.getLogger(__name__)


class RunLines:
    """Told of the runs of this process."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began: dict[str, float] = {}

    def begun(self, run: Run) -> None:
        self._began[run.ids.task_id] = self._clock()

    def ended(self, run: Run) -> None:
        ids, status = run.ids, run.record.status
        took = round(self._clock() - self._began.pop(ids.task_id, self._clock()), 3)
        fields: dict[str, object] = {
            "app": run.app,
            "status": status,
            "seconds": took,
            "task_id": ids.task_id,
            "message_id": ids.message_id,
            "conversation_id": ids.conversation_id,
            "workflow_run_id": ids.workflow_run_id,
            "tokens": sum(usage.total_tokens for usage in run.record.spent),
            "failure": "" if run.record.problem is None else run.record.problem.code,
        }
        told = {name: value for name, value in fields.items() if value != ""}
        log.info("run of %s: %s after %g s, task %s", run.app, status, took, ids.task_id, extra={"fields": told})
