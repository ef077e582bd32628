"""Query strings, path segments and the rename: contract 1.4, 5, 5.3, 5.4."""

from collections.abc import Callable

import pytest

from parlour.domain.problems import BadRequest, InvalidParam, NotFound
from parlour.wire.queries import (
    ConversationsQuery,
    EventsQuery,
    MessagesQuery,
    Rename,
    parse_conversations,
    parse_events,
    parse_messages,
    parse_query,
    parse_rename,
    parse_user,
    path_uuid,
    single,
)

ID = "0b7e1c1e-1111-4222-8333-abcdefabcdef"
OTHER = "1b7e1c1e-1111-4222-8333-abcdefabcdef"


def messages(raw: str) -> MessagesQuery:
    return parse_messages(parse_query(raw.encode()))


def a_page_of_messages(raw: str) -> MessagesQuery:
    return messages(f"conversation_id={ID}&{raw}")


def conversations(raw: str) -> ConversationsQuery:
    return parse_conversations(parse_query(raw.encode()))


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        (b"", {}),
        (b"a=1&b=2", {"a": "1", "b": "2"}),
        (b"&user=u", {"user": "u"}),
        (b"user=&user=u", {"user": "u"}),
        (b"user=u&user=", {"user": "u"}),
        (b"user=a&user=b", {"user": "b"}),
        (b"user=", {"user": ""}),
        (b"user=%C5%BElu%C5%A5+x", {"user": "žluť x"}),
        (b"user=%ff", {"user": "\ufffd"}),
        (b"user=a%00b", {"user": "ab"}),
        (b"\xff=\xfe&=x", {"ÿ": "þ", "": "x"}),
    ],
)
def test_a_query_string_gives_each_name_its_last_value_that_is_not_empty(raw: bytes, read: dict[str, str]) -> None:
    assert parse_query(raw) == read


def test_absurdly_many_parameters_are_refused() -> None:
    with pytest.raises(BadRequest):
        parse_query(b"a=1&" * 5_000)


def test_form_fields_follow_the_same_rule() -> None:
    assert single([("user", ""), ("user", "u"), ("x", "")]) == {"user": "u", "x": ""}


def test_defaults_are_those_of_the_contract() -> None:
    assert messages(f"conversation_id={ID}") == MessagesQuery(ID, "DEFAULT-USER", "", 20)
    assert conversations("") == ConversationsQuery("DEFAULT-USER", "", 20, "-updated_at")


def test_everything_that_can_be_said_is_read() -> None:
    found = messages(f"conversation_id={ID.upper()}&user=u&first_id={OTHER}&limit=100&pinned=true")
    assert found == MessagesQuery(ID, "u", OTHER, 100)
    found = conversations(f"user=u&last_id={OTHER}&limit=1&sort_by=created_at")
    assert found == ConversationsQuery("u", OTHER, 1, "created_at")


@pytest.mark.parametrize("parse", [a_page_of_messages, conversations])
@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1.5", "1_0", "١", "9" * 5_000])
def test_a_limit_out_of_bounds_is_400(parse: Callable[[str], object], limit: str) -> None:
    with pytest.raises(InvalidParam, match="limit") as caught:
        parse(f"limit={limit}")
    assert caught.value.params == "limit"


@pytest.mark.parametrize(("limit", "read"), [("1", 1), ("100", 100), ("", 20), ("020", 20)])
def test_a_limit_within_bounds_is_read(limit: str, read: int) -> None:
    assert conversations(f"limit={limit}").limit == read


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("user=u", "conversation_id"),
        ("conversation_id=abc", "conversation_id"),
        (f"conversation_id={ID}&first_id=abc", "first_id"),
    ],
)
def test_ids_that_are_missing_or_no_uuids_are_400(raw: str, name: str) -> None:
    with pytest.raises(InvalidParam, match=name) as caught:
        messages(raw)
    assert caught.value.params == name


def test_an_empty_conversation_id_asks_for_an_empty_page() -> None:
    assert messages("conversation_id=").conversation_id == ""
    assert messages("conversation_id=&first_id=").first_id == ""


def test_a_cursor_or_an_order_of_conversations_that_is_wrong_is_400() -> None:
    for raw, name in (("last_id=abc", "last_id"), ("sort_by=name", "sort_by")):
        with pytest.raises(InvalidParam, match=name) as caught:
            conversations(raw)
        assert caught.value.params == name
    assert conversations("last_id=&sort_by=").sort_by == "-updated_at"


@pytest.mark.parametrize("sort", ["created_at", "-created_at", "updated_at", "-updated_at"])
def test_all_four_orders_are_read(sort: str) -> None:
    assert conversations(f"sort_by={sort}").sort_by == sort


@pytest.mark.parametrize(
    ("body", "read"),
    [
        ({"name": "Trip", "user": "u"}, Rename("Trip", auto_generate=False, user="u")),
        ({"name": " Trip "}, Rename(" Trip ", auto_generate=False, user="DEFAULT-USER")),
        ({"auto_generate": True, "user": 5}, Rename("", auto_generate=True, user="5")),
        ({"auto_generate": "true", "name": "ignored"}, Rename("", auto_generate=True, user="DEFAULT-USER")),
        ({"auto_generate": None, "name": "Trip"}, Rename("Trip", auto_generate=False, user="DEFAULT-USER")),
    ],
)
def test_a_rename_is_read(body: dict[str, object], read: Rename) -> None:
    assert parse_rename(body) == read


@pytest.mark.parametrize(
    ("body", "name"),
    [({}, "name"), ({"name": " "}, "name"), ({"name": 7}, "name"), ({"auto_generate": "maybe"}, "auto_generate")],
)
def test_a_rename_without_a_name_is_400(body: dict[str, object], name: str) -> None:
    with pytest.raises(InvalidParam, match=name):
        parse_rename(body)


def test_the_events_of_a_run_need_a_user_and_may_begin_later() -> None:
    assert parse_events({"user": "u"}) == EventsQuery("u", 0)
    assert parse_events({"user": "u", "after": "12"}).after == 12
    with pytest.raises(InvalidParam, match="user"):
        parse_events({"after": "0"})
    for wrong in ("-1", "x", "1" * 20):
        with pytest.raises(InvalidParam, match="after"):
            parse_events({"user": "u", "after": wrong})


def test_a_user_by_itself_is_read() -> None:
    assert parse_user({}) == "DEFAULT-USER"
    assert parse_user({"user": 5}) == "5"


def test_a_path_that_needs_a_uuid_is_404_without_one() -> None:
    assert path_uuid(ID.upper()) == ID
    for wrong in ("abc", "", ID + "x"):
        with pytest.raises(NotFound):
            path_uuid(wrong)
