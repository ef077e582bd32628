"""The http-request node (dsl.md 6.10): what it sends."""

import json
from collections.abc import AsyncGenerator
from urllib.parse import parse_qsl, urlsplit

import pytest

from parlour.domain.files import File
from parlour.flow.node import NodeFailed
from parlour.flow.nodes import http_request
from parlour.providers.pages import WebPage
from tests.flow.web_samples import Outside, body, item, outside

pytestmark = pytest.mark.anyio
TEXT = (("Content-Type", "text/plain"),)


@pytest.fixture
async def web() -> AsyncGenerator[Outside]:
    async with outside() as made:
        yield made


async def failed(web: Outside, values: dict[str, dict[str, object]] | None = None, /, **data: object) -> NodeFailed:
    with pytest.raises(NodeFailed) as raised:
        await web.ask(values, **data)
    assert raised.value.message.startswith("web: ")
    return raised.value


@pytest.mark.parametrize("method", ["get", "Post", "PUT", "patch", "delete", "HEAD"])
async def test_any_method_in_any_case_arrives(web: Outside, method: str) -> None:
    assert (await web.sent(method=method)).method == method.upper()


@pytest.mark.parametrize("method", ["options", "TRACE", "get\r\nX-A: b"])
async def test_another_method_is_a_failure_and_nothing_is_sent(web: Outside, method: str) -> None:
    assert (await failed(web, method=method)).kind == "InvalidHttpMethodError"
    assert not web.site.connections


async def test_the_address_is_a_template(web: Outside) -> None:
    values = {"start": {"host": f"127.0.0.1:{web.site.port}", "q": "ü & b"}}
    sent = await web.sent(values, url=" http://{{#start.host#}}/?a={{#start.q#}} ")
    assert urlsplit(sent.url).query.startswith("a=")


@pytest.mark.parametrize("url", ["", "127.0.0.1", "ftp://a.example/", "{{#start.url#}}", "http://", "http://[::1/"])
async def test_what_is_no_web_address_is_a_failure(web: Outside, url: str) -> None:
    assert (await failed(web, url=url)).kind == "InvalidURLError"


async def test_headers_are_lines_of_which_the_first_colon_splits(web: Outside) -> None:
    sent = await web.sent({"start": {"id": 7}}, headers=" X-A : b: c \n\nX-Id:{{#start.id#}}\nX-Empty")
    found = dict(sent.headers)
    assert (found["x-a"], found["x-id"], found["x-empty"]) == ("b: c", "7", "")


async def test_a_value_may_hold_several_headers_and_never_a_second_parameter(web: Outside) -> None:
    values = {"start": {"two": "X-A: b\nX-C: d"}}
    sent = await web.sent(values, headers="{{#start.two#}}", params="q:{{#start.two#}}")
    found = dict(sent.headers)
    assert (found["x-a"], found["x-c"]) == ("b", "d")
    assert parse_qsl(urlsplit(sent.url).query) == [("q", "X-A: b\nX-C: d")]


async def test_parameters_are_added_in_their_order_and_may_repeat(web: Outside) -> None:
    sent = await web.sent({"start": {"key": "b"}}, url=web.at("/?z=0"), params="a: 1\na:2\n{{#start.key#}}: ü &=:")
    assert parse_qsl(urlsplit(sent.url).query) == [("z", "0"), ("a", "1"), ("a", "2"), ("b", "ü &=:")]


@pytest.mark.parametrize(
    ("config", "name", "value"),
    [
        ({"type": "bearer", "api_key": "{{#start.key#}}"}, "authorization", "Bearer k1"),
        ({"type": "basic", "api_key": "ann:secret"}, "authorization", "Basic YW5uOnNlY3JldA=="),
        ({"type": "basic", "api_key": "YW5uOg=="}, "authorization", "Basic YW5uOg=="),
        ({"type": "custom", "api_key": "{{#start.key#}}", "header": "X-Key"}, "x-key", "k1"),
        ({"type": "custom", "api_key": "raw"}, "authorization", "raw"),
    ],
)
async def test_a_key_goes_into_its_header_in_place_of_the_authors(
    web: Outside, config: dict[str, str], name: str, value: str
) -> None:
    said = {"type": "api-key", "config": config}
    sent = await web.sent({"start": {"key": "k1"}}, authorization=said, headers="AUTHORIZATION: x\nx-KEY: x")
    assert [found for key, found in sent.headers if key == name] == [value]


