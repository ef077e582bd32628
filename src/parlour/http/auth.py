"""Who asks: the bearer token of a request, and the app that it opens (contract 1.1).

Knows tokens by their hash only; does not know what an app is.
"""

import hashlib

from parlour.domain.problems import Unauthorized
from parlour.ports.catalogue import Key, KeyKind, Keys


def digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def token_of(authorization: str) -> str:
    """The token of an `Authorization` header.

    Raises:
        Unauthorized: there is none, or another scheme.
    """
    words = authorization.split(maxsplit=1)
    token = words[1].strip() if len(words) == 2 else ""
    if not token or words[0].lower() != "bearer":
        raise Unauthorized
    return token


class Keyring:
    """Keys by token: those of the configuration, and those of the store, remembered until `forget`."""

    def __init__(self, keys: Keys, given: tuple[Key, ...] = ()) -> None:
        self._keys = keys
        self._given = {key.hash: key for key in given}
        self._known = dict(self._given)

    async def open(self, authorization: str, kind: KeyKind) -> Key:
        """The key of this kind that a request's `Authorization` header holds.

        Raises:
            Unauthorized: no header, another scheme, or a token that opens nothing of the kind.
        """
        hashed = digest(token_of(authorization))
        key = self._known.get(hashed)
        if key is None:
            key = await self._keys.find(hashed)
            if key is not None:
                self._known[hashed] = key
        if key is None or key.kind != kind:
            raise Unauthorized("Access token is invalid")
        return key

    def forget(self) -> None:
        """Ask the store again from now on: another process has changed the keys."""
        self._known = dict(self._given)
