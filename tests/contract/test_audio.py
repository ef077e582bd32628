"""Answers read aloud, beside a stream and by themselves; recordings written down (contract 4.5 c, 5.8, check 32)."""

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from parlour.domain.problems import CompletionRequestFailed
from parlour.providers.scripted_voice import SILENCE, ScriptedVoice, titled, titles
from parlour.providers.voices import Voices
from tests.contract.flow_samples import chatflow_file, names, start, workflow_file
from tests.contract.pausing import asks
from tests.contract.requirements import requirement
from tests.contract.test_moderation import app_of, asked, rule
from tests.contract.uploading import BOUNDARY, Part, multipart
from tests.dsl.graph_samples import chain, flow_file, node
from tests.front_door import FrontDoor, Reply, until
from tests.houses import NOBODY, Build, Gate, app_file, chat_app, key_of, rules, scripted

pytestmark = pytest.mark.anyio

ALOUD = {"text_to_speech": {"enabled": True, "voice": "echo", "language": "en-US", "autoPlay": "enabled"}}
QUIET = {"text_to_speech": {"enabled": True, "voice": "echo", "language": "", "autoPlay": "disabled"}}
LISTENS = {"speech_to_text": {"enabled": True}}
MODES = ("chat", "agent-chat", "completion", "advanced-chat")
BODY = {"query": "hi", "user": "ann", "response_mode": "streaming", "auto_generate_name": False}
END = "tts_message_end"


class Voice(ScriptedVoice):
    """Keeps what it is asked; waits for the gate before each sound, if there is one; breaks where it is told to."""

    def __init__(self, gate: asyncio.Event | None = None, breaks: str = "", after: asyncio.Event | None = None) -> None:
        self.asked: list[tuple[str, str]] = []
        self.speaking = asyncio.Event()
        self.closed = 0
        self._gate = gate
        self._breaks = breaks
        self._after = after

    async def speak(self, text: str, voice: str) -> AsyncGenerator[bytes, None]:
        self.asked.append((text, voice))
        self.speaking.set()
        try:
            if self._gate is not None:
                await self._gate.wait()
            if self._breaks and self._breaks in text:
                raise CompletionRequestFailed("The voice is hoarse.")
            yield titled(text)
            yield SILENCE
            if self._after is not None:
                await self._after.wait()
        finally:
            self.closed += 1


def heard(events: list[dict[str, Any]]) -> list[str]:
    sound = b"".join(b64decode(event["audio"]) for event in events if event["event"] == "tts_message")
    return titles(sound)


@requirement("speech:stream", "check:32")
@pytest.mark.parametrize("mode", MODES)
async def test_an_answer_is_read_aloud_in_order_and_its_end_is_the_last_event(build: Build, mode: str) -> None:
    say = ["First. ", "Second one", ". Third!", " No end"]
    voice = Voice()
    place = await build(apps={"first": app_of(mode, ALOUD)}, models=rules({"say": say}), voice=voice)
    events = (await asked(place.door, mode)).events
    assert " ".join(heard(events)) == "First. Second one. Third! No end"
    assert {name for _, name in voice.asked} == {"echo"}
    last = events[-1]
    assert last["event"] == END
    assert b64decode(last["audio"]) == SILENCE
    closing = [name for name in names(events) if name in {"message_end", "workflow_finished"}]
    assert closing == (["message_end", "workflow_finished"] if mode == "advanced-chat" else ["message_end"])
    for event in events:
        assert event["task_id"] == last["task_id"]


@requirement("speech:stream")
async def test_a_workflow_is_read_aloud_as_well(build: Build) -> None:
    place = await build(apps={"first": workflow_file(features=ALOUD)}, models=rules({"say": ["All ", "done."]}))
    sent = {"inputs": {"word": "x"}, "user": "ann", "response_mode": "streaming"}
    events = (await place.door.post("/v1/workflows/run", **sent)).events
    assert heard(events) == ["All done."]
    assert names(events)[-2:] == ["workflow_finished", END]


@requirement("speech:early", "speech:stream")
async def test_sound_is_told_while_the_model_says_nothing(build: Build) -> None:
    gate = Gate()
    model = scripted({"rules": [{"say": ["Wait a moment. ", "Here."], "delay_ms": 1}]}, gate.sleep)
    place = await build(apps={"first": app_of("chat", ALOUD)}, models=model)
    stream = place.door.open("POST", "/v1/chat-messages", json_body=BODY)
    assert names(await stream.take(2)) == ["message", "tts_message"]
    gate.opened.set()
    assert names(await stream.rest()) == ["message", "message_end", "tts_message", END]


