"""Inputs against a form: every row of contract 2.3."""

import pytest
from msgspec.structs import replace

from parlour.domain.app import Field
from parlour.domain.files import FileRef, FileRules
from parlour.domain.problems import InvalidParam
from parlour.wire.form import check

ID = "0b7e1c1e-1111-4222-8333-abcdefabcdef"
URL = "https://example.org/a.png"
TEXT = Field("text-input", "v", max_length=5)
PARAGRAPH = Field("paragraph", "v")
SELECT = Field("select", "v", options=("red", "blue"))
NUMBER = Field("number", "v")
CHECKBOX = Field("checkbox", "v")
OBJECT = Field("json_object", "v")
FILE = Field("file", "v", files=FileRules(enabled=True, types=("image",)))
FILES = Field("file-list", "v", max_length=2, files=FileRules(enabled=True, types=("image",), limit=1))
EXTERNAL = Field("external_data_tool", "v")
EVERY = (TEXT, PARAGRAPH, SELECT, NUMBER, CHECKBOX, OBJECT, FILE, FILES, EXTERNAL)

BY_URL: dict[str, object] = {"type": "image", "transfer_method": "remote_url", "url": URL}
BY_ID: dict[str, object] = {"type": "image", "transfer_method": "local_file", "upload_file_id": ID}
REF_URL = FileRef("image", "remote_url", url=URL)
REF_ID = FileRef("image", "local_file", upload_file_id=ID)


def required(field: Field) -> Field:
    return replace(field, required=True)


GOOD: list[tuple[Field, object, object]] = [
    (TEXT, "hello", "hello"),
    (required(TEXT), "", ""),
    (TEXT, "žluté"[:5], "žluté"),
    (replace(TEXT, max_length=0), "x" * 5_000, "x" * 5_000),
    (PARAGRAPH, "a\nb", "a\nb"),
    (SELECT, "blue", "blue"),
    (NUMBER, 7, 7),
    (NUMBER, -1.5, -1.5),
    (NUMBER, "12", 12),
    (NUMBER, " -3 ", -3),
    (NUMBER, "1.50", 1.5),
    (NUMBER, ".5", 0.5),
    (NUMBER, "1.5e3", 1500.0),
    (NUMBER, "", None),
    (required(NUMBER), "  ", None),
    (CHECKBOX, True, True),
    (CHECKBOX, "Yes", True),
    (CHECKBOX, "off", False),
    (CHECKBOX, 0, False),
    (CHECKBOX, 1, True),
    (OBJECT, {"a": [1]}, {"a": [1]}),
    (OBJECT, {}, {}),
    (FILE, BY_URL, REF_URL),
    (FILE, BY_ID, REF_ID),
    (FILE, "", None),
    (FILE, {"type": "image", "transfer_method": "remote_url", "url": ""}, None),
    (FILES, [BY_URL, BY_ID], (REF_URL, REF_ID)),
    (FILES, [BY_URL, {}], (REF_URL,)),
    (FILES, [], ()),
    (required(FILES), [], ()),
    (FILES, "", None),
    (replace(FILES, max_length=0), [BY_ID] * 30, (REF_ID,) * 30),
    (EXTERNAL, "x", "x"),
    (EXTERNAL, 7, 7),
]
BAD: list[tuple[Field, object, str]] = [
    (TEXT, "too long", "5 characters"),
    (TEXT, 7, "must be a string"),
    (TEXT, True, "must be a string"),
    (PARAGRAPH, ["a"], "must be a string"),
    (PARAGRAPH, {"a": 1}, "invalid input type"),
    (SELECT, "green", "red, blue"),
    (SELECT, "", "red, blue"),
    (required(SELECT), "", "red, blue"),
    (SELECT, 7, "must be a string"),
    (NUMBER, "seven", "valid number"),
    (NUMBER, "1_000", "valid number"),
    (NUMBER, "١٢", "valid number"),
    (NUMBER, "inf", "valid number"),
    (NUMBER, "nan", "valid number"),
    (NUMBER, "1.0e999", "valid number"),
    (NUMBER, "9" * 5_000, "valid number"),
    (NUMBER, float("inf"), "valid number"),
    (NUMBER, 10**400, "valid number"),
    (NUMBER, True, "valid number"),
    (NUMBER, [1], "valid number"),
    (NUMBER, {"a": 1}, "invalid input type"),
    (CHECKBOX, "maybe", "true or false"),
    (CHECKBOX, 2, "true or false"),
    (CHECKBOX, {}, "true or false"),
    (OBJECT, [], "JSON object"),
    (OBJECT, "{}", "JSON object"),
    (FILE, "x", "must be a file"),
    (FILE, [BY_URL], "must be a file"),
    (required(FILE), "", "must be a file"),
    (required(FILE), {}, "must be a file"),
    (FILE, BY_URL | {"type": "audio"}, "audio is not allowed"),
    (FILES, BY_URL, "list of files"),
    (required(FILES), "", "list of files"),
    (FILES, [BY_URL] * 3, "limit is 2"),
    (FILES, ["x"], "must be an object"),
    (FILES, [BY_URL | {"type": "video"}], "video is not allowed"),
    (EXTERNAL, {}, "invalid input type"),
    (EXTERNAL, [], "invalid input type"),
]


@pytest.mark.parametrize(("field", "given", "read"), GOOD, ids=lambda value: repr(value)[:30])
def test_a_value_that_fits_its_field_is_converted(field: Field, given: object, read: object) -> None:
    found = check({"v": given}, (field,))["v"]
    assert found == read
    assert type(found) is type(read)


@pytest.mark.parametrize(("field", "given", "words"), BAD, ids=lambda value: repr(value)[:30])
def test_a_value_that_does_not_fit_is_refused_with_the_reason(field: Field, given: object, words: str) -> None:
    with pytest.raises(InvalidParam, match=words) as caught:
        check({"v": given}, (field,))
    assert caught.value.params == "v"
    assert caught.value.message.startswith("v")
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("field", EVERY, ids=lambda field: field.kind)
@pytest.mark.parametrize("inputs", [{}, {"v": None}], ids=["absent", "null"])
def test_a_required_variable_that_is_missing_is_named(field: Field, inputs: dict[str, object]) -> None:
    with pytest.raises(InvalidParam, match=r"^v is required in input form$"):
        check(inputs, (required(field),))


@pytest.mark.parametrize("field", EVERY, ids=lambda field: field.kind)
@pytest.mark.parametrize("default", [None, ""])
def test_an_optional_variable_without_default_is_null(field: Field, default: object) -> None:
    assert check({}, (replace(field, default=default),)) == {"v": None}
    assert check({"v": None}, (replace(field, default=default),)) == {"v": None}


def test_a_default_stands_in_and_is_checked_as_a_value_is() -> None:
    assert check({}, (replace(NUMBER, default="7"),)) == {"v": 7}
    assert check({}, (replace(SELECT, default="red"),)) == {"v": "red"}
    assert check({"v": "blue"}, (replace(SELECT, default="red"),)) == {"v": "blue"}
    with pytest.raises(InvalidParam):
        check({}, (replace(SELECT, default="green"),))


def test_only_declared_variables_are_kept_in_the_order_of_the_form() -> None:
    form = (Field("paragraph", "b"), Field("paragraph", "a"))
    assert list(check({"a": "1", "x": object(), "b": "2"}, form).items()) == [("b", "2"), ("a", "1")]
    assert check({"x": "1"}, ()) == {}
