"""A provider over HTTP: what is tried again and what is not, how long is waited, and what a client is told."""

import asyncio
import re
from contextlib import aclosing

import anyio
import pytest

from parlour.domain.problems import (
    CompletionRequestFailed,
    ModelNotSupported,
    Problem,
    ProviderNotInitialized,
    ProviderQuotaExceeded,
)
from parlour.ports.models import Ended, Said, Text
from parlour.providers.anthropic import Anthropic
from parlour.providers.failures import digest, problem
from parlour.providers.openai_compatible import OpenAICompatible
from parlour.providers.remote import Remote
from parlour.providers.web import session
from tests.providers.fake_provider import (
    DONE,
    STOP,
    Answer,
    Naps,
    a_call,
    all_of,
    chunk,
    event,
    outside,
    serving,
    texts,
)

pytestmark = pytest.mark.anyio

GOOD = Answer([*texts("ok"), STOP, DONE])
OK: list[Said] = [Text("ok"), Ended("stop")]
SECRET = "topsecret0123456789"


def refusal(status: int, body: str = '{"error": {"message": "no"}}', **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer([body.encode()], status, "application/json", named)


async def told(naps: Naps, *answers: Answer, key: str | None = SECRET) -> tuple[list[Said] | Problem, int]:
    """What the provider's user hears, and how often the provider was asked."""
    with anyio.fail_after(5):
        async with serving(*answers) as fake, outside() as client:
            provider = Remote(OpenAICompatible(), client, fake.url, key, patience=naps.patience())
            try:
                return await all_of(provider.stream(a_call())), len(fake.asked)
            except Problem as error:
                return error, len(fake.asked)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 529])
async def test_a_passing_refusal_is_tried_again(status: int) -> None:
    naps = Naps()
    assert await told(naps, refusal(status), refusal(status), GOOD) == (OK, 3)
    assert naps.taken == [0.5, 1.0]


async def test_after_three_tries_the_refusal_is_told() -> None:
    error, asked = await told(Naps(), refusal(503, '{"error": {"message": "Overloaded"}}'))
    assert isinstance(error, CompletionRequestFailed)
    assert (str(error), asked) == ("[acme] Overloaded", 3)


@pytest.mark.parametrize(("header", "seconds"), [({"Retry_After": "7"}, 7.0), ({"retry_after_ms": "1500"}, 1.5)])
async def test_the_provider_says_how_long_to_wait(header: dict[str, str], seconds: float) -> None:
    naps = Naps()
    assert await told(naps, refusal(429, **header), GOOD) == (OK, 2)
    assert naps.taken == [seconds]


async def test_a_date_in_retry_after_means_the_usual_wait() -> None:
    naps = Naps()
    assert await told(naps, refusal(429, Retry_After="Wed, 21 Oct 2065 07:28:00 GMT"), GOOD) == (OK, 2)
    assert naps.taken == [0.5]


async def test_nobody_waits_for_minutes() -> None:
    error, asked = await told(Naps(), refusal(429, Retry_After="600"), GOOD)
    assert isinstance(error, CompletionRequestFailed)
    assert asked == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
async def test_a_lasting_refusal_is_told_at_once(status: int) -> None:
    error, asked = await told(Naps(), refusal(status), GOOD)
    assert isinstance(error, Problem)
    assert asked == 1


async def test_a_spent_account_is_not_asked_again() -> None:
    error, asked = await told(Naps(), refusal(429, '{"error": {"message": "no", "code": "insufficient_quota"}}'), GOOD)
    assert isinstance(error, ProviderQuotaExceeded)
    assert asked == 1


async def test_a_refusal_inside_the_stream_before_any_word_is_tried_again() -> None:
    role = chunk({"role": "assistant", "content": ""})
    busy = Answer([role, event({"error": {"message": "busy", "type": "overloaded_error"}})])
    assert await told(Naps(), busy, GOOD) == (OK, 2)


async def test_a_connection_that_breaks_before_any_word_is_tried_again() -> None:
    assert await told(Naps(), Answer([b": soon\n\n"], break_off=True), GOOD) == (OK, 2)