@requirement("speech:early")
async def test_a_voice_may_come_to_its_end_while_the_model_says_nothing(build: Build) -> None:
    gate, after = Gate(), asyncio.Event()
    voice = Voice(after=after)
    model = scripted({"rules": [{"say": ["Wait a moment. ", "Here."], "delay_ms": 1}]}, gate.sleep)
    place = await build(apps={"first": app_of("chat", ALOUD)}, models=model, voice=voice)
    stream = place.door.open("POST", "/v1/chat-messages", json_body=BODY)
    assert names(await stream.take(3)) == ["message", "tts_message", "tts_message"]
    after.set()

    async def silent() -> bool:
        return voice.closed == 1

    await until(silent)
    gate.opened.set()
    assert names(await stream.rest()) == ["message", "message_end", "tts_message", "tts_message", END]


@requirement("speech:stream")
async def test_text_does_not_wait_for_its_sound(build: Build) -> None:
    gate = asyncio.Event()
    voice = Voice(gate)
    place = await build(
        apps={"first": app_of("chat", ALOUD)}, models=rules({"say": ["One. ", "Two. ", "Three. "]}), voice=voice
    )
    stream = place.door.open("POST", "/v1/chat-messages", json_body=BODY)
    assert names(await stream.take(4)) == ["message", "message", "message", "message_end"]
    gate.set()
    rest = await stream.rest()
    assert heard(rest) == ["One.", "Two. Three."]  # what comes while it speaks is its next stretch


@requirement("speech:stop")
async def test_a_stop_while_it_is_read_aloud_ends_text_and_sound(build: Build) -> None:
    voice = Voice(asyncio.Event())
    model = rules({"say": ["One. ", "Two. "], "hang": True})
    place = await build(apps={"first": app_of("chat", ALOUD)}, models=model, voice=voice)
    stream = place.door.open("POST", "/v1/chat-messages", json_body=BODY)
    first = (await stream.take(2))[0]
    await voice.speaking.wait()
    await place.door.post(f"/v1/chat-messages/{first['task_id']}/stop", user="ann")
    assert names(await stream.rest()) == ["message_end"]
    assert voice.closed == 1


@requirement("speech:stop")
@pytest.mark.parametrize("mode", ["chat", "advanced-chat"])
async def test_a_stop_after_the_answer_ends_the_sound_and_leaves_the_answer(build: Build, mode: str) -> None:
    voice = Voice(asyncio.Event())
    app = app_of(mode, ALOUD)
    place = await build(apps={"first": app}, models=rules({"say": ["All of it."]}), voice=voice)
    stream = place.door.open("POST", "/v1/chat-messages", json_body=BODY)
    events: list[dict[str, Any]] = []
    while not events or events[-1]["event"] != ("message_end" if mode == "chat" else "workflow_finished"):
        events += await stream.take(1)
    await voice.speaking.wait()
    await place.door.post(f"/v1/chat-messages/{events[0]['task_id']}/stop", user="ann")
    assert await stream.rest() == []
    assert voice.closed == 1
    of = events[0]["conversation_id"]
    [row] = (await place.door.get("/v1/messages", user="ann", conversation_id=of)).json()["data"]
    assert (row["answer"], row["status"]) == ("All of it.", "normal")


@requirement("speech:failure")
async def test_a_voice_that_breaks_leaves_the_text_alone(build: Build) -> None:
    voice = Voice(breaks="Two")
    gate = Gate()
    gate.opened.set()
    model = scripted({"rules": [{"say": ["One. ", "Two. ", "Three. ", "Four."], "delay_ms": 1}]}, gate.sleep)
    place = await build(apps={"first": app_of("chat", ALOUD)}, models=model, voice=voice)
    events = (await asked(place.door, "chat")).events
    assert "".join(event.get("answer", "") for event in events) == "One. Two. Three. Four."
    assert heard(events) == ["One."]
    assert names(events)[-2:] == ["message_end", END]
    [entry] = [entry for entry in place.logs if "read aloud no further" in entry.getMessage()]
    assert "hoarse" in entry.getMessage()


@requirement("speech:failure")
async def test_a_model_that_breaks_ends_the_sound_too(build: Build) -> None:
    model = rules({"say": ["One. ", "Two."], "error": {"after": 1}})
    place = await build(apps={"first": app_of("chat", ALOUD)}, models=model, voice=Voice(asyncio.Event()))
    assert names((await asked(place.door, "chat")).events) == ["message", "error"]


@requirement("speech:off")
async def test_nothing_is_read_aloud_that_nobody_hears(build: Build) -> None:
    voice, off = Voice(), {"text_to_speech": {**ALOUD["text_to_speech"], "enabled": False}}
    apps = {"first": chat_app(**ALOUD), "quiet": chat_app(**QUIET), "off": chat_app(**off)}
    place = await build(apps=apps, voice=voice)
    assert (await asked(place.door, "chat", response_mode="blocking")).json()["answer"] == "hi"
    for name in ("quiet", "off"):
        door = FrontDoor(place.app, key_of(name))
        assert names((await asked(door, "chat")).events) == ["message", "message_end"]
        await door.close()
    assert voice.asked == []


