"""Tools that ask services: a real server speaks their wire, the operator's word opens them, nobody is told the key."""

import base64
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from parlour.domain.app import ToolUse
from parlour.domain.problems import FetchFailed, Problem, ToolFailed
from parlour.ports.tools import Outcome
from parlour.ports.web import WebRequest
from parlour.providers.pages import WebPage
from parlour.settings import BadSettings, read
from parlour.tools.tool import Reach
from parlour.wiring import open_tools, served_tools
from tests.contract.test_agents import call, history, kinds, thoughts, uses
from tests.houses import Build, agent_app, rules
from tests.tools.tool_samples import CALLER, use
from tests.trial_tools import NOTHING, REACH, dot
from tests.web_site import Served, Site, guarded, served

pytestmark = pytest.mark.anyio

KEY = "tvly-very-secret"
ENTRY = '[tools.{0}]\nbase_url = "{1}"\napi_key = "env:KEY"\n'


def answers(body: object, status: int = 200) -> WebPage:
    return WebPage(json.dumps(body).encode(), status, (("content-type", "application/json"),))


class Bench(Struct):
    """A tool, and the service that it asks."""

    site: Served
    ask: Callable[..., Any]


@asynccontextmanager
async def bench(
    folder: Path, tool: str, site: Site, settings: Mapping[str, object] | None = None, entry: str = ENTRY
) -> AsyncGenerator[Bench]:
    provider, _, name = tool.partition("/")
    async with served(site) as known, guarded("127.0.0.1") as web, AsyncExitStack() as stack:
        (folder / "parlour.toml").write_text(entry.format(provider, known.at("127.0.0.1", "")))
        said = read(folder / "parlour.toml", {"KEY": KEY})
        box = open_tools(said, Reach(web, NOTHING, NOTHING, NOTHING), stack)

        async def ask(**arguments: object) -> Outcome:
            [offer] = await box.offers([ToolUse(provider, name, settings=dict(settings or {}))])
            return await box.run(offer, arguments, CALLER)

        yield Bench(known, ask)


def header(asked: WebRequest, name: str) -> str:
    return dict(asked.headers).get(name, "")


async def test_a_page_is_read_by_the_reader_with_what_the_author_has_set(tmp_path: Path) -> None:
    told = {"code": 200, "data": {"title": "Owls", "content": "They hoot."}}
    settings = {"target_selector": "main", "no_cache": 1, "image_caption": 0, "content_format": "markdown"}
    async with bench(tmp_path, "jina/jina_reader", {"/https://owls.example/a": answers(told)}, settings) as at:
        outcome = await at.ask(url="https://owls.example/a", request_params='{"page": 2}')
    assert json.loads(outcome.text) == told
    [asked] = at.site.asked
    assert (asked.method, asked.url.partition("?")[2]) == ("GET", "page=2")
    names = ("authorization", "x-target-selector", "x-no-cache", "x-with-generated-alt", "x-return-format", "accept")
    assert [header(asked, name) for name in names] == [
        f"Bearer {KEY}",
        "main",
        "true",
        "",
        "markdown",
        "application/json",
    ]


async def test_the_reader_needs_no_key_and_sends_none(tmp_path: Path) -> None:
    site = {"/http://a.example": answers({})}
    async with bench(tmp_path, "jina/jina_reader", site, entry='[tools.{0}]\nbase_url = "{1}"') as at:
        assert (await at.ask(url="http://a.example")).text == "{}"
    assert header(at.site.asked[0], "authorization") == ""


async def test_a_search_is_read_with_what_the_author_has_set(tmp_path: Path) -> None:
    told = {"code": 200, "data": [{"title": "Owls", "url": "https://owls.example/a", "content": "They hoot."}]}
    settings = {"no_cache": 1, "image_caption": 0, "max_retries": 3}
    async with bench(tmp_path, "jina/jina_search", {"/": answers(told)}, settings) as at:
        outcome = await at.ask(query="owls & eagles")
    assert json.loads(outcome.text) == told
    [asked] = at.site.asked
    assert (asked.method, asked.url.partition("?")[2]) == ("GET", "q=owls+%26+eagles")
    names = ("authorization", "x-no-cache", "x-with-generated-alt", "accept")
    assert [header(asked, name) for name in names] == [f"Bearer {KEY}", "true", "", "application/json"]


OWLS = {"title": "Owls", "url": "https://o.example", "content": "They hoot.", "raw_content": "Long.", "score": 0.9}
FOUND = {
    "answer": "Two.",
    "results": [
        OWLS,
        {"title": "More", "url": "https://m.example", "content": None, "published_date": "2026-01-01"},
        "nonsense",
    ],
}


