"""An engine for tests of the processes that hold one: `python -m tests.providers.voice_engine`."""

import os
import time
from collections.abc import Iterator

from parlour.providers.voice.engine import Answer, serve


def load() -> Answer:
    print("engines print as they like")  # noqa: T201

    def answer(data: bytes) -> Iterator[bytes]:
        match data:
            case b"die":
                os._exit(3)
            case b"fail":
                raise ValueError("it is broken")
            case b"hang":
                time.sleep(60)
            case b"who":
                yield str(os.getpid()).encode()
            case b"keys":
                yield os.environ.get("SECRET_KEY", "none").encode()
            case _:
                yield from data.split()

    return answer


if __name__ == "__main__":
    serve(load)
