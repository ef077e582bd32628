"""The built-in tools, by the names that exported apps have for them; real but for the web."""

import json
from typing import Any

import pytest
from msgspec import Struct

from parlour.domain.app import ToolUse
from parlour.domain.problems import FetchFailed, ToolFailed
from parlour.ports.web import WebRequest
from parlour.providers.pages import Pages, WebPage
from parlour.tools import TABLE
from parlour.wiring import served_tools
from tests.tools.tool_samples import toolbox, use

pytestmark = pytest.mark.anyio

EVERY = [ToolUse(provider, tool.name) for provider, tools in TABLE.items() for tool in tools]


@pytest.mark.parametrize("tool", EVERY, ids=lambda tool: tool.title)
async def test_every_tool_of_the_table_is_served_and_tells_a_model_what_it_is_given(tool: ToolUse) -> None:
    assert served_tools()(tool).startswith("built in")
    async with toolbox() as box:
        [offer] = await box.offers([tool])
    assert len(offer.tool.description) > 20
    schema: dict[str, Any] = offer.tool.parameters
    properties: dict[str, dict[str, object]] = schema["properties"]
    assert set(schema["required"]) <= properties.keys()
    assert all(one.keys() >= {"type", "description"} for one in properties.values())


async def test_two_tools_of_one_name_are_told_apart_and_what_is_not_here_is_left_out() -> None:
    uses = [ToolUse("json_process", "parse"), ToolUse("gone", "parse"), ToolUse("json_process", "parse")]
    async with toolbox() as box:
        assert [offer.tool.name for offer in await box.offers(uses)] == ["parse", "json_process_parse"]