@pytest.mark.parametrize("key", ["", " ", "{{#start.empty#}}"])
async def test_an_empty_key_is_a_failure(web: Outside, key: str) -> None:
    said = {"type": "api-key", "config": {"type": "bearer", "api_key": key}}
    assert (await failed(web, {"start": {"empty": ""}}, authorization=said)).kind == "AuthorizationConfigError"


@pytest.mark.parametrize("said", [None, {"type": "no-auth", "config": None}, {"type": "no-auth"}])
async def test_without_a_key_no_such_header_is_sent(web: Outside, said: object) -> None:
    assert "authorization" not in dict((await web.sent(authorization=said)).headers)


JSONS = [
    ('{"a": 1.0, "ü": [true, null]}', {"a": 1.0, "ü": [True, None]}),
    ('{"q": "{{#start.said#}}"}', {"q": 'She said "hi"\nand left'}),
    ('{"o": {{#start.object#}}, "n": {{#start.number#}}}', {"o": {"k": [1, "x"]}, "n": 3}),
    ('{"a": "line\nbreak"}', {"a": "line\nbreak"}),
    ("{'a': 1,}", {"a": 1}),
    ("[1, 2", [1, 2]),
    ('{"b": {{#start.yes#}}}', {"b": True}),
    ('"text"', "text"),
]


@pytest.mark.parametrize(("written", "sent"), JSONS)
async def test_a_json_body_is_mended_where_values_break_it(web: Outside, written: str, sent: object) -> None:
    values = {"start": {"said": 'She said "hi"\nand left', "object": {"k": [1, "x"]}, "number": 3, "yes": True}}
    found = await web.sent(values, method="post", body=body("json", item(written)))
    assert isinstance(found.body, bytes)
    assert json.loads(found.body) == sent
    assert dict(found.headers)["content-type"] == "application/json"


STUMBLE = 'Thought:\']{"```json\n {```"'
"""The library that mends makes a mistake of its own here."""


@pytest.mark.parametrize(
    "written", ["", "hello", STUMBLE, "[" * 100_000, "[" * 10_000 + "]" * 10_000, "{" + '"' * 200_000]
)
async def test_what_cannot_be_mended_is_a_failure_in_time(web: Outside, written: str) -> None:
    assert (await failed(web, method="post", body=body("json", item(written)))).kind == "RequestBodyError"
    assert not web.site.connections


async def test_plain_text_goes_as_it_is(web: Outside) -> None:
    said = body("raw-text", item("{{#start.a#}} & ü\n"))
    sent = await web.sent({"start": {"a": [True, None]}}, method="post", body=said)
    assert sent.body == "[True, None] & ü\n".encode()
    assert dict(sent.headers)["content-type"] == "text/plain"


async def test_pairs_are_encoded_and_may_repeat(web: Outside) -> None:
    pairs = [item("{{#start.a#}}", "a"), item("2", "a"), item("", "{{#start.a#}}")]
    sent = await web.sent({"start": {"a": "ü &="}}, method="post", body=body("x-www-form-urlencoded", *pairs))
    assert isinstance(sent.body, bytes)
    assert parse_qsl(sent.body.decode(), keep_blank_values=True) == [("a", "ü &="), ("a", "2"), ("ü &=", "")]
    assert dict(sent.headers)["content-type"] == "application/x-www-form-urlencoded"


async def test_what_the_author_says_of_the_type_holds_but_for_a_form(web: Outside) -> None:
    own = "content-type: application/x-own"
    sent = await web.sent(method="post", headers=own, body=body("json", item("{}")))
    assert dict(sent.headers)["content-type"] == "application/x-own"
    sent = await web.sent(method="post", headers=own, body=body("form-data", item("1", "a")))
    assert dict(sent.headers)["content-type"].startswith("multipart/form-data; boundary=")


