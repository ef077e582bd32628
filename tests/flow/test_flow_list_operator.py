"""Lists, picked and sorted as dsl.md 6.18 says."""

from typing import Any

import pytest

from parlour.domain.files import File
from parlour.flow.node import NodeFailed
from parlour.flow.pool import Pool
from tests.flow.node_samples import attempt, node

pytestmark = pytest.mark.anyio

PICTURE = File("image", "local_file", "a.png", ".png", "image/png", 2048, "https://x/a.png", "u1")
PAPER = File("document", "remote_url", "b.pdf", "pdf", "application/pdf", 10, "https://x/b.pdf")
FILES: list[object] = [PICTURE, PAPER]


def filtered(word: str, value: object, key: str = "") -> dict[str, Any]:
    return {"filter_by": {"enabled": True, "conditions": [{"key": key, "comparison_operator": word, "value": value}]}}


async def operated(items: object, **data: Any) -> list[Any]:
    values = {"n": {"list": items, "two": 2, "b": "b"}}
    tried = await attempt(node("pick", "list-operator", variable=["n", "list"], **data), values)
    result: Any = tried.outputs["result"]
    assert tried.outputs["first_record"] == (result[0] if result else None)
    assert tried.outputs["last_record"] == (result[-1] if result else None)
    return result


@pytest.mark.parametrize(
    ("items", "word", "value", "kept"),
    [
        (["abc", "b", "c"], "contains", "b", ["abc", "b"]),
        (["abc", "b", "c"], "contains", "{{#n.b#}}", ["abc", "b"]),
        (["abc", "b", "c"], "not contains", "b", ["c"]),
        (["abc", "b"], "start with", "a", ["abc"]),
        (["abc", "b"], "end with", "c", ["abc"]),
        (["abc", "b"], "is", "b", ["b"]),
        (["abc", "b"], "is not", "b", ["abc"]),
        (["ab", "z"], "in", "abc", ["ab"]),
        (["ab", "z"], "not in", "abc", ["z"]),
        (["ab", "z"], "in", ["z", "y"], ["z"]),
        (["ab", ""], "empty", "", [""]),
        (["ab", ""], "not empty", "", ["ab"]),
        ([1, 2, 3], "=", "2", [2]),
        ([1, 2, 3], "=", "2.5", []),
        ([1, 2.5, 3], "≠", "2.5", [1, 3]),
        ([1, 2, 3], ">", "{{#n.two#}}", [3]),
        ([1, 2, 3], "<", "2", [1]),
        ([1, 2, 3], "≥", "2", [2, 3]),
        ([1, 2, 3], "≤", "2", [1, 2]),
        ([True, False, True], "is", True, [True, True]),
        ([True, False], "is not", "true", [False]),
    ],
)
async def test_items_that_fit_are_kept(items: list[object], word: str, value: object, kept: list[object]) -> None:
    assert await operated(items, **filtered(word, value)) == kept


@pytest.mark.parametrize(
    ("key", "word", "value", "kept"),
    [
        ("type", "in", ["image"], [PICTURE]),
        ("type", "not in", ["image", "audio"], [PAPER]),
        ("transfer_method", "in", ["local_file", "remote_url"], FILES),
        ("name", "contains", "b", [PAPER]),
        ("extension", "is", "png", [PICTURE]),
        ("extension", "is", ".pdf", [PAPER]),
        ("mime_type", "start with", "image/", [PICTURE]),
        ("url", "end with", ".pdf", [PAPER]),
        ("related_id", "empty", "", [PAPER]),
        ("size", "<", "1", []),
        ("size", "≥", "10", FILES),
    ],
)
async def test_files_are_kept_by_their_attributes(key: str, word: str, value: object, kept: list[object]) -> None:
    assert await operated(FILES, **filtered(word, value, key)) == kept


