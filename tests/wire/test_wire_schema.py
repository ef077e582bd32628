"""Values against a JSON Schema: the place of what does not fit, and schemas and values that are made to hurt."""

import json
from time import process_time

import pytest

from parlour.domain.schema import misfit


def test_a_value_that_fits_has_no_reason() -> None:
    assert misfit('{"type": "object"}', {"a": 1}) == ""


def test_the_reason_tells_the_place_and_stays_short() -> None:
    schema = json.dumps({"properties": {"a": {"items": {"type": "integer"}}}})
    assert misfit(schema, {"a": [1, "x"]}) == 'a.1: "x" is not of type "integer"'
    assert len(misfit(schema, {"a": ["x" * 10_000]})) == 200


def test_a_schema_that_cannot_be_used_lets_nothing_through() -> None:
    assert misfit("[", {}) != ""
    assert "Retrieval is disabled" in misfit('{"$ref": "https://example.org/s.json"}', {})


@pytest.mark.parametrize("pattern", ["(a+)+$", "(?=a)(a|aa)+$"])
def test_a_pattern_that_would_take_for_ever_does_not_fit_soon(pattern: str) -> None:
    began = process_time()
    assert misfit(json.dumps({"properties": {"a": {"pattern": pattern}}}), {"a": "a" * 60 + "!"})
    assert process_time() - began < 2