async def test_a_form_has_values_and_files_and_nothing_for_a_file_that_is_not_there(web: Outside) -> None:
    one, two = await web.file("one.bin", "image/png", b"\x00\x01"), await web.file("two.txt", "text/plain", b"zwei")
    values: dict[str, dict[str, object]] = {"start": {"one": one, "both": [one, two], "none": None, "text": "no file"}}
    fields = [
        item("{{#start.text#}}", "text"),
        item(key="one", type="file", file=["start", "one"]),
        item(key="both", type="file", file=["start", "both"]),
        item(key="none", type="file", file=["start", "none"]),
        item(key="gone", type="file", file=["start", "gone"]),
        item(key="plain", type="file", file=["start", "text"]),
    ]
    sent = (await web.sent(values, method="post", body=body("form-data", *fields))).body
    assert isinstance(sent, bytes)
    assert sent.count(b'name="one"; filename="one.bin"\r\n') == 1
    assert sent.count(b'name="both"; filename=') == 2
    assert b'name="text"\r\n\r\nno file\r\n' in sent
    assert b'name="plain"\r\n\r\nno file\r\n' in sent
    assert b"Content-Type: image/png" in sent
    assert b"\r\n\r\n\x00\x01\r\n" in sent
    assert b"none" not in sent
    assert b"gone" not in sent


async def test_a_form_without_files_or_fields_is_a_form_all_the_same(web: Outside) -> None:
    for fields in ([item("1", "a")], []):
        sent = await web.sent(method="post", body=body("form-data", *fields))
        assert dict(sent.headers)["content-type"].startswith("multipart/form-data; boundary=")


async def test_a_file_is_sent_as_it_is_with_its_type(web: Outside) -> None:
    file = await web.file("a.png", "image/png", b"\x89PNG")
    said = body("binary", item(type="file", file=["start", "it"]))
    sent = await web.sent({"start": {"it": file}}, method="put", body=said)
    assert (sent.body, dict(sent.headers)["content-type"]) == (b"\x89PNG", "image/png")


@pytest.mark.parametrize("value", [None, "text", []])
async def test_a_binary_body_that_is_no_file_is_a_failure(web: Outside, value: object) -> None:
    said = body("binary", item(type="file", file=["start", "it"]))
    for values in ({"start": {"it": value}}, {}):
        assert (await failed(web, values, method="put", body=said)).kind == "RequestBodyError"


@pytest.mark.parametrize("kind", ["json", "raw-text", "binary"])
async def test_such_a_body_is_exactly_one_item(web: Outside, kind: str) -> None:
    for items in ((), (item("1"), item("2"))):
        assert (await failed(web, method="post", body=body(kind, *items))).kind == "RequestBodyError"


async def test_a_body_of_a_type_that_nobody_knows_is_a_failure(web: Outside) -> None:
    assert (await failed(web, method="post", body=body("soap", item("1")))).kind == "RequestBodyError"


@pytest.mark.parametrize("said", [None, {"type": "none", "data": []}, {"type": "none", "data": [item("x")]}, {}])
async def test_without_a_body_none_is_sent(web: Outside, said: object) -> None:
    assert (await web.sent(method="post", body=said)).body == b""


async def test_more_files_than_are_held_in_memory_are_not_sent(web: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_request, "MOST_SENT", 10)
    file = await web.file("a.bin", "", b"123456")
    said = body("form-data", item(key="f", type="file", file=["start", "it"]))
    assert "too large" in (await failed(web, {"start": {"it": [file, file]}}, method="post", body=said)).message
    assert not web.site.connections


async def test_a_file_elsewhere_that_cannot_be_had_is_a_failure(web: Outside) -> None:
    there = File("custom", "remote_url", "a.bin", url="http://10.0.0.1/a.bin")
    said = body("binary", item(type="file", file=["start", "it"]))
    assert "private" in (await failed(web, {"start": {"it": there}}, method="put", body=said)).message


@pytest.mark.parametrize(
    ("said", "most", "seconds"),
    [
        (None, None, 10),
        (3, None, 3),
        (30, None, 10),
        (0, 0, 10),
        (-1, None, 10),
        (8, 5, 5),
        (None, 5, 5),
        (0.5, 0, 0.5),
    ],
)
def test_a_time_is_the_authors_within_what_the_house_gives(
    said: float | None, most: float | None, seconds: float
) -> None:
    assert http_request.within(said, most, 10) == seconds


async def test_redirects_are_followed_and_the_last_answer_counts() -> None:
    away = WebPage(status=302, headers=(("Location", "/there"),))
    async with outside({"/": away, "/there": WebPage(b"there", headers=TEXT)}) as web:
        tried = await web.ask()
    assert (tried.outputs["status_code"], tried.outputs["body"]) == (200, "there")
