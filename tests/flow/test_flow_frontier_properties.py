"""What runs of any graph, whatever ends first: each node once, after those that it waits for, if a way leads to it."""

from functools import partial
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parlour.domain.graph import Edge
from parlour.flow.frontier import Frontier
from tests.flow.branching import ORDERS, Branching, branchings, caught

Pairs = list[tuple[int, int]]
PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=14)


def runs_what_the_rule_says(made: Branching, order: Random, kind: type[Frontier] = Frontier) -> None:
    frontier = kind(made.nodes, made.edges)
    going, begun, ended = frontier.start(made.nodes[0]), list[str](), set[str]()
    begun += going
    while going:
        name = going.pop(order.randrange(len(going)))
        ended.add(name)
        ready = frontier.finish(name, made.handles[name])
        for follower in ready:
            assert {one for one in made.before(follower) if made.runs(one)} <= ended, "before those it waits for"
        going += ready
        begun += ready
        assert len(begun) <= len(made.nodes), "a node runs twice"
    assert sorted(begun) == sorted(name for name in made.nodes if made.runs(name))
    assert frontier.skipped == set(made.nodes) - set(begun)


def ends_whatever_leads_where(pairs: Pairs, order: Random, kind: type[Frontier] = Frontier) -> None:
    edges = [Edge(f"n{a}", f"n{b}") for a, b in pairs]
    frontier = kind([f"n{number}" for number in range(6)], edges)
    going, begun = frontier.start("n0"), set[str]()
    while going:
        name = going.pop(order.randrange(len(going)))
        assert name not in begun, "a node runs twice"
        assert name not in frontier.skipped
        begun.add(name)
        going += frontier.finish(name)


@given(branchings(), ORDERS)
@settings(deadline=None)
def test_a_node_runs_once_and_in_order_if_and_only_if_an_edge_into_it_is_taken(made: Branching, order: Random) -> None:
    runs_what_the_rule_says(made, order)


@given(PAIRS, ORDERS)
@settings(deadline=None)
def test_no_node_runs_twice_even_in_a_circle(pairs: Pairs, order: Random) -> None:
    ends_whatever_leads_where(pairs, order)


class Impatient(Frontier):
    def _look_at(self, node: str, ready: list[str]) -> None:
        if "taken" in self._states(node) and node not in self.decided.begun:
            self._begin(node, ready)


class WantingAll(Frontier):
    def _look_at(self, node: str, ready: list[str]) -> None:
        if set(self._states(node)) == {"taken"}:
            self._begin(node, ready)


class SkippingAlone(Frontier):
    def _skip(self, node: str, ready: list[str]) -> None:
        del ready
        self.skipped.add(node)


class LeavingByEveryWay(Frontier):
    def finish(self, node: str, handle: str | None = None) -> list[str]:
        del handle
        return super().finish(node)


class BeginningAgain(Frontier):
    def _look_at(self, node: str, ready: list[str]) -> None:
        self.decided.begun.discard(node)
        super()._look_at(node, ready)


@pytest.mark.parametrize("bug", [Impatient, WantingAll, SkippingAlone, LeavingByEveryWay])
def test_a_planted_bug_in_what_is_ready_is_caught(bug: type[Frontier]) -> None:
    assert not caught(runs_what_the_rule_says, branchings(), ORDERS, examples=100)
    assert caught(partial(runs_what_the_rule_says, kind=bug), branchings(), ORDERS)


def test_a_circle_that_begins_again_is_caught() -> None:
    assert caught(partial(ends_whatever_leads_where, kind=BeginningAgain), PAIRS, ORDERS)