@requirement("speech:stream", "moderation:answer")
async def test_what_is_not_let_through_is_read_no_further_but_what_stands_in_its_place(build: Build) -> None:
    gate = asyncio.Event()
    voice = Voice(gate)
    app = app_of("chat", {**ALOUD, **rule(outputs=True)})
    model = rules({"say": ["Hello. ", "The secret is this. ", "x" * 300], "hang": True})
    place = await build(apps={"first": app}, models=model, voice=voice)
    stream = place.door.open("POST", "/v1/chat-messages", json_body=BODY)
    assert names(await stream.take(4)) == ["message", "message", "message_replace", "message_end"]
    gate.set()
    events = await stream.rest()
    assert (heard(events), names(events)[-1]) == (["Hello.", "I cannot share that."], END)


@requirement("speech:stream", "moderation:question")
async def test_a_preset_answer_is_read_aloud(build: Build) -> None:
    place = await build(apps={"first": app_of("chat", {**ALOUD, **rule(inputs=True)})})
    events = (await asked(place.door, "chat", query="secret")).events
    assert heard(events) == ["I cannot share that."]
    assert [name for name in names(events) if not name.startswith(("message", "tts_message"))] == []
    assert names(events)[-1] == END


@requirement("speech:stream", "pause:events")
async def test_a_run_that_waits_for_somebody_is_read_aloud_up_to_there_and_on(build: Build) -> None:
    nodes = [start(), node("one", "answer", answer="Hold on"), asks(), node("two", "answer", answer="Thanks.")]
    edges = [*chain("start", "one", "ask"), *chain("ask", "two")]
    edges[-1]["sourceHandle"] = "yes"
    app = flow_file(graph={"nodes": nodes, "edges": edges}, features=ALOUD)
    place = await build(apps={"first": app})
    events = (await asked(place.door, "advanced-chat")).events
    assert heard(events) == ["Hold on"]
    form = next(event["data"] for event in events if event["event"] == "human_input_required")
    path = f"/v1/form/human_input/{form['form_token']}"
    sent: dict[str, Any] = {"inputs": {"note": "x"}, "action": "yes", "user": "ann"}
    assert (await place.door.request("POST", path, json_body=sent)).status == 200
    path = f"/v1/workflow/{events[0]['workflow_run_id']}/events"
    events = (await place.door.get(path, user="ann")).events
    assert (heard(events), names(events)[-1]) == (["Thanks."], END)


async def speak(door: FrontDoor, **body: Any) -> Reply:
    return await door.post("/v1/text-to-audio", **body)


async def listen(door: FrontDoor, *parts: Part) -> Reply:
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    return await door.request("POST", "/v1/audio-to-text", headers=headers, body=multipart(*parts))


ANN = ("user", None, "", b"ann")


APPS = {
    "chat": chat_app(**QUIET, **LISTENS),
    "completion": app_file("completion", **QUIET, **LISTENS),
    "advanced-chat": chatflow_file(features={**QUIET, **LISTENS}),
    "workflow": workflow_file(features={**QUIET, **LISTENS}),
}


@requirement("audio:speak")
@pytest.mark.parametrize("mode", APPS)
async def test_a_text_becomes_mp3_in_every_mode(build: Build, mode: str) -> None:
    voice = Voice()
    place = await build(apps={"first": APPS[mode]}, voice=voice)
    reply = await speak(place.door, text="Hello **there**, <think>hm</think>you.", user="ann")
    assert (reply.status, reply.headers["content-type"]) == (200, "audio/mpeg")
    assert reply.body == titled("Hello there, you.") + SILENCE
    await speak(place.door, text="x", voice="nova", streaming=True)
    assert [name for _, name in voice.asked] == ["echo", "nova"]


@requirement("audio:speak")
async def test_an_answer_is_read_to_its_own_user_only(build: Build) -> None:
    place = await build(apps={"first": APPS["chat"], "other": APPS["chat"]}, models=rules({"say": ["An answer."]}))
    said = (await place.door.send()).json()
    message_id = said["message_id"]
    told = await speak(place.door, message_id=message_id, text="not this", user="ann")
    assert titles(told.body) == ["An answer."]
    other = FrontDoor(place.app, key_of("other"))
    for door, user, named in (
        (place.door, "bob", message_id),
        (other, "ann", message_id),
        (place.door, "ann", NOBODY),
    ):
        reply = await speak(door, message_id=named, text="x", user=user)
        assert (reply.status, reply.json()["code"]) == (404, "not_found")
        assert "Message Not Exists" in reply.json()["message"]
    await other.close()


