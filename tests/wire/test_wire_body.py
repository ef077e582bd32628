"""Bytes to a JSON object: contract 1.2, 1.4 and the rules of 2.1 that many requests share."""

import pytest
from msgspec import json

from parlour.domain.problems import BadRequest, InvalidParam, Problem, UnsupportedMediaType
from parlour.wire.body import (
    DEEPEST,
    MOST,
    boolean,
    decode,
    identifier,
    optional_user,
    text,
    user,
    uuid,
)

ID = "0b7e1c1e-1111-4222-8333-abcdefabcdef"


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.api+json ;q=1"],
)
def test_json_by_any_of_its_names_is_read(content_type: str) -> None:
    assert decode(content_type, b'{"a": 1}') == {"a": 1}


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "text/json", "json"])
def test_a_body_that_is_not_declared_as_json_is_415(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        decode(content_type, b"{}")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  \n",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"7",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": "\xff"}',
        b"\x00",
        b'{"a": "\x00"}',
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a": ' + b'{"a":' * 2_000 + b"1" + b"}" * 2_000 + b"}",
        b'{"a": ' + b"[" * DEEPEST + b"]" * DEEPEST + b"}",
        b'{"a": [' + b"[]," * MOST + b"[]]}",
        b'{"a": ' + b"9" * 309 + b"}",
        b'{"a": -' + b"9" * 4_299 + b"}",
        b'{"a": ' + b"9" * 50_000 + b"}",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_reasonable_json_object_is_400(body: bytes) -> None:
    with pytest.raises(BadRequest) as caught:
        decode("application/json", body)
    assert caught.value.message


def test_nesting_and_numbers_within_the_limits_pass() -> None:
    deep = b'{"a": ' + b"[" * (DEEPEST - 1) + b"]" * (DEEPEST - 1) + b', "n": ' + b"9" * 305 + b"}"
    assert json.encode(decode("application/json", deep))
    wide = b'{"a": [' + b"[]," * 500 + b"[]]}"
    assert len(decode("application/json", wide)["a"]) == 501  # pyright: ignore[reportArgumentType]
    code = b'{"a": "' + rb"{\"[\\" * MOST + b'"}'
    assert len(decode("application/json", code)["a"]) == 4 * MOST  # pyright: ignore[reportArgumentType]


def test_a_byte_order_mark_is_passed_over() -> None:
    assert decode("application/json", b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


@pytest.mark.parametrize(
    ("escaped", "read"),
    [
        (rb"\ud800", "\ufffd"),
        (rb"a\udc00b", "a\ufffdb"),
        (rb"\ud83d\ude00", "😀"),
        (rb"\ude00\ud83d", "\ufffd\ufffd"),
        (rb"a\u0000b", "ab"),
        (rb"\u0000", ""),
        (rb"\\\\ud800", "\\\\ud800"),
        (rb"\\\\\ud83d\\n", "\\\\\ufffd\\n"),
        (rb"\ud83d\ud83d\ude00", "\ufffd😀"),
        (rb"\uD83D\u0041", "\ufffdA"),
        (rb"\u017elu\u0165", "žluť"),
    ],
)
def test_strings_come_out_as_utf_8_can_hold_them(escaped: bytes, read: str) -> None:
    body = b'{"a": "' + escaped + b'", "' + escaped + b'x": [{"b": "' + escaped + b'"}]}'
    found = decode("application/json", body)
    assert found == {"a": read, read + "x": [{"b": read}]}
    assert json.decode(json.encode(found)) == found


@pytest.mark.parametrize(
    ("given", "read"), [("u-7", "u-7"), (5, "5"), ("5", "5"), (1.5, "1.5"), (" ", " "), ("0", "0")]
)
def test_a_user_is_any_text_or_number(given: object, read: str) -> None:
    assert user({"user": given}) == read
    assert optional_user({"user": given}) == read


@pytest.mark.parametrize("body", [{}, {"user": None}, {"user": ""}, {"user": 0}, {"user": False}])
def test_a_missing_user_is_refused_or_the_default(body: dict[str, object]) -> None:
    with pytest.raises(InvalidParam) as caught:
        user(body)
    assert (caught.value.message, caught.value.params) == ("Arg user must be provided.", "user")
    assert optional_user(body) == "DEFAULT-USER"


@pytest.mark.parametrize("given", [["u"], {"id": "u"}, True])
def test_a_user_that_is_neither_text_nor_number_is_refused(given: object) -> None:
    for read in (user, optional_user):
        with pytest.raises(InvalidParam):
            read({"user": given})


@pytest.mark.parametrize(
    ("given", "read"),
    [
        *[(value, True) for value in (True, 1, 1.0, "true", "TRUE", "1", "yes", "on", " On ")],
        *[(value, False) for value in (False, 0, 0.0, "false", "False", "0", "no", "off")],
    ],
)
def test_booleans_are_read_leniently(given: object, *, read: bool) -> None:
    assert boolean({"b": given}, "b", default=not read) is read


def test_a_boolean_has_a_default_and_no_other_words() -> None:
    assert boolean({}, "b", default=True)
    assert not boolean({"b": None}, "b", default=False)
    wrongs: list[object] = ["", "maybe", 2, -1, [], {}, [True]]
    for wrong in wrongs:
        with pytest.raises(InvalidParam, match="b: must be") as caught:
            boolean({"b": wrong}, "b", default=True)
        assert caught.value.params == "b"


@pytest.mark.parametrize(
    "given", [ID, ID.upper(), f" {ID} ", ID.replace("-", ""), f"{{{ID}}}", f"urn:uuid:{ID}", f"URN:UUID:{ID.upper()}"]
)
def test_every_textual_form_of_a_uuid_is_normalised(given: str) -> None:
    assert identifier(given) == ID
    assert uuid({"id": given}, "id") == ID


@pytest.mark.parametrize("given", ["", " ", None])
def test_no_uuid_is_an_empty_one(given: object) -> None:
    assert uuid({"id": given}, "id") == ""
    assert uuid({}, "id") == ""


@pytest.mark.parametrize(
    "given", ["abc", ID + "0", ID[:-1], ID.replace("0b7e", "0b_e"), "{" * 32, 7, True, {}, [ID], ID + "\n" + ID]
)
def test_what_is_no_uuid_is_refused_by_the_name_of_its_member(given: object) -> None:
    with pytest.raises(InvalidParam, match="conversation_id") as caught:
        uuid({"conversation_id": given}, "conversation_id")
    assert caught.value.params == "conversation_id"


def test_text_has_a_default_and_must_be_a_string() -> None:
    assert text({}, "name", "x") == text({"name": None}, "name", "x") == "x"
    assert text({"name": ""}, "name", "x") == ""
    with pytest.raises(Problem, match="name: must be a string"):
        text({"name": 7}, "name")
