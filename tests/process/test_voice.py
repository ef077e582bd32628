"""The built-in voice and listener behind a real server: what is heard is what was said, and it is heard in time.

The extra `voice` is large, and one of its engines is under the GPL: it is fetched on first need into an environment of
its own, which the server of this test runs in.
"""

import json
import re
import subprocess
import sys
import time
import urllib.request
from base64 import b64decode
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest

from tests.contract.requirements import requirement
from tests.contract.uploading import BOUNDARY, multipart
from tests.process import conftest
from tests.process.conftest import APP, Served, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]
UV = ROOT / ".cache" / "uv" / "bin" / "uv"
PLACE = ROOT / ".cache" / "voice"
LOCK = ROOT / "requirements" / "voice.lock"

SENTENCES = (
    "The quick brown fox jumped over the lazy dog. ",
    "Then it went home and slept until the morning. ",
    "When the sun came up, it looked for something to eat. ",
    "There was bread on the table, and a glass of cold water. ",
    "After breakfast it walked slowly back into the forest.",
)
PACE = 3.2
"""Words in a second, about: a brisk reader."""
SPEAKS = """
  text_to_speech: {enabled: true, voice: any, language: en-US, autoPlay: enabled}
  speech_to_text: {enabled: true}
"""
DURATION = """
import av, sys
with av.open(sys.argv[1]) as sound:
    frames = [frame for frame in sound.decode(audio=0)]
print(sound.format.name, sum(frame.samples / frame.sample_rate for frame in frames))
"""


@pytest.fixture(scope="module")
def python() -> Path:
    """The interpreter of an environment with the extra, made if its lock has changed."""
    stamp, found = PLACE / "lock", PLACE / "bin" / "python"
    wanted = sha256(LOCK.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        run = (str(UV), "venv", "--quiet", "--clear", "--python", sys.executable, str(PLACE))
        subprocess.run(run, check=True)
        install = ("pip", "install", "--quiet", "--system-certs", "--require-hashes", "--python", str(found))
        subprocess.run([str(UV), *install, "-r", str(LOCK)], check=True)
        stamp.write_text(wanted)
    return found


def fetched(served: Served, path: str, body: bytes, kind: str) -> bytes:
    headers = {"Authorization": f"Bearer {served.key}", "Content-Type": kind}
    asked = urllib.request.Request(served.address + path, body, headers)  # noqa: S310
    with urllib.request.urlopen(asked, timeout=120) as reply:  # noqa: S310
        return reply.read()


def spoken(served: Served, **wanted: str) -> bytes:
    return fetched(served, "/v1/text-to-audio", json.dumps(wanted).encode(), "application/json")


def heard(served: Served, sound: bytes) -> str:
    """What the listener hears in it."""
    body = multipart(("file", "a.mp3", "audio/mpeg", sound))
    told = fetched(served, "/v1/audio-to-text", body, f"multipart/form-data; boundary={BOUNDARY}")
    return json.loads(told)["text"]


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def error_rate(said: list[str], heard: list[str]) -> float:
    """Words put in, left out or changed, of all that were said."""
    row = list(range(len(heard) + 1))
    for at, word in enumerate(said, 1):
        before, row = row, [at]
        for column, (left, other) in enumerate(zip(pairwise(before), heard, strict=True), 1):
            row.append(min(left[1] + 1, row[-1] + 1, left[0] + (word != other)))
            assert column
    return row[-1] / len(said)


def test_the_error_rate_counts_words() -> None:
    assert error_rate(["a", "b", "c", "d"], ["a", "x", "c"]) == 0.5
    assert error_rate(["a"], ["a"]) == 0


@requirement("speech:stream", "audio:speak", "audio:listen", "check:32")
def test_what_is_read_aloud_lasts_as_long_as_it_should_and_can_be_written_down_again(
    python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))

    def command(*given: str) -> list[str]:
        return [str(python), "-m", "parlour", *given]

    monkeypatch.setattr(conftest, "command", command)
    (tmp_path / "test.yml").write_text(APP.replace("  pre_prompt", f"{SPEAKS.strip(chr(10))}\n  pre_prompt"))
    script = {"rules": [{"say": SENTENCES, "delay_ms": 2500}]}
    text = "".join(SENTENCES)
    with serving(tmp_path, script) as served:
        assert spoken(served, text="Ready.")  # the first use loads the voice
        times: dict[str, float] = {}
        sounds: list[bytes] = []
        message_id = ""
        for event in served.events("Tell me."):
            name = event["event"]
            times.setdefault(name, time.monotonic())
            if name == "message":
                times["last text"] = time.monotonic()
                message_id = event["message_id"]
            if name == "tts_message":
                sounds.append(b64decode(event["audio"]))
        assert times["tts_message"] < times["last text"], "the first sound came after the last text"
        early = times["last text"] - times["tts_message"]
        place = tmp_path / "spoken.mp3"
        place.write_bytes(b"".join(sounds))
        told = subprocess.run([python, "-c", DURATION, place], check=True, capture_output=True, text=True).stdout
        kind, seconds = told.split()
        assert kind == "mp3"
        expected = len(words(text)) / PACE
        assert 0.6 * expected < float(seconds) < 1.6 * expected
        rate = error_rate(words(text), words(heard(served, place.read_bytes())))
        print(  # noqa: T201 -- `pytest -s` shows it
            f"the first sound came {early:.1f} s before the last text; {float(seconds):.1f} s of MP3 for "
            f"{len(words(text))} words; word error rate {rate:.2f}"
        )
        assert rate < 0.2
        again = spoken(served, message_id=message_id, user="u")
        assert error_rate(words(text), words(heard(served, again))) < 0.2