@requirement("audio:speak:refused")
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": " \n"},
        {"text": 5},
        {"text": "x" * 20_001},
        {"text": "```code```"},
        {"message_id": "abc"},
        {"message_id": 7},
        {"voice": ["a"], "text": "x"},
        {"message_id": "", "text": ""},
    ],
)
async def test_what_cannot_be_read_aloud_is_400(build: Build, body: dict[str, object]) -> None:
    place = await build(apps={"first": APPS["chat"]})
    reply = await speak(place.door, **body, user="ann")
    assert (reply.status, reply.json()["code"]) == (400, "invalid_param")


@requirement("audio:speak:refused", "audio:absent")
async def test_an_app_without_speech_or_a_house_without_a_voice_says_so(build: Build) -> None:
    place = await build(apps={"first": chat_app(), "loud": APPS["chat"]}, voice=Voices(None, None))
    reply = await speak(place.door, text="x")
    assert (reply.status, reply.json()["code"]) == (400, "invalid_param")
    assert "TTS is not enabled" in reply.json()["message"]
    loud = FrontDoor(place.app, key_of("loud"))
    reply = await speak(loud, text="x")
    assert (reply.status, reply.json()["code"]) == (400, "provider_not_initialize")
    assert "parlour[voice]" in reply.json()["message"]
    reply = await listen(loud, ("file", "a.mp3", "audio/mpeg", titled("x")))
    assert (reply.status, reply.json()["code"]) == (400, "provider_not_support_speech_to_text")
    assert "parlour[voice]" in reply.json()["message"]
    await loud.close()


@requirement("audio:speak")
async def test_a_voice_that_fails_at_once_is_a_failure_in_the_envelope(build: Build) -> None:
    place = await build(apps={"first": APPS["chat"]}, voice=Voice(breaks="x"))
    reply = await speak(place.door, text="x")
    assert (reply.status, reply.json()["code"]) == (400, "completion_request_error")


@requirement("audio:listen")
@pytest.mark.parametrize("mode", APPS)
async def test_a_recording_is_written_down_in_every_mode(build: Build, mode: str) -> None:
    place = await build(apps={"first": APPS[mode]})
    reply = await listen(place.door, ("file", "a.mp3", "audio/mp3", titled("Hello.")), ANN)
    assert (reply.status, reply.json()) == (200, {"text": "Hello."})


@requirement("audio:listen", "error:audio")
@pytest.mark.parametrize(
    ("kind", "taken"),
    [
        *((f"audio/{kind}", True) for kind in ("mp3", "m4a", "wav", "amr", "mpga", "mpeg", "webm", "ogg", "mp4")),
        ("audio/webm;codecs=opus", True),
        *((kind, False) for kind in ("audio/flac", "video/mp4", "text/plain", "application/octet-stream")),
    ],
)
async def test_a_recording_is_taken_by_its_type(build: Build, kind: str, taken: bool) -> None:  # noqa: FBT001
    place = await build(apps={"first": APPS["chat"]})
    reply = await listen(place.door, ("file", "a.bin", kind, titled("Hello.")))
    assert reply.status == (200 if taken else 415)
    if not taken:
        assert reply.json()["code"] == "unsupported_audio_type"


@requirement("error:audio")
async def test_a_recording_that_is_missing_or_switched_off_or_too_large_is_told_apart(build: Build) -> None:
    place = await build(apps={"first": APPS["chat"], "deaf": chat_app()})
    for parts in ([ANN], [("sound", "a.mp3", "audio/mp3", b"x")]):
        reply = await listen(place.door, *parts)
        assert (reply.status, reply.json()["code"]) == (400, "no_audio_uploaded")
    reply = await place.door.post("/v1/audio-to-text", user="ann")
    assert (reply.status, reply.json()["code"]) == (400, "no_audio_uploaded")
    reply = await listen(place.door, ("file", "a.mp3", "audio/mp3", bytes(30 * 1024 * 1024 + 1)))
    assert (reply.status, reply.json()["code"]) == (413, "audio_too_large")
    assert (await listen(place.door, ("file", "a.mp3", "audio/mp3", bytes(30 * 1024 * 1024)))).status == 200
    deaf = FrontDoor(place.app, key_of("deaf"))
    reply = await listen(deaf, ("file", "a.mp3", "audio/mp3", b"x"))
    assert (reply.status, reply.json()["code"]) == (400, "speech_to_text_disabled")
    await deaf.close()


@requirement("audio:speak")
async def test_clients_are_told_what_an_app_can_do(build: Build) -> None:
    place = await build(apps={"first": chat_app(**ALOUD, **LISTENS)})
    told = json.loads((await place.door.get("/v1/parameters")).body)
    assert told["speech_to_text"] == {"enabled": True}
    assert told["text_to_speech"] == ALOUD["text_to_speech"]
