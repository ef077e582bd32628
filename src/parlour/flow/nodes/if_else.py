"""One way of several, by conditions (dsl.md 6.7). Does not know how values are compared: `flow/conditions.py` does."""

from collections.abc import AsyncGenerator, Iterable

from msgspec import Struct

from parlour.domain.graph import Node
from parlour.flow.conditions import COMPARISONS, Condition, judge
from parlour.flow.node import Fault, NodeFailed, Result, Say, Scope
from parlour.flow.values import json_form


class Case(Struct, frozen=True):
    case_id: str | None = None
    id: str | None = None
    """Some files name it so."""
    logical_operator: str | None = "and"
    conditions: tuple[Condition, ...] = ()

    def handle(self, number: int) -> str:
        """By which way the node is left when it holds; the first one's is `true` where nothing is said."""
        return self.case_id or self.id or ("true" if not number else str(number))


class Config(Struct, frozen=True):
    cases: tuple[Case, ...] | None = None
    conditions: tuple[Condition, ...] | None = None
    """A single case, as the oldest files have it."""
    logical_operator: str | None = "and"

    @property
    def all_cases(self) -> tuple[Case, ...]:
        single = Case("true", None, self.logical_operator, self.conditions or ())
        return self.cases or ((single,) if self.conditions is not None else ())


async def run(config: Config, scope: Scope) -> AsyncGenerator[Say, None]:
    looked: list[object] = []
    groups: list[object] = []
    taken = ""
    for number, case in enumerate(config.all_cases):
        try:
            verdict = judge(case.conditions, case.logical_operator, scope.pool)
        except NodeFailed as failed:
            raise scope.failed(failed.message, failed.kind) from failed
        handle = case.handle(number)
        looked += map(json_form, verdict.looked)
        groups.append({"group": handle, "results": list(verdict.results), "final_result": verdict.holds})
        scope.inputs, scope.process = {"conditions": looked}, {"condition_results": groups}
        if verdict.holds:
            taken = handle
            break
    chosen = taken or "false"
    yield Result({"result": bool(taken), "selected_case_id": chosen}, handle=chosen)


def check(config: Config, node: Node) -> Iterable[Fault]:
    for case in config.all_cases:
        for condition in case.conditions:
            if (word := condition.comparison_operator or "") not in COMPARISONS:
                yield Fault("refused", node.id, f"comparison {word!r}", "is not known: a run fails when it gets there")
