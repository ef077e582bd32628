"""Variables of the environment and of a conversation: every type, what may stand for it, and what is refused."""

from typing import Any

import pytest

from parlour.domain.app import ChatflowApp
from parlour.domain.graph import Variable
from tests.dsl.dsl_samples import line_of, refusals
from tests.dsl.graph_samples import flow, flow_file, loaded


def declared(**written: Any) -> Variable:
    app = flow(conversation_variables=[{"id": "1", "name": "v", "description": "d"} | written])
    assert isinstance(app, ChatflowApp)
    [variable] = app.variables
    return variable


VALUES: list[tuple[str, Any, Any]] = [
    ("string", "a", "a"),
    ("string", 5, "5"),
    ("secret", "s", "s"),
    ("number", 3, 3),
    ("number", 2.5, 2.5),
    ("number", "3", 3),
    ("number", "3.0", 3.0),
    ("number", "", 0),
    ("boolean", True, True),
    ("object", {"a": [1]}, {"a": [1]}),
    ("object", '{"a": 1}', {"a": 1}),
    ("array[string]", ["a"], ["a"]),
    ("array[string]", "[]", []),
    ("array[number]", [1, 2.5], [1, 2.5]),
    ("array[object]", [{}], [{}]),
    ("array[boolean]", [False], [False]),
    ("array[any]", [1, "a", None], [1, "a", None]),
]


@pytest.mark.parametrize(("kind", "written", "value"), VALUES)
def test_a_variable_has_its_value(kind: str, written: object, value: object) -> None:
    found = declared(value_type=kind, value=written)
    assert found == Variable("v", kind, value, "1", "d")
    assert type(found.value) is type(value)


@pytest.mark.parametrize(
    ("kind", "zero"),
    [("string", ""), ("number", 0), ("secret", ""), ("boolean", False), ("object", {}), ("array[number]", [])],
)
def test_a_missing_value_is_the_zero_of_its_type(kind: str, zero: object) -> None:
    assert declared(value_type=kind, value=None).value == zero
    assert declared(value_type=kind).value == zero


def test_a_name_may_stand_in_the_selector_alone() -> None:
    assert declared(name=None, selector=["conversation", "mood"], value_type="string").name == "mood"


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("number", "many"),
        ("number", "nan"),
        ("number", True),
        ("number", "1e999"),
        ("string", ["a"]),
        ("boolean", "true"),
        ("object", "{"),
        ("object", [1]),
        ("object", "[" * 100_000),
        ("array[string]", [1]),
        ("array[number]", [True]),
        ("array[object]", "x"),
    ],
)
def test_a_value_of_another_type_is_refused_with_its_line(kind: str, written: object) -> None:
    source = flow_file(environment_variables=[{"name": "v", "value_type": kind, "value": written}])
    assert refusals(source) == f"line {line_of(source, 'value:')}: variable v: its value is no {kind}"


def test_what_is_declared_twice_or_has_no_name_or_no_such_type_is_refused() -> None:
    twice = [{"name": "v", "value_type": "string"}, {"name": "v", "value_type": "string"}]
    assert "variable v: is declared twice" in refusals(flow_file(environment_variables=twice))
    assert "is missing" in refusals(flow_file(environment_variables=[{"value_type": "string"}]))
    assert "variable v: text: its `value_type` must be one of string, number" in refusals(
        flow_file(environment_variables=[{"name": "v", "value_type": "text"}])
    )


def test_a_secret_that_an_export_left_out_is_told_of() -> None:
    secret = {"name": "TOKEN", "value_type": "secret", "value": ""}
    said = [one for one in loaded(flow_file(environment_variables=[secret])).findings if one.level == "approximated"]
    assert [one.what for one in said] == ["secrets TOKEN"]


def test_a_workflow_has_no_conversation_to_keep_variables_in() -> None:
    source = flow_file("workflow", conversation_variables=[{"name": "v", "value_type": "string"}])
    assert [one.advice for one in loaded(source).findings if one.level == "approximated"] == [
        "a workflow has no conversation"
    ]
