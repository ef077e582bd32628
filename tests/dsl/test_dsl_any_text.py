"""Whatever text is given: an app, or a refusal that names lines of that text. Never anything else."""

import random
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parlour.dsl.findings import Finding, Refused
from parlour.dsl.load import load
from parlour.dsl.model_config import KNOWN
from parlour.dsl.variables import KINDS as VARIABLES
from parlour.flow.nodes import NODES
from parlour.http.reading import findings, report
from tests.dsl.dsl_samples import FILES, easy_files, needs_corpus, sample
from tests.dsl.graph_samples import flow_file

quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def findings_of(source: str) -> tuple[Finding, ...]:
    try:
        return findings(load(source, name="any"))
    except Refused as refused:
        return told(refused)


BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""Where YAML, and the editors that know it, begin a new line."""


def told(refused: Refused) -> tuple[Finding, ...]:
    reasons = [finding for finding in refused.findings if finding.level == "refused"]
    assert reasons
    assert str(refused).splitlines() == [f"line {r.line}: {r.what}: {r.advice}" for r in reasons]
    assert all(reason.what and reason.advice for reason in reasons)
    return refused.findings


def check(source: str) -> None:
    found = findings_of(source)
    last = len(BREAK.findall(source)) + 2
    assert all(1 <= finding.line <= last for finding in found)
    assert list(found) == sorted(found, key=by_line)
    assert report(source, "any") == found


def by_line(finding: Finding) -> int:
    return finding.line


@quick
@given(st.text())
def test_any_text_gives_an_app_or_a_refusal(text: str) -> None:
    check(text)


@quick
@given(st.text(alphabet="ab:-[]{}&*!|>'\"#%@`?,~<=0123. \n\t"))
def test_any_text_of_the_signs_of_yaml_gives_an_app_or_a_refusal(text: str) -> None:
    check(text)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates()
WORDS = [
    "enabled",
    "image",
    "prompt",
    "text",
    "role",
    "variable",
    "default",
    "options",
    "max_length",
    "tools",
    "strategy",
    "dataset",
    "datasets",
    "stop",
    "provider",
    "name",
    "mode",
    "number_limits",
    "text-input",
    "select",
    "file",
]
words = st.sampled_from(WORDS)
values = st.recursive(scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(words, v, max_size=4), max_leaves=12)
bodies = st.dictionaries(st.sampled_from(sorted(KNOWN)), values, max_size=6)


@quick
@given(bodies, st.sampled_from(["chat", "completion"]))
def test_any_values_in_the_known_places_give_an_app_or_a_refusal(body: dict[str, object], mode: str) -> None:
    check(sample(mode, **body))


TYPES = [*NODES, "tool", "if_else", "iteration", "loop", "variable-assigner", "assigner", "http-request", "human-input"]
KEYS = [
    *("variables", "outputs", "cases", "conditions", "items", "body", "iteration_id", "answer", "model", "vision"),
    *("retry_config", "default_value", "error_strategy", "start_node_id", "version", "tool_parameters", "title"),
]
ids: st.SearchStrategy[Any] = st.sampled_from(["a", "b", "c", 1, None])
texts: st.SearchStrategy[Any] = st.sampled_from(["{{#a.b#}}", "{{#a-b.c#}}", "{{#sys.query#}}"])
data: st.SearchStrategy[Any] = st.dictionaries(
    st.sampled_from(KEYS), values | ids | texts | st.lists(st.just("a"), max_size=3), max_size=4
)
typed: st.SearchStrategy[Any] = st.tuples(st.sampled_from(TYPES), data).map(lambda pair: {"type": pair[0], **pair[1]})
nodes: st.SearchStrategy[Any] = st.lists(st.fixed_dictionaries({"id": ids, "data": typed | values}), max_size=4)
edges: st.SearchStrategy[Any] = st.lists(
    st.fixed_dictionaries({"source": ids, "target": ids}, optional={"sourceHandle": scalars}), max_size=5
)
graphs: st.SearchStrategy[Any] = st.fixed_dictionaries({"nodes": nodes | values, "edges": edges | values})
declared: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {"name": words, "value_type": st.sampled_from(sorted(VARIABLES))}, optional={"value": values}
)


@quick
@given(graphs, st.lists(declared, max_size=3) | values, st.sampled_from(["workflow", "advanced-chat"]))
def test_any_graph_gives_an_app_or_a_refusal(graph: object, variables: object, mode: str) -> None:
    check(flow_file(mode, graph=graph, environment_variables=variables, conversation_variables=variables))


@quick
@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(["kind", "version", "app", "model_config", "workflow"], values))
)
def test_any_values_at_the_top_give_an_app_or_a_refusal(document: dict[str, object]) -> None:
    check(yaml.safe_dump(document))


PIECES = [
    "",
    "  - ",
    "a: [",
    "  null",
    "    enabled: true",
    "&a",
    "*a",
    "\t",
    "'",
    "  - - 1",
    "true",
    "{{x}}",
    "version: 0.3",
    "  mode: chat",
]


def mutated(source: str, dice: random.Random) -> str:
    """Some lines of a file deleted, doubled, cut short, moved, or replaced."""
    lines = source.splitlines()
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(lines))
        line = lines[at]
        key = line.split(":")[0]
        damage = [[], [line, line], [line[: len(line) // 2]], [f" {line}"], [dice.choice(lines)], [dice.choice(PIECES)]]
        values = ["", "[]", "{}", str(dice.randint(-9, 9)), dice.choice(PIECES)]
        lines[at : at + 1] = dice.choice([*damage, *([f"{key}: {value}"] for value in values)])
    return "\n".join(lines)


@pytest.mark.parametrize("path", easy_files(), ids=lambda path: path.stem[:12])
def test_a_real_easy_file_with_damaged_lines_gives_an_app_or_a_refusal(path: Path) -> None:
    dice = random.Random(7)  # noqa: S311 -- the same damage in every run
    source = path.read_text()
    for _ in range(60):
        check(mutated(source, dice))


@needs_corpus
def test_any_real_file_with_damaged_lines_gives_an_app_or_a_refusal() -> None:
    dice = random.Random(11)  # noqa: S311 -- the same damage in every run
    small = [path for path in FILES if path.stat().st_size < 30_000]
    for path in small:
        check(mutated(path.read_text(), dice))