@pytest.mark.parametrize(
    ("tool", "settings", "arguments", "says"),
    [
        ("time/current_time", {}, {}, "2025-12-29 09:20:00"),
        ("time/current_time", {"timezone": "Asia/Shanghai", "format": "%H:%M"}, {}, "17:20"),
        ("time/localtime_to_timestamp", {}, {"localtime": "2025-12-29 09:20:00"}, "1767000000"),
        ("time/localtime_to_timestamp", {"timezone": "Europe/Paris"}, {"localtime": "2025-12-29 10:20"}, "1767000000"),
        ("time/timestamp_to_localtime", {}, {"timestamp": "1767000000", "timezone": "utc"}, "2025-12-29 09:20:00"),
        (
            "time/timezone_conversion",
            {},
            {"current_time": "2025-12-29 09:20", "current_timezone": "UTC", "target_timezone": "America/New_York"},
            "2025-12-29 04:20:00",
        ),
        ("time/weekday", {}, {"year": 2025, "month": "12", "day": 29.0}, "2025-12-29 is a Monday."),
        ("maths/eval_expression", {}, {"expression": "(1 + 2) * sqrt(9) / 2^2"}, "2.25"),
        ("maths/eval_expression", {}, {"expression": "factorial(20)"}, "2432902008176640000"),
        ("regex/regex_extract", {}, {"content": "a1b22ü", "expression": "[0-9]+|ü"}, '["1", "22", "ü"]'),
        ("json_process/parse", {}, {"content": '{"a": [{"b": "ä"}, {"b": 2}]}', "json_filter": "$.a[*].b"}, '["ä", 2]'),
        ("json_process/parse", {}, {"content": '{"a": "one"}', "json_filter": "$.a"}, "one"),
        ("json_process/parse", {}, {"content": '{"a": true}', "json_filter": "a"}, "True"),
        ("json_process/parse", {}, {"content": '{"a": 1.5}', "json_filter": "a"}, "1.5"),
        ("json_process/json_delete", {}, {"content": '{"a": 1, "b": 2}', "query": "$.a"}, '{"b": 2}'),
        (
            "json_process/json_replace",
            {"value_decode": "true"},
            {"content": '{"a": 1}', "query": "$.a", "replace_value": "[2]"},
            '{"a": [2]}',
        ),
        (
            "json_process/json_insert",
            {},
            {"content": '{"a": [1]}', "query": "$.a", "new_value": "x"},
            '{"a": [1, "x"]}',
        ),
        (
            "json_process/json_insert",
            {},
            {"content": "{}", "query": "$.a.b", "new_value": "x", "create_path": True},
            '{"a": {"b": "x"}}',
        ),
    ],
)
async def test_a_tool_says(tool: str, settings: dict[str, object], arguments: dict[str, object], says: str) -> None:
    assert (await use(tool, settings, None, **arguments)).text == says


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("time/current_time", {"timezone": "Moon/Crater"}, "no time zone 'Moon/Crater'"),
        ("time/current_time", {"timezone": "../../etc/passwd"}, "no time zone"),
        ("time/localtime_to_timestamp", {"localtime": "soon"}, "'soon' is no time"),
        ("time/timestamp_to_localtime", {"timestamp": 10**20}, "is no time"),
        ("time/timestamp_to_localtime", {"timestamp": "x"}, "must be a whole number"),
        ("time/weekday", {"year": 2025, "month": 13, "day": 1}, "there is no day"),
        ("maths/eval_expression", {"expression": "1 / 0"}, "division by zero"),
        ("maths/eval_expression", {"expression": "1 +"}, "is no expression"),
        ("maths/eval_expression", {"expression": ""}, "an expression of at most"),
        ("maths/eval_expression", {"expression": "x = 1"}, "is no expression"),
        ("maths/eval_expression", {"expression": "9**9**9"}, "cannot be computed"),
        ("maths/eval_expression", {"expression": "open('/etc/passwd').read()"}, "more than arithmetic"),
        ("maths/eval_expression", {"expression": "__import__('os').getpid()"}, "more than arithmetic"),
        ("maths/eval_expression", {"expression": "(1).__class__"}, "more than arithmetic"),
        ("maths/eval_expression", {"expression": "[x for x in (1,)]"}, "more than arithmetic"),
        ("regex/regex_extract", {"content": "a", "expression": "("}, "cannot be used"),
        ("json_process/parse", {"content": "{", "json_filter": "$.a"}, "cannot be done"),
        ("json_process/parse", {"content": "{}", "json_filter": "$.["}, "is no JSONPath"),
        ("json_process/parse", {"content": "1" * (2**20 + 1), "json_filter": "$"}, "more than 1048576 characters"),
        ("json_process/json_insert", {"content": "{}", "query": "$.a", "new_value": "x"}, "nothing at that path"),
        ("chart/bar_chart", {"data": "one;two"}, "must be numbers"),
        ("chart/bar_chart", {"data": ""}, "1 to 100 numbers"),
        ("chart/bar_chart", {"data": "nan;1"}, "reasonable size"),
        ("chart/bar_chart", {"data": "1;2", "x_axis": "a"}, "x_axis has 1 names"),
        ("chart/pie_chart", {"data": "0;0", "categories": "a;b"}, "must be positive"),
    ],
)
async def test_a_tool_that_cannot_says_why(tool: str, arguments: dict[str, object], says: str) -> None:
    with pytest.raises(ToolFailed, match=says.replace("(", r"\(")):
        await use(tool, None, None, **arguments)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("bar_chart", {"data": "3;-1.5;4", "x_axis": "Jan;Feb;März"}),
        ("line_chart", {"data": "1,2,3"}),
        ("line_chart", {"data": "5"}),
        ("pie_chart", {"data": "1;2;3", "categories": "a;b;c"}),
    ],
)
async def test_a_chart_is_a_picture(tool: str, arguments: dict[str, object]) -> None:
    outcome = await use(f"chart/{tool}", None, None, **arguments)
    [file] = outcome.files
    assert (file.name, file.mime_type) == (f"{tool}.png", "image/png")
    assert file.data.startswith(b"\x89PNG\r\n\x1a\n")
    assert (int.from_bytes(file.data[16:20]), int.from_bytes(file.data[20:24])) == (960, 600)