async def test_nothing_is_tried_again_after_the_first_word() -> None:
    for broken in (
        Answer(texts("Par"), break_off=True),
        Answer([*texts("Par"), event({"error": {"message": "busy", "type": "overloaded_error"}})]),
    ):
        error, asked = await told(Naps(), broken, GOOD)
        assert isinstance(error, CompletionRequestFailed)
        assert asked == 1


async def test_a_provider_that_is_not_there_is_told_without_its_address() -> None:
    naps = Naps()
    async with serving(GOOD) as fake:
        gone = fake.url
    with anyio.fail_after(5):
        async with outside() as client:
            provider = Remote(OpenAICompatible(), client, gone, None, patience=naps.patience())
            with pytest.raises(CompletionRequestFailed) as caught:
                await all_of(provider.stream(a_call()))
    assert str(caught.value) == "[acme] The provider cannot be reached (Connection refused)."
    assert len(naps.taken) == 2


async def test_silence_before_the_first_byte_ends_the_call() -> None:
    async with serving(Answer(hang=True)) as fake, outside() as client:
        provider = Remote(OpenAICompatible(), client, fake.url, None, patience=Naps().patience(first_byte=0.1, idle=60))
        with anyio.fail_after(5), pytest.raises(CompletionRequestFailed, match=r"said nothing for 0\.1 seconds"):
            await all_of(provider.stream(a_call()))
        assert len(fake.asked) == 1


async def test_silence_in_mid_answer_ends_the_call() -> None:
    async with serving(Answer(texts("a"), hang=True)) as fake, outside() as client:
        provider = Remote(OpenAICompatible(), client, fake.url, None, patience=Naps().patience(first_byte=60, idle=0.1))
        stream = provider.stream(a_call())
        with anyio.fail_after(5):
            assert await anext(stream) == Text("a")
            with pytest.raises(CompletionRequestFailed, match=r"said nothing for 0\.1 seconds"):
                await anext(stream)


async def test_a_connection_serves_one_answer_after_another() -> None:
    with anyio.fail_after(5):
        async with serving(GOOD) as fake, outside() as client:
            provider = Remote(OpenAICompatible(), client, fake.url, SECRET)
            for _ in range(3):
                assert await all_of(provider.stream(a_call())) == OK
            assert len(fake.connections) == 1


async def test_a_connection_whose_end_comes_late_serves_again() -> None:
    over = asyncio.Event()
    with anyio.fail_after(5):
        async with serving(Answer([*texts("ok"), STOP, DONE], wait=over)) as fake, outside() as client:
            provider = Remote(OpenAICompatible(), client, fake.url, None)
            for _ in range(2):
                over.clear()
                async with aclosing(provider.stream(a_call())) as stream:
                    async for said in stream:
                        if said == Ended("stop"):
                            over.set()
            assert len(fake.connections) == 1


async def test_an_answer_ends_with_its_last_word_even_if_the_connection_stays() -> None:
    with anyio.fail_after(5):
        async with serving(Answer([*texts("ok"), STOP, DONE], hang=True)) as fake, outside() as client:
            assert await all_of(Remote(OpenAICompatible(), client, fake.url, None).stream(a_call())) == OK
            await fake.gone.wait()


async def test_a_provider_that_does_not_stream_is_understood() -> None:
    body = b'{"choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}]}'
    assert await told(Naps(), Answer([body[:20], body[20:]], kind="application/json; charset=utf-8")) == (OK, 1)


@pytest.mark.parametrize("option", ["stream_options", "top_k"])
async def test_an_option_that_is_refused_by_name_is_left_out_then_and_later(option: str) -> None:
    error = f'{{"error": {{"message": "Unknown {option}", "code": "unsupported_parameter", "param": "{option}"}}}}'
    with anyio.fail_after(5):
        async with serving(refusal(400, error), GOOD) as fake, outside() as client:
            provider = Remote(OpenAICompatible(), client, fake.url, None, patience=Naps().patience())
            call = a_call(parameters={"top_k": 3, "seed": 1})
            assert await all_of(provider.stream(call)) == OK
            assert await all_of(provider.stream(call)) == OK
    assert [option in asked for asked in fake.asked] == [True, False, False]
    assert all("seed" in asked for asked in fake.asked)


