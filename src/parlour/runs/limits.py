"""What an operator says of the life of runs, and of how many there may be. Knows no run."""

from msgspec import Struct

from parlour.domain.workflow_run import Level


class Limits(Struct, frozen=True):
    """Bounds on the life of a run, on how many there may be, and on how long finished ones stay readable."""

    run_seconds: float = 1200
    kept_seconds: float = 600
    kept_bytes: int = 4 * 1024 * 1024
    active: int = 0
    """How many runs one app may have at a time; 0 is no limit."""
    active_of: dict[str, int] = {}
    """The same for single apps, by name; the smaller limit holds."""
    record: Level = "meta"
    """How much is kept of the nodes of a run."""
    record_of: dict[str, Level] = {}
    """The same for single apps, by name."""
    durable: frozenset[str] = frozenset()
    """The apps, by name, whose runs go on after the end of their process."""

    def level(self, app: str) -> Level:
        return self.record_of.get(app, self.record)

    def allowed(self, app: str) -> int:
        return min((limit for limit in (self.active, self.active_of.get(app, 0)) if limit), default=0)