async def test_every_condition_must_hold() -> None:
    conditions = [{"comparison_operator": ">", "value": "1"}, {"comparison_operator": "<", "value": "4"}]
    both = {"enabled": True, "conditions": [{"key": "", **one} for one in conditions]}
    assert await operated([1, 2, 3, 4], filter_by=both) == [2, 3]


async def test_the_steps_follow_each_other_filter_extract_order_limit() -> None:
    order, limit = {"enabled": True, "value": "desc"}, {"enabled": True, "size": 2}
    assert await operated([1, 3, 2, 0], **filtered(">", "0"), order_by=order, limit=limit) == [3, 2]
    assert await operated([1, 3, 2, 0], extract_by={"enabled": True, "serial": "{{#n.two#}}"}, order_by=order) == [3]


async def test_what_is_not_enabled_does_nothing() -> None:
    off: dict[str, Any] = filtered("is", "nothing")
    off["filter_by"]["enabled"] = False
    order, limit, extract = {"enabled": False, "value": "desc"}, {"enabled": False, "size": 1}, {"enabled": False}
    assert await operated(["b", "a"], **off, order_by=order, limit=limit, extract_by=extract) == ["b", "a"]


@pytest.mark.parametrize(("direction", "names"), [("asc", ["a.png", "b.pdf"]), ("desc", ["b.pdf", "a.png"])])
async def test_files_are_sorted_by_any_attribute(direction: str, names: list[str]) -> None:
    found = await operated(FILES, order_by={"enabled": True, "key": "name", "value": direction})
    assert [file.name for file in found if isinstance(file, File)] == names
    backwards = await operated(FILES, order_by={"enabled": True, "key": "size", "value": direction})
    assert [file.name for file in backwards if isinstance(file, File)] == names[::-1]


@pytest.mark.parametrize("items", [None, []])
async def test_nothing_of_nothing_is_nothing_and_stays_of_its_kind(items: object) -> None:
    extract = {"enabled": True, "serial": "1"}
    assert await operated(items, extract_by=extract, **filtered("is", "a")) == []
    pool = Pool({"n": {}})
    pool.put("n", "list", items, "array[file]")
    tried = await attempt(node("pick", "list-operator", variable=["n", "list"]), pool=pool)
    assert tried.result.kinds == {"result": "array[file]"}


@pytest.mark.parametrize(
    ("items", "data", "why"),
    [
        ([{"a": 1}], {}, "not what is of type array.object"),
        (["a", 1], {}, "not what is of type array.any"),
        ("abc", {}, "not what is of type string"),
        ("", {}, "not what is of type string"),
        ([1], filtered("contains", "1"), "no comparison 'contains'"),
        (["a"], filtered(">", "1"), "no comparison '>'"),
        ([1], filtered(">", "many"), "'many' is no number"),
        (FILES, filtered("is", "image", "type"), "no comparison 'is' for type"),
        (FILES, filtered("is", "red", "colour"), "no attribute 'colour'"),
        ([1], {"extract_by": {"enabled": True, "serial": "2"}}, "no item '2': the list has 1"),
        ([1], {"extract_by": {"enabled": True, "serial": "0"}}, "no item '0'"),
        ([1], {"extract_by": {"enabled": True, "serial": "last"}}, "no item 'last'"),
        ([1], {"extract_by": {"enabled": True, "serial": "1" * 5000}}, "no item"),
        (FILES, {"order_by": {"enabled": True, "key": ""}}, "no attribute ''"),
    ],
)
async def test_what_cannot_be_done_fails_the_node(items: object, data: dict[str, Any], why: str) -> None:
    with pytest.raises(NodeFailed, match=f"^pick: .*{why}"):
        await operated(items, **data)


async def test_a_list_that_is_not_there_fails_the_node() -> None:
    with pytest.raises(NodeFailed, match=r"^pick: The variable n\.gone is not there"):
        await attempt(node("pick", "list-operator", variable=["n", "gone"]), {"n": {}})