class Case(Struct):
    body: bytes
    kind: str
    says: str


HTML = "<html><head><title>T</title><script>x()</script></head><body><h1>Grüße</h1><p>an alle</p></body></html>"
READ = [
    Case(HTML.encode(), "text/html; charset=utf-8", "Grüße"),
    Case("Grüße".encode("latin-1"), "text/plain; charset=latin-1", "Grüße"),
    Case(b'{"a": 1}', "application/json", '{"a": 1}'),
]


@pytest.mark.parametrize("case", READ, ids=lambda case: case.kind)
async def test_a_page_is_read_as_text_in_the_name_of_its_app(case: Case) -> None:
    web = Pages({"https://pages.example/a": WebPage(case.body, headers=(("content-type", case.kind),))})
    outcome = await use("webscraper/webscraper", {"user_agent": "me"}, web, url="https://pages.example/a")
    assert case.says in outcome.text
    assert "x()" not in outcome.text
    [asked] = web.asked
    assert asked.app == "support"
    assert ("user-agent", "me") in asked.headers


async def test_the_text_of_a_page_is_behind_its_title_where_graphs_look_for_it() -> None:
    page = WebPage(b"<title>\n Owls &amp; co</title><p>They hoot.</p>", headers=(("content-type", "text/html"),))
    outcome = await use("webscraper/webscraper", None, Pages({"https://p.example/": page}), url="https://p.example/")
    assert outcome.text.startswith("TITLE: Owls & co\nTEXT:\n\n")
    assert outcome.text.endswith("They hoot.\n")


@pytest.mark.parametrize(
    ("page", "says"),
    [
        (WebPage(b"no", 404), "answers 404"),
        (WebPage(b"\0\1", headers=(("content-type", "application/x-thing"),)), "cannot be read as text"),
    ],
)
async def test_a_page_that_cannot_be_read_says_why(page: WebPage, says: str) -> None:
    with pytest.raises(ToolFailed, match=says):
        await use("webscraper/webscraper", None, Pages({"https://p.example/": page}), url="https://p.example/")


async def test_a_page_that_is_too_large_or_not_there_is_a_failure_of_the_guarded_web() -> None:
    web = Pages({"https://p.example/": WebPage(b"x" * (5 * 2**20 + 1), headers=(("content-type", "text/plain"),))})
    for url in ("https://p.example/", "https://gone.example/", "file:///etc/passwd"):
        with pytest.raises(FetchFailed):
            await use("webscraper/webscraper", None, web, url=url)


async def test_the_encyclopedia_is_asked_in_its_language_and_its_pages_are_told_in_their_order() -> None:
    pages = [
        {"index": 2, "title": "Other", "extract": "…"},
        {"index": 1, "title": "Owl", "extract": "A bird."},
    ]

    def answer(request: WebRequest) -> WebPage:
        assert "gsrsearch=owl" in request.url
        return WebPage(json.dumps({"query": {"pages": pages}}).encode())

    web = Pages({"https://de.wikipedia.org/w/api.php": answer})
    outcome = await use("wikipedia/wikipedia_search", {"language": "de"}, web, query="owl")
    assert outcome.text == "Page: Owl\nSummary: A bird.\n\nPage: Other\nSummary: …"
    empty = Pages({"https://en.wikipedia.org/w/api.php": WebPage(b'{"batchcomplete": true}')})
    assert "Nothing" in (await use("wikipedia/wikipedia_search", None, empty, query="x")).text
    for body, language in ((b"<html>", "en"), (b"[]", "en"), (b"{}", "evil.example/")):
        broken = Pages({"https://en.wikipedia.org/w/api.php": WebPage(body)})
        with pytest.raises(ToolFailed):
            await use("wikipedia/wikipedia_search", {"language": language}, broken, query="x")
