"""What of a graph does not run, for those who load apps. Knows no file: where a node stands, others know."""

from parlour.domain.app import FlowApp
from parlour.flow import plan
from parlour.flow.checks import checks
from parlour.flow.node import Fault
from parlour.flow.selectors import lost

__all__ = ["Fault", "faults"]


def faults(app: FlowApp) -> tuple[Fault, ...]:
    """All that does not run, or not quite as it is written."""
    return (*plan.faults(app.graph), *checks(app), *lost(app))
