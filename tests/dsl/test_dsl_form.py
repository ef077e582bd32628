"""Input forms: every kind of field, every name, and the declarations as they were written."""

import json
from typing import Any, get_args

import pytest

from parlour.domain.app import Field, FieldKind
from parlour.domain.files import FileRules
from tests.dsl.dsl_samples import app, findings, line_of, refusals, sample


def form(*entries: object) -> tuple[Field, ...]:
    return app(user_input_form=list(entries)).form


@pytest.mark.parametrize("kind", get_args(FieldKind))
def test_every_kind_of_field_is_read_and_kept_as_written(kind: FieldKind) -> None:
    written: dict[str, object] = {"label": "名前", "variable": "name", "required": False, "hide": True, "default": None}
    (field,) = form({kind: written})
    assert (field.kind, field.variable, field.label, field.required) == (kind, "name", "名前", False)
    assert field.raw == written


def test_a_select_has_its_options_and_a_default_among_them() -> None:
    select = {"variable": "lang", "options": ["中文", "English", 3, 1.50], "default": "中文", "required": True}
    (field,) = form({"select": select})
    assert field.options == ("中文", "English", "3", "1.5")
    assert (field.default, field.required, field.label) == ("中文", True, "lang")
    assert "must be one of the options" in refusals(sample(user_input_form=[{"select": select | {"default": "日本"}}]))


@pytest.mark.parametrize("kind", ["select", "number", "checkbox", "file", "file-list", "json_object"])
def test_a_blank_default_is_none_where_blank_is_no_value(kind: str) -> None:
    (field,) = form({kind: {"variable": "a", "default": ""}})
    assert field.default is None


@pytest.mark.parametrize("kind", ["text-input", "paragraph"])
def test_a_blank_default_of_a_text_stays(kind: str) -> None:
    (field,) = form({kind: {"variable": "a", "default": ""}})
    assert field.default == ""


@pytest.mark.parametrize(("written", "length"), [(48, 48), (None, 0), (0, 0), (-1, 0), ("", 0), ("48", 48), (48.0, 48)])
def test_a_length_of_null_zero_or_less_is_no_limit(written: object, length: int) -> None:
    (field,) = form({"paragraph": {"variable": "a", "max_length": written}})
    assert field.max_length == length


@pytest.mark.parametrize("written", ["many", 1.5, True, [1], "1" * 30])
def test_a_length_that_is_no_number_is_refused(written: object) -> None:
    source = sample(user_input_form=[{"paragraph": {"variable": "a", "max_length": written}}])
    assert f"line {line_of(source, 'max_length')}: " in refusals(source)


def test_files_of_a_form_have_their_own_rules_and_a_note() -> None:
    rules = {"allowed_file_types": ["document"], "allowed_file_extensions": ["TXT"], "max_length": 4}
    one, many = form({"file": {"variable": "a"} | rules}, {"file-list": {"variable": "b"} | rules})
    methods = ("remote_url", "local_file")
    assert one.files == FileRules(True, ("document",), (".txt",), methods, 1)
    assert many.files == FileRules(True, ("document",), (".txt",), methods, 4)
    source = sample(user_input_form=[{"file": {"variable": "a"}}])
    assert "cannot show files" in findings(source, "approximated")[0].advice


@pytest.mark.parametrize(
    "name",
    ["a", "_", "A1", "x" * 100, "名前", "이름", "имя", "όνομα", "اسم", "नाम", "ชื่อ", "prénom", "🤖", "👩‍💻", "❤️", "a९"],
)
def test_variables_may_be_named_in_any_language(name: str) -> None:
    assert form({"text-input": {"variable": name}})[0].variable == name


@pytest.mark.parametrize(
    "name", ["", None, "1a", "९a", "a b", "a-b", "a.b", "a#", "{a}", "x" * 101, "a\n", "、", "a\u200b"]
)
def test_what_is_no_name_is_refused_with_its_line(name: object) -> None:
    source = sample(user_input_form=[{"text-input": {"label": "x", "variable": name}}])
    assert refusals(source).startswith(f"line {line_of(source, 'variable')}: variable ")


def test_a_name_without_its_key_is_refused_where_the_field_stands() -> None:
    source = sample(user_input_form=[{"text-input": {"variable": "ok"}}, {"paragraph": {"label": "x"}}])
    assert refusals(source).startswith(f"line {line_of(source, 'paragraph')}: variable ``: is missing")


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"text": {"variable": "a"}}, "field type text: must be one of text-input"),
        ({"text-input": {"variable": "a"}, "paragraph": {"variable": "b"}}, "must have one key"),
        ({}, "must have one key"),
        ({"text-input": "a"}, "text-input: must be a mapping"),
        ("text-input", "user_input_form.1: must be a mapping"),
        ({"text-input": {"variable": "a", "required": "yes"}}, "required: must be `true` or `false`"),
        ({"select": {"variable": "a", "options": [True]}}, "options.1: must be text: put it in quotes"),
        ({"select": {"variable": "a", "options": "x,y"}}, "options: must be a list"),
    ],
)
def test_a_field_that_is_not_understood_is_refused(entry: object, says: str) -> None:
    assert says in refusals(sample(user_input_form=[entry]))


def test_a_name_may_be_used_once() -> None:
    source = sample(user_input_form=[{"text-input": {"variable": "a"}}, {"paragraph": {"variable": "a"}}])
    assert refusals(source).startswith(f"line {line_of(source, 'paragraph')}: variable a: is declared twice")


def test_what_an_external_tool_would_fill_stays_empty_and_is_never_asked_for() -> None:
    tool = {"enabled": True, "type": "api", "variable": "weather", "label": "天気", "config": {"x": 1}}
    listed = {"external_data_tool": tool | {"required": True}}
    sources: list[dict[str, Any]] = [
        {"external_data_tools": [tool]},
        {"user_input_form": [listed], "external_data_tools": [tool]},
    ]
    for source in sources:
        (field,) = app(**source).form
        assert (field.kind, field.variable, field.required) == ("external_data_tool", "weather", False)
        assert field.default == ""
        assert "stays empty" in findings(sample(**source), "approximated")[0].advice
    assert app(external_data_tools=[tool | {"enabled": False}]).form == ()


@pytest.mark.parametrize("schema", [None, "", {}])
def test_an_object_without_a_schema_may_be_any(schema: object) -> None:
    assert form({"json_object": {"variable": "a", "json_schema": schema}})[0].schema == ""


def test_a_schema_is_a_mapping_or_its_json() -> None:
    written = {"type": "object", "required": ["a"]}
    as_json = json.dumps(written)
    for schema in (written, as_json):
        assert form({"json_object": {"variable": "a", "json_schema": schema}})[0].schema == as_json


@pytest.mark.parametrize(
    "schema", ["{", "5", 5, {"type": "thing"}, {"$ref": "https://example.org/s.json"}, {"$ref": "file:///etc/passwd"}]
)
def test_what_is_no_schema_or_points_outside_is_refused_with_its_line(schema: object) -> None:
    source = sample(user_input_form=[{"json_object": {"variable": "a", "json_schema": schema}}])
    line = line_of(source, "json_schema")
    assert refusals(source).startswith(f"line {line}: ")
    assert "is no JSON Schema that can be used" in refusals(source)
