"""What an http-request node tells of keys, and where they go (dsl.md 3.3, 6.10)."""

import base64
from urllib.parse import quote

import pytest

from parlour.domain.app import ChatflowApp
from parlour.domain.events import NodeFinished, NodeRetried
from parlour.domain.graph import Variable
from parlour.ports.web import WebRequest
from parlour.providers.pages import WebPage
from tests.contract.requirements import requirement
from tests.flow.flow_samples import CARD, Played, play
from tests.flow.web_samples import asking, body, item, outside, page
from tests.web_site import served

pytestmark = pytest.mark.anyio

SECRET = 'k"7 ü/&x'


def dumps(played: Played) -> str:
    return repr([said.outcome for said in played.said if isinstance(said, NodeFinished | NodeRetried)])


@pytest.mark.parametrize(
    "data",
    [
        {"authorization": {"type": "api-key", "config": {"type": "bearer", "api_key": "{{#env.KEY#}}"}}},
        {"authorization": {"type": "api-key", "config": {"type": "custom", "header": "x", "api_key": "{{#env.KEY#}}"}}},
        {"authorization": {"type": "api-key", "config": {"type": "basic", "api_key": "a:{{#env.KEY#}}"}}},
        {"headers": "Authorization: {{#env.KEY#}}\nX-Key: {{#env.KEY#}}\nCookie: {{#env.KEY#}}"},
        {"params": "key: {{#env.KEY#}}"},
        {"body": body("json", item('{"a": {"b": ["{{#env.KEY#}}"]}}'))},
        {"body": body("raw-text", item("{{#env.KEY#}}"))},
        {"body": body("x-www-form-urlencoded", item("{{#env.KEY#}}", "a"))},
        {"body": body("form-data", item("{{#env.KEY#}}", "a"))},
    ],
)
@pytest.mark.parametrize("status", [200, 503])
async def test_no_secret_of_the_environment_is_told_though_it_is_sent(data: dict[str, object], status: int) -> None:
    async with outside({"/": page(b"ok", "text/plain", status=status)}) as web:
        made = asking(web.at(), retry_config={"retry_enabled": True}, error_strategy="default-value", **data)
        app = ChatflowApp(CARD, made.graph, environment=(Variable("KEY", "secret", SECRET),))
        played = await play(app, ports=web.ports)
        sent = repr(web.site.asked)
    told = dumps(played)
    assert played.outcomes["web"].process_data, "a request is told of"
    assert "********" in told
    for part in (SECRET, 'k"7', "k%227", 'k\\\\"7', "YTpr"):
        assert part not in told
    assert any(part in sent for part in ("/&x", "%26x", "YTpr"))


def echoing(request: WebRequest) -> WebPage:
    """A server that tells whom a request is from, in its headers and its body."""
    headers = dict(request.headers)
    told = headers.get("authorization") or headers.get("x-key") or ""
    known = base64.b64decode(told.removeprefix("Basic ")).decode() if told.startswith("Basic ") else told
    return WebPage(known.encode(), 200, (("Content-Type", "text/plain"), ("X-You", quote(told))))


@requirement("node:secrets")
@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"type": "bearer", "api_key": "sk-plain/1"}, "sk-plain/1"),
        ({"type": "basic", "api_key": "ann:{{#env.KEY#}}"}, "env/key"),
        ({"type": "basic", "api_key": "ann:plain/1"}, "ann:plain/1"),
        ({"type": "custom", "header": "X-Key", "api_key": "{{#env.KEY#}}"}, "env/key"),
        (None, "env/key"),
    ],
)
async def test_a_key_that_a_server_tells_back_is_the_flows_to_use_and_no_events_to_tell(
    data: dict[str, object] | None, key: str
) -> None:
    said = {"authorization": {"type": "api-key", "config": data}} if data else {"headers": "X-Key: {{#env.KEY#}}"}
    async with outside({"/": echoing}) as web:
        app = ChatflowApp(CARD, asking(web.at(), **said).graph, environment=(Variable("KEY", "secret", "env/key"),))
        played = await play(app, ports=web.ports)
    assert key in played.text
    outputs = played.outcomes["web"].outputs
    assert outputs is not None
    assert "********" in str(outputs["body"])
    assert "********" in str(outputs["headers"])
    assert (outputs["status_code"], outputs["files"]) == (200, [])
    for part in (key, quote(key, safe=""), base64.b64encode(key.encode()).decode()):
        assert part not in repr(played.outcomes["web"])


@requirement("node:http-request:redirect")
@pytest.mark.parametrize(
    ("data", "there"),
    [
        ({"headers": "X-Key: plain"}, {"x-key"}),
        ({"headers": "X-Key: {{#env.KEY#}}"}, set[str]()),
        ({"authorization": {"type": "api-key", "config": {"type": "bearer", "api_key": "k1"}}}, set[str]()),
        (
            {"authorization": {"type": "api-key", "config": {"type": "custom", "header": "X-Key", "api_key": "k1"}}},
            set[str](),
        ),
    ],
)
async def test_a_key_goes_to_no_other_place_by_a_redirect(data: dict[str, object], there: set[str]) -> None:
    async with served({"/": page(b"ok", "text/plain")}) as other:
        away = WebPage(status=307, headers=(("Location", other.at("127.0.0.1")),))
        async with outside({"/": away}) as web:
            app = ChatflowApp(CARD, asking(web.at(), **data).graph, environment=(Variable("KEY", "secret", "env/key"),))
            await play(app, ports=web.ports)
            first = dict(web.site.asked[0].headers)
    assert {"x-key", "authorization"} & first.keys()
    assert {"x-key", "authorization"} & dict(other.asked[0].headers).keys() == there


async def test_a_secret_at_the_end_of_what_is_shown_is_not_shown_in_part() -> None:
    async with outside({"/": page(b"ok", "text/plain")}) as web:
        for before in range(9_900, 10_000, 9):
            made = asking(web.at(), body=body("raw-text", item("." * before + "{{#env.KEY#}}" + "." * 200)))
            app = ChatflowApp(CARD, made.graph, environment=(Variable("KEY", "secret", "secretsecret"),))
            assert "secr" not in dumps(await play(app, ports=web.ports))