async def test_a_search_for_models_is_asked_as_the_author_wants_it_and_told_as_text_and_as_data(tmp_path: Path) -> None:
    settings = {
        "max_results": "2",
        "search_depth": "advanced",
        "topic": "not_specified",
        "include_answer": 1,
        "include_images": 0,
        "include_domains": "a.example, b.example",
        "days": 3,
    }
    async with bench(tmp_path, "tavily/tavily_search", {"/search": answers(FOUND)}, settings) as at:
        outcome = await at.ask(query="owls")
    assert "Answer: Two." in outcome.text
    assert "### Result 1: [Owls](https://o.example)\nThey hoot." in outcome.text
    assert "Published: 2026-01-01" in outcome.text
    assert "Long." not in outcome.text
    assert outcome.data == (FOUND,)
    [asked] = at.site.asked
    assert (asked.method, header(asked, "authorization")) == ("POST", f"Bearer {KEY}")
    assert isinstance(asked.body, bytes)
    assert json.loads(asked.body) == {
        "query": "owls",
        "search_depth": "advanced",
        "topic": "general",
        "max_results": 2,
        "days": 3,
        "include_answer": True,
        "include_domains": ["a.example", "b.example"],
    }


@pytest.mark.parametrize(
    ("settings", "kind", "text"),
    [
        ({"search_type": "Page", "num_results": 1, "result_type": "link"}, "general", "Link: https://o.example"),
        ({"search_type": "social_media", "num_results": 1}, "social media", "Owls\nhttps://o.example\nThey hoot.\n"),
    ],
)
async def test_a_search_engine_of_ones_own_is_asked_in_the_words_of_old_files_too(
    tmp_path: Path, settings: dict[str, object], kind: str, text: str
) -> None:
    async with bench(tmp_path, "searxng/searxng_search", {"/search": answers(FOUND)}, settings) as at:
        outcome = await at.ask(query="owls & co")
    assert outcome.text == text
    assert outcome.data == (OWLS,)
    [asked] = at.site.asked
    assert f"q=owls+%26+co&format=json&categories={kind.replace(' ', '+')}" in asked.url


async def test_what_an_author_has_set_holds_where_a_model_says_nothing(tmp_path: Path) -> None:
    async with bench(tmp_path, "searxng/searxng_search", {"/search": answers(FOUND)}, {"search_type": "images"}) as at:
        await at.ask(query="owls", search_type="")
    assert "categories=images" in at.site.asked[0].url


ONE = {"b64_json": base64.b64encode(dot()).decode()}


async def test_a_picture_is_made_with_the_usual_words_and_its_bytes_come_back(tmp_path: Path) -> None:
    def pictures(request: WebRequest) -> WebPage:
        host = header(request, "host")
        return answers({"data": [ONE, {"url": f"http://{host}/made.png"}]})

    site: Site = {"/images/generations": pictures, "/made.png": WebPage(dot(3))}
    async with bench(tmp_path, "dalle/dalle3", site, {"size": "vertical", "n": "9"}) as at:
        outcome = await at.ask(prompt="an owl")
    assert [(file.name, file.mime_type, file.data) for file in outcome.files] == [
        ("picture_1.png", "image/png", dot()),
        ("picture_2.png", "image/png", dot(3)),
    ]
    asked, fetched = at.site.asked
    assert isinstance(asked.body, bytes)
    assert json.loads(asked.body) == {
        "model": "dall-e-3",
        "prompt": "an owl",
        "size": "1024x1792",
        "n": 4,
        "quality": "standard",
        "style": "vivid",
        "response_format": "b64_json",
    }
    assert header(fetched, "authorization") == "", "the key is for the service alone"


async def test_another_model_is_asked_in_its_own_words(tmp_path: Path) -> None:
    entry = '[tools."dalle/dalle3"]\nbase_url = "{1}/v1"\napi_key = "k"\nmodel = "gpt-image-1"\n'
    site = {"/v1/images/generations": answers({"data": [ONE, {"url": "elsewhere"}]})}
    async with bench(tmp_path, "dalle/dalle3", site, entry=entry) as at:
        with pytest.raises(ToolFailed, match="cannot be had"):
            await at.ask(prompt="an owl")
    [asked] = at.site.asked
    assert isinstance(asked.body, bytes)
    assert json.loads(asked.body) == {"model": "gpt-image-1", "prompt": "an owl", "size": "1024x1024", "n": 1}


@pytest.mark.parametrize(("said", "seconds"), [("", 180), ("seconds = 7", 7)])
async def test_a_tool_takes_its_own_time_unless_the_operator_says_another(
    tmp_path: Path, said: str, seconds: float
) -> None:
    (tmp_path / "parlour.toml").write_text(f'[tools.dalle]\napi_key = "k"\n{said}')
    async with AsyncExitStack() as stack:
        box = open_tools(read(tmp_path / "parlour.toml", {}), REACH, stack)
        [offer] = await box.offers([ToolUse("dalle", "dalle3")])
    assert offer.seconds == seconds