async def test_a_key_goes_in_the_header_of_its_wire_and_only_there() -> None:
    with anyio.fail_after(5):
        async with serving(GOOD) as fake, outside() as client:
            await all_of(Remote(OpenAICompatible(), client, fake.url, SECRET).stream(a_call()))
            with pytest.raises(Problem):
                await all_of(Remote(Anthropic(), client, fake.url, SECRET).stream(a_call()))
    assert fake.paths == ["/v1/chat/completions", "/v1/messages"]
    assert fake.headers[0]["Authorization"] == f"Bearer {SECRET}"
    assert (fake.headers[1]["x-api-key"], fake.headers[1]["anthropic-version"]) == (SECRET, "2023-06-01")
    assert SECRET not in str(fake.asked)


async def test_a_redirect_is_not_followed() -> None:
    error, asked = await told(Naps(), Answer([], 307, "text/plain", {"Location": "/elsewhere"}))
    assert "base_url" in str(error)
    assert asked == 1


async def test_a_web_page_is_no_answer() -> None:
    error, _ = await told(Naps(), Answer([b"<html>hello</html>"], kind="text/html"))
    assert "base_url" in str(error)


async def test_a_private_address_is_refused_without_another_try() -> None:
    naps = Naps()
    async with serving(GOOD) as fake:
        client = session(allow_private=False)
        try:
            provider = Remote(OpenAICompatible(), client, fake.url, SECRET, patience=naps.patience())
            with anyio.fail_after(5), pytest.raises(CompletionRequestFailed, match=r"\[acme\] The address is private"):
                await all_of(provider.stream(a_call()))
        finally:
            await client.close()
        assert (fake.asked, naps.taken) == ([], [])


@pytest.mark.parametrize("shown", [SECRET, "sk-ve*******6789", "sk-another-key-in-the-text"])
async def test_keys_are_struck_out_of_what_a_client_is_told(shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    body = f'{{"error": {{"message": "Incorrect API key provided: {shown}. See the docs."}}}}'
    for status in (401, 503):
        error, _ = await told(Naps(), refusal(status, body))
        assert isinstance(error, CompletionRequestFailed)
        assert str(error) == "[acme] Incorrect API key provided: ***. See the docs."
    assert shown not in capsys.readouterr().out


async def test_a_refused_call_without_a_key_asks_for_one() -> None:
    error, _ = await told(Naps(), refusal(401), key=None)
    assert isinstance(error, ProviderNotInitialized)
    assert "api_key" in str(error)


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (402, "", ProviderQuotaExceeded, r"\[p\] The provider answered 402 \(Payment Required\)\."),
        (400, '{"error":{"message":"Your credit balance is too low"}}', ProviderQuotaExceeded, "too low"),
        (404, '{"error":{"message":"The model `x` does not exist"}}', ModelNotSupported, "`x` does not exist"),
        (403, '{"error":{"message":"m","code":"model_not_found"}}', ModelNotSupported, "m"),
        (403, '{"message":"Forbidden"}', CompletionRequestFailed, "Forbidden"),
        (422, '{"detail":[{"loc":["body"],"msg":"bad"}]}', CompletionRequestFailed, '"msg":"bad"'),
        (400, '[{"error":{"code":400,"message":"m","status":"X"}}]', CompletionRequestFailed, r"\[p\] m$"),
        (500, '{"error":"plain"}', CompletionRequestFailed, r"\[p\] plain$"),
        (502, "<html>Bad</html>", CompletionRequestFailed, r"502 \(Bad Gateway\)"),
        (599, "\xff", CompletionRequestFailed, "599"),
        (529, '{"type":"error","error":{"type":"overloaded_error","message":"O"}}', CompletionRequestFailed, "O"),
    ],
)
def test_each_refusal_is_a_problem_of_its_kind(status: int, body: str, kind: type[Problem], message: str) -> None:
    found = problem(digest(body.encode("latin-1"), status), "p", "key")
    assert type(found) is kind
    assert re.search(message, str(found))


def test_a_refusal_of_any_length_is_told_in_short() -> None:
    assert len(digest(b'{"error": "' + b"x" * 100_000 + b'"}', 400).message) == 1000
