"""A secret that is made once and kept in a file that only its owner reads. Does not know what it is for."""

import secrets
from pathlib import Path

BYTES = 32


def kept_secret(path: Path) -> bytes:
    """
    Raises:
        OSError: it cannot be read, or not be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_bytes(secrets.token_bytes(BYTES))
        fresh.rename(path)
    return path.read_bytes()
