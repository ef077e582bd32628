"""One who reads a run across its pauses: what it says now, and what it says when it goes on. Knows no wire.

Read it as a `Reader` of one log; where nothing is known of the run, it begins when the run goes on.
"""

from parlour.domain.events import AnyEvent
from parlour.runs.log import Reader, RunLog
from parlour.runs.resumptions import Resumptions
from parlour.runs.run import Run


class Following:
    """One task at a time. `through`: past the next pause, too, and the one after it."""

    def __init__(
        self, resumptions: Resumptions, run_id: str, run: Run | None, position: int = 0, *, through: bool = False
    ) -> None:
        self._resumptions = resumptions
        self._run_id = run_id
        self._through = through
        self._run = run
        self._reader = Reader(RunLog() if run is None else run.log, position)
        self._waits = run is None
        self._gone = False
        if run is None:
            resumptions.listen(run_id, self)

    @property
    def done(self) -> bool:
        """Whether there is nothing left to read, nor ever will be."""
        return self._gone or (not self._waits and self._reader.done)

    async def next(self) -> list[AnyEvent]:
        """As `Reader.next`."""
        events = await self._reader.next()
        run = self._run
        if run is not None and not self._waits and self._reader.done:
            run.heard = True
            if self._through and run.record.status == "paused":
                self._waits = True
                self._reader = Reader(RunLog())
                self._resumptions.listen(self._run_id, self)
        return events

    def go_on(self, run: Run | None) -> None:
        """The run is there again; or it will never be."""
        waiting = self._reader
        self._gone = run is None
        if run is not None:
            self._run, self._waits = run, False
            self._reader = Reader(run.log, run.resumed_at or 0)
        waiting.wake()

    def wake(self) -> None:
        self._reader.wake()

    def leave(self) -> None:
        """Nobody reads on."""
        self._resumptions.leave(self._run_id, self)
