"""What providers say when they refuse, and which problem that is to a client (contract 1.5, 4.5 m).

Knows no connection: a status and a body go in. Keys that a provider repeats in its message are struck out.
"""

import re
from http import HTTPStatus

import msgspec
from msgspec import Struct

from parlour.domain.problems import (
    CompletionRequestFailed,
    ModelNotSupported,
    Problem,
    ProviderNotInitialized,
    ProviderQuotaExceeded,
)

LONGEST = 1000
TRY_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
SPENT = frozenset({"insufficient_quota", "billing_error", "billing_hard_limit_reached", "insufficient_balance"})
NO_SUCH_MODEL = frozenset({"model_not_found", "not_found_error", "model_not_supported", "unsupported_model"})
BUSY = frozenset({"overloaded_error", "rate_limit_error", "rate_limit_exceeded", "server_error", "api_error"})
HALF_KEY = re.compile(r"[\w-]*\*{3,}[\w*-]*|\bsk-[\w-]{8,}")
"""What is left of a key that a provider masked itself, or another that looks like one."""


class Failure(Struct, frozen=True):
    """A refusal, read. `status` is 0 where it came inside a stream and named none."""

    status: int
    message: str
    kinds: frozenset[str] = frozenset()
    """Its `code` and `type`."""
    parameter: str = ""
    retry_after: float | None = None

    @property
    def spent(self) -> bool:
        return (
            self.status == HTTPStatus.PAYMENT_REQUIRED or bool(self.kinds & SPENT) or "credit balance" in self.message
        )

    @property
    def passing(self) -> bool:
        """Whether the same call may well succeed in a moment."""
        busy = self.status in TRY_AGAIN or (not self.status and bool(self.kinds & BUSY))
        return busy and not self.spent


class Refused(Exception):
    """A provider refused: by its status, or inside its stream."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def incomplete(*, spoke: bool) -> Refused:
    """The bytes of an answer are over, and it is none: nothing was said, or it was not said that this is all."""
    how = "The provider's answer broke off" if spoke else "The provider ended its answer without saying anything"
    return Refused(Failure(0, f"{how}."))


def unreadable(error: msgspec.DecodeError) -> Refused:
    return Refused(Failure(0, f"The provider sent what cannot be read ({error})."))


def digest(body: bytes, status: int = 0, retry_after: float | None = None) -> Failure:
    """Read a refusal in any of the shapes in use: `{error: {message, type, code}}`, `{error: text}`, `{message}`, …"""
    found = error_object(body)
    if found is None:
        phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "an unknown status"
        return Failure(status, f"The provider answered {status} ({phrase}).", retry_after=retry_after)
    code = found.get("code")
    kinds = frozenset(str(kind) for kind in (code, found.get("type")) if kind)
    if not status and isinstance(code, int):
        status = code
    message = first_text(found, "message", "detail", "msg") or msgspec.json.encode(found).decode()
    return Failure(status, message[:LONGEST], kinds, str(found.get("param") or ""), retry_after)


def error_object(body: bytes) -> dict[str, object] | None:
    """The innermost object that speaks of the error, or None where there is none."""
    try:
        read: object = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
    if isinstance(read, list) and read:
        read = read[0]  # pyright: ignore[reportUnknownVariableType] -- JSON
    if not isinstance(read, dict):
        return None
    outer = msgspec.convert(read, dict[str, object])
    inner = outer.get("error")
    if isinstance(inner, dict):
        return msgspec.convert(inner, dict[str, object])
    if isinstance(inner, str) and inner:
        return outer | {"message": outer.get("message") or inner}
    return outer if first_text(outer, "message", "detail", "msg") else None


def first_text(found: dict[str, object], *names: str) -> str:
    for name in names:
        value = found.get(name)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, list | dict) and value:
            return msgspec.json.encode(value).decode()
    return ""


def problem(failure: Failure, provider: str, secret: str | None) -> Problem:
    """What a client is told."""
    message = f"[{provider}] {without_keys(failure.message, secret)}"
    if failure.spent:
        return ProviderQuotaExceeded(message)
    if failure.status == HTTPStatus.NOT_FOUND or failure.kinds & NO_SUCH_MODEL:
        return ModelNotSupported(message)
    if failure.status == HTTPStatus.UNAUTHORIZED and not secret:
        return ProviderNotInitialized(f"{message} Give the provider '{provider}' an api_key in parlour.toml.")
    return CompletionRequestFailed(message)


def without_keys(message: str, secret: str | None) -> str:
    if secret:
        message = message.replace(secret, "***")
    return HALF_KEY.sub("***", message)


def need_key(provider: str, api_key: str | None) -> None:
    """Return unless a key is wanted (None: none is) and missing.

    Raises:
        ProviderNotInitialized: it is.
    """
    if api_key is not None and not api_key.strip():
        raise ProviderNotInitialized(
            f"The api_key of provider '{provider}' is empty. Set it in parlour.toml under "
            f"[providers.{provider}], or set the environment variable that it is read from."
        )