ECHO = {"detail": f"the key {KEY} is wrong"}
WRONG: list[tuple[str, dict[str, object], str, WebPage, str]] = [
    ("tavily/tavily_search", {"query": "q"}, "/search", answers(ECHO, 401), "refuses the key"),
    ("tavily/tavily_search", {"query": "q"}, "/search", answers(ECHO, 429), r"answers 429: .*the key \*\*\* is wrong"),
    ("tavily/tavily_search", {"query": "q"}, "/search", WebPage(b"<html>"), "cannot be read"),
    ("tavily/tavily_search", {"query": "q"}, "/search", WebPage(b"[]"), "cannot be read"),
    ("searxng/searxng_search", {"query": "q"}, "/search", WebPage(b"x" * (5 * 2**20 + 1)), "longer than 5 MB"),
    ("dalle/dalle3", {"prompt": "p"}, "/images/generations", answers({"data": []}), "has made no picture"),
    ("dalle/dalle3", {"prompt": "p"}, "/images/generations", answers({"data": [{"b64_json": "!"}]}), "no picture"),
    ("dalle/dalle3", {"prompt": "p"}, "/images/generations", answers({"data": [{"b64_json": "QUJD"}]}), "no picture"),
    ("jina/jina_reader", {"url": "file:///etc/passwd"}, "/", WebPage(), "must begin with http"),
    ("jina/jina_reader", {"url": "https://a", "request_params": "["}, "/", WebPage(), "must be a JSON object"),
    (
        "tavily/tavily_search",
        {"query": "q"},
        "/search",
        WebPage(b"", 302, (("location", "http://127.0.0.1:1/"),)),
        "answers 302",
    ),
]


@pytest.mark.parametrize(("tool", "arguments", "path", "page", "says"), WRONG)
async def test_what_goes_wrong_is_told_without_the_key(
    tmp_path: Path, tool: str, arguments: dict[str, object], path: str, page: WebPage, says: str
) -> None:
    async with bench(tmp_path, tool, {path: page}) as at:
        with pytest.raises(Problem, match=says) as caught:
            await at.ask(**arguments)
    assert KEY not in str(caught.value)


async def test_a_result_that_holds_the_key_is_told_without_it(tmp_path: Path) -> None:
    echo = {"results": [{"title": KEY, "url": "", "content": f"Bearer {KEY}"}]}
    async with bench(tmp_path, "tavily/tavily_search", {"/search": answers(echo)}) as at:
        outcome = await at.ask(query="q")
    assert KEY not in str(outcome)
    assert "[***]" in outcome.text


async def test_a_service_inside_is_not_reached_unless_the_operator_allows_it(tmp_path: Path) -> None:
    async with served({}) as known, guarded() as web, AsyncExitStack() as stack:
        (tmp_path / "parlour.toml").write_text(ENTRY.format("searxng", known.at("127.0.0.1", "")))
        box = open_tools(read(tmp_path / "parlour.toml", {"KEY": KEY}), Reach(web, NOTHING, NOTHING, NOTHING), stack)
        [offer] = await box.offers([ToolUse("searxng", "searxng_search")])
        with pytest.raises(FetchFailed, match="private"):
            await box.run(offer, {"query": "q"}, CALLER)
    assert known.connections == 0


async def test_without_its_operators_word_a_tool_says_what_is_missing_and_so_does_the_check() -> None:
    for tool, given in (
        ("tavily/tavily_search", "query"),
        ("jina/jina_search", "query"),
        ("searxng/searxng_search", "query"),
        ("dalle/dalle3", "prompt"),
    ):
        with pytest.raises(ToolFailed, match=r"its operator has given no (api_key|base_url)"):
            await use(tool, None, None, **{given: "x"})
    assert served_tools()(ToolUse("tavily", "tavily_search")) == "built in, needs api_key in [tools.tavily]"
    assert served_tools()(ToolUse("jina", "jina_reader")) == "built in"


@pytest.mark.parametrize(("name", "says"), [("gone", "is no built-in tool"), ('"tavily/gone"', "is no built-in tool")])
async def test_an_entry_for_a_tool_that_is_not_built_in_is_named(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "parlour.toml").write_text(f'[tools.{name}]\napi_key = "x"')
    async with AsyncExitStack() as stack:
        with pytest.raises(BadSettings, match=says):
            open_tools(read(tmp_path / "parlour.toml", {}), REACH, stack)


async def test_an_agents_picture_reaches_its_client_and_the_key_reaches_nobody(build: Build, tmp_path: Path) -> None:
    """End to end: the service's wire, the tool, message_file, the history."""
    model = rules(uses(call("dalle3", prompt="owl")), {"say": ["Here. {prompt}"]})
    one = answers({"data": [ONE]})
    async with served({"/images/generations": one}) as known, guarded("127.0.0.1") as web, AsyncExitStack() as stack:
        (tmp_path / "parlour.toml").write_text(ENTRY.format("dalle", known.at("127.0.0.1", "")))
        said = read(tmp_path / "parlour.toml", {"KEY": KEY})
        box = open_tools(said, Reach(web, NOTHING, NOTHING, NOTHING), stack)
        place = await build(apps={"first": agent_app("dalle/dalle3")}, models=model, tools=box)
        reply = await place.door.streamed("Draw an owl")
    assert kinds(reply).count("message_file") == 1
    first, _ = thoughts(reply.events)
    assert first[-1]["tool"] == "dalle3"
    [message] = await history(place, reply.events[0]["conversation_id"])
    [file] = message["message_files"]
    assert (file["filename"], file["size"]) == ("picture_1.png", len(dot()))
    assert KEY not in reply.body.decode()
    assert not any(KEY in record.getMessage() for record in place.logs)
