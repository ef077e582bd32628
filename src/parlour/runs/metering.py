"""What the runs of this process come to, in numbers, counted at the end of each.

Knows no route's inside and no store.
"""

import asyncio
import os
import time
from collections import Counter as Tally
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

from parlour.runs.deliveries import Deliveries
from parlour.runs.meters import Counter, Gauge, Histogram, Labels, text
from parlour.runs.run import Run

PAGE = os.sysconf("SC_PAGE_SIZE")
APP: Labels = ("app",)


class Going(Struct):
    """A run that has begun here."""

    app: str
    at: float
    spent: int
    """How many calls of models were known before: a run that goes on again has told of them."""


class Metering:
    """Told of runs and of requests; tells Prometheus."""

    def __init__(
        self,
        queued: Callable[[], int],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._clock = clock
        self._going: dict[str, Going] = {}
        self._resident = 0
        self.requests = Counter(
            "parlour_http_requests_total", "Requests that were answered.", ("method", "route", "status")
        )
        self.runs = Counter("parlour_runs_total", "Runs that have ended.", ("app", "outcome"))
        self.first = Histogram(
            "parlour_run_first_text_seconds", "From the beginning of a run to the first piece of its answer.", APP
        )
        self.whole = Histogram("parlour_run_seconds", "How long runs took.", APP)
        self.tokens = Counter("parlour_tokens_total", "Tokens of models, within runs.", ("app", "kind"))
        self.cost = Counter("parlour_cost_total", "What models cost, within runs.", ("app", "currency"))
        self.webhooks = Counter("parlour_webhooks_total", "Attempts to deliver a webhook.", ("app", "outcome"))
        self._gauges = [
            Gauge("parlour_runs_active", "Runs that go on.", self._active, APP),
            Gauge("parlour_writes_queued", "Writes that wait for the database.", lambda: {(): queued()}),
            Gauge("process_resident_memory_bytes", "Memory of this process.", lambda: {(): self._resident}),
            Gauge("process_cpu_seconds_total", "Processor time of this process.", used, kind="counter"),
        ]

    def follow(self, deliveries: Deliveries) -> None:
        """Tell of webhooks, too: of this process what it has tried, and of all together what they owe."""

        def owed() -> Mapping[Labels, float]:
            return {("waiting",): deliveries.backlog.waiting, ("failing",): deliveries.backlog.failing}

        deliveries.told = lambda app, outcome: self.webhooks.add((app, outcome))
        self._gauges.append(Gauge("parlour_webhooks_owed", "Webhooks that are not delivered.", owed, ("state",)))

    def begun(self, run: Run) -> None:
        self._going[run.ids.task_id] = Going(run.app, self._clock(), len(run.record.spent))

    def ended(self, run: Run) -> None:
        going = self._going.pop(run.ids.task_id, None)
        if going is None:
            return
        app = (going.app,)
        self.runs.add((going.app, run.record.status))
        self.whole.add(app, self._clock() - going.at)
        if run.word is not None and run.word.at is not None:
            self.first.add(app, run.word.at - run.began)
        for usage in run.record.spent[going.spent :]:
            self.tokens.add((going.app, "prompt"), usage.prompt_tokens)
            self.tokens.add((going.app, "completion"), usage.completion_tokens)
            if usage.total_price:
                self.cost.add((going.app, usage.price.currency), float(usage.total_price))

    def answered(self, method: str, route: str, status: int) -> None:
        self.requests.add((method, route, str(status)))

    async def text(self) -> bytes:
        self._resident = await asyncio.to_thread(resident)
        families = (self.requests, self.runs, self.first, self.whole, self.tokens, self.cost, self.webhooks)
        return text((*families, *self._gauges))

    def _active(self) -> Mapping[Labels, float]:
        return Tally((going.app,) for going in self._going.values())


def resident() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * PAGE


def used() -> dict[Labels, float]:
    times = os.times()
    return {(): times.user + times.system}
