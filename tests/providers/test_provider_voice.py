"""Voices over HTTP, and the one that says nothing: what is sent, and what of the answers is understood."""

import json
from contextlib import aclosing

import pytest
from aiohttp import web

from parlour.domain.problems import CompletionRequestFailed, ModelNotSupported, Problem, ProviderNotInitialized
from parlour.ports.voice import Voice
from parlour.providers.openai_voice import OpenAIVoice
from parlour.providers.scripted_voice import SILENCE, ScriptedVoice, titled, titles
from tests.contract.requirements import requirement
from tests.providers.fake_provider import Answer, outside, serving

pytestmark = pytest.mark.anyio


async def spoken(voice: Voice, text: str = "Hi.", name: str = "") -> bytes:
    async with aclosing(voice.speak(text, name)) as pieces:
        return b"".join([piece async for piece in pieces])


@requirement("audio:speak")
async def test_a_text_is_sent_and_its_sound_comes_as_it_is_made() -> None:
    async with serving(Answer([b"ID3", b"sound"], kind="audio/mpeg")) as there, outside() as session:
        voice = OpenAIVoice(session, "openai", there.url, "sk-1", "tts-1")
        voice.check()
        assert await spoken(voice, name="nova") == b"ID3sound"
        assert await spoken(voice) == b"ID3sound"
        sent = {"model": "tts-1", "input": "Hi.", "voice": "nova", "response_format": "mp3"}
        assert there.asked == [sent, sent | {"voice": "alloy"}]
        assert there.paths[0] == "/v1/audio/speech"
        assert there.headers[0]["Authorization"] == "Bearer sk-1"


@requirement("speech:stop")
async def test_who_stops_listening_closes_the_connection() -> None:
    async with serving(Answer([b"ID3"], kind="audio/mpeg", hang=True)) as there, outside() as session:
        voice = OpenAIVoice(session, "openai", there.url, None, "tts-1")
        async with aclosing(voice.speak("Hi.", "")) as pieces:
            assert await anext(pieces) == b"ID3"
        await there.gone.wait()


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (Answer([b'{"error":{"message":"hoarse sk-12345678"}}'], 400, "application/json"), Problem, r"hoarse \*\*\*"),
        (Answer([b'{"error":{"message":"no"}}'], 404, "application/json"), ModelNotSupported, "no"),
        (Answer([], 302, headers={"Location": "http://127.0.0.1:1/"}), CompletionRequestFailed, "302"),
        (Answer([b"ID3"], break_off=True), CompletionRequestFailed, "cannot be reached"),
    ],
)
async def test_a_voice_that_fails_says_why(answer: Answer, kind: type[Problem], says: str) -> None:
    async with serving(answer) as there, outside() as session:
        with pytest.raises(kind, match=says):
            await spoken(OpenAIVoice(session, "openai", there.url, "sk-12345678", "tts-1"))


async def test_a_key_that_is_missing_is_told_before_anything_is_sent() -> None:
    async with outside() as session:
        voice = OpenAIVoice(session, "openai", "http://127.0.0.1:1/v1", "", "tts-1")
        with pytest.raises(ProviderNotInitialized, match=r"providers\.openai"):
            voice.check()
        with pytest.raises(ProviderNotInitialized):
            await voice.transcribe(b"", "a.mp3", "audio/mpeg")


@requirement("audio:listen")
async def test_a_recording_is_sent_as_a_form_and_its_text_comes_back() -> None:
    got: dict[str, object] = {}

    async def answer(request: web.Request) -> web.Response:
        form = await request.post()
        sound = form["file"]
        assert isinstance(sound, web.FileField)
        got.update(name=sound.filename, type=sound.content_type, data=sound.file.read(), model=form["model"])
        return web.Response(body=json.dumps({"text": " Hello. "}).encode())

    app = web.Application()
    app.router.add_post("/v1/audio/transcriptions", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        async with outside() as session:
            voice = OpenAIVoice(session, "openai", f"http://{host}:{port}/v1", None, "whisper-1")
            assert await voice.transcribe(b"sound", "a.webm", "audio/webm") == "Hello."
    finally:
        await runner.cleanup()
    assert got == {"name": "a.webm", "type": "audio/webm", "data": b"sound", "model": "whisper-1"}


async def test_the_scripted_voice_can_be_read_and_reads_itself() -> None:
    voice = ScriptedVoice()
    sound = await spoken(voice, "Größe. 你好。" * 30)
    assert sound == titled("Größe. 你好。" * 30) + SILENCE
    assert titles(sound + await spoken(voice)) == ["Größe. 你好。" * 30, "Hi."]
    assert await voice.transcribe(sound[: sound.index(SILENCE)] + await spoken(voice), "", "") == (
        "Größe. 你好。" * 30 + " Hi."
    )
