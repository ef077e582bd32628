"""Bodies that are not what they say: refused as a rule, read with `server.lenient` (ours)."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parlour.domain.problems import BadRequest, UnsupportedMediaType
from parlour.wire.lenient import decode
from tests.contract.repeating import CHAT
from tests.contract.requirements import requirement
from tests.front_door import Reply
from tests.houses import Build, Place, chat_app, rules

pytestmark = pytest.mark.anyio

FORM = "application/x-www-form-urlencoded"
APP = chat_app(
    pre_prompt="In {{city}}.",
    user_input_form=[{"text-input": {"label": "City", "variable": "city", "required": True}}],
)
ASKED = {"query": "What is 漢字?", "user": "ann", "inputs": {"city": "Brno"}}
URLENCODED = b"query=What+is+%E6%BC%A2%E5%AD%97%3F&user=ann&inputs=%7B%22city%22%3A%22Brno%22%7D"


def multipart(boundary: str = "----x1y2", **fields: str) -> bytes:
    parts = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    return ("".join(parts) + f"--{boundary}--\r\n").encode()


PARTS = multipart(query="What is 漢字?", user="ann", inputs='{"city": "Brno"}')


async def post(place: Place, content_type: str, body: bytes) -> Reply:
    return await place.door.request("POST", CHAT, body=body, headers={"Content-Type": content_type})


OTHERWISE = [
    ("application/json", PARTS),
    ("multipart/form-data; boundary=----x1y2", PARTS),
    ("multipart/form-data", PARTS),
    ("application/json", b"\r\n" + PARTS),
    (FORM, URLENCODED),
    (FORM, json.dumps(ASKED).encode()),
    ("text/plain", json.dumps(ASKED).encode()),
    ("", b"\xef\xbb\xbf" + json.dumps(ASKED).encode()),
]


@requirement("lenient:on")
@pytest.mark.parametrize(("content_type", "body"), OTHERWISE)
async def test_a_body_is_read_for_what_it_is_where_the_server_is_lenient(
    build: Build, content_type: str, body: bytes
) -> None:
    place = await build(apps={"first": APP}, models=rules({"say": ["{system} {query}"]}), lenient=True)
    reply = await post(place, content_type, body)
    assert reply.status == 200, reply.body
    assert reply.json()["answer"].split() == ["In", "Brno.", "What", "is", "漢字?"]


@requirement("lenient:off")
@pytest.mark.parametrize(("content_type", "body"), OTHERWISE)
async def test_it_is_refused_as_a_rule(build: Build, content_type: str, body: bytes) -> None:
    place = await build(apps={"first": APP})
    reply = await post(place, content_type, body)
    expected = (400, "bad_request") if content_type == "application/json" else (415, "unsupported_media_type")
    assert (reply.status, reply.json()["code"]) == expected


@requirement("lenient:on")
async def test_plain_json_and_what_is_wrong_with_it_stay_as_they_are(build: Build) -> None:
    place = await build(lenient=True)
    assert (await place.door.send()).status == 200
    for body in (b"", b"  ", b"{", b"[]", b"null"):
        assert (await post(place, "application/json", body)).status == 400
    assert (await post(place, "text/plain", b"hello")).status == 415
    assert (await post(place, "multipart/form-data; boundary=x", b"hello")).status == 415


@requirement("lenient:on")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        (multipart(query="hi", user="ann", inputs="{"), "inputs"),
        (multipart(query="hi", user="ann", inputs="[" * 100_000), "inputs"),
        (multipart(query="hi", user="ann", response_mode="stream"), "response_mode"),
        (multipart(query="hi"), "user"),
    ],
)
async def test_a_form_is_held_to_the_same_rules(build: Build, body: bytes, field: str) -> None:
    place = await build(lenient=True)
    reply = await post(place, "application/json", body)
    assert (reply.status, reply.json()["code"], reply.json()["params"]) == (400, "invalid_param", field)


@requirement("lenient:on")
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (PARTS[:-8], "ends in the middle"),
        (PARTS.replace(b'name="inputs"', b'name="inputs"; filename="a.png"'), "/v1/files/upload"),
        (multipart(**{f"f{number}": "" for number in range(200)}), "more than 100 fields"),
        (b"--\r\n", ""),
        (b"--" + b"b" * 100_000, ""),
    ],
)
async def test_a_form_that_cannot_be_taken_is_refused_in_the_envelope(build: Build, body: bytes, message: str) -> None:
    place = await build(lenient=True)
    reply = await post(place, "multipart/form-data", body)
    assert (reply.status, reply.json()["code"]) == (400, "bad_request")
    assert message in reply.json()["message"]


@given(
    st.sampled_from(["application/json", FORM, "multipart/form-data; boundary=a", "", "x"]),
    st.binary(max_size=60)
    | st.tuples(st.binary(), st.binary()).map(lambda two: b"--a\r\n%b\r\n\r\n%b\r\n--a--\r\n" % two)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20).map(
        lambda text: multipart(query=text, inputs=text)
    ),
)
def test_any_bytes_give_members_or_a_problem(content_type: str, body: bytes) -> None:
    with suppress(BadRequest, UnsupportedMediaType):
        json.dumps(decode(content_type, body))


@given(
    st.dictionaries(
        st.sampled_from(["query", "user", "a"]),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n-")),
    )
)
def test_a_form_says_what_it_was_made_of(fields: dict[str, str]) -> None:
    body = multipart(**fields)
    if fields:
        assert decode("application/json", body) == fields
