"""Keys and published versions, kept. Knows neither what a version's text means nor how a key is handed out."""

from typing import Literal, Protocol

from msgspec import Struct

KeyKind = Literal["app", "knowledge", "admin"]


class Key(Struct, frozen=True):
    """A credential, without its secret: `hash` is the hex SHA-256 of the token."""

    hash: str
    kind: KeyKind
    app: str
    """The name of the app that it opens; of a knowledge key, its tenant; empty for an operator's."""
    hint: str
    """The token's first and last characters (`app-…x7Qp`), to tell keys apart."""
    created_at: float


class Version(Struct, frozen=True):
    """One published (or draft) content of an app."""

    id: str
    """A UUID, the same for the same content."""
    app: str
    """The app's short name."""
    source: str
    """The text of its file."""
    created_at: float
    draft: bool = False


class Keys(Protocol):
    async def add(self, key: Key) -> None: ...

    async def find(self, digest: str) -> Key | None: ...

    async def all(self) -> tuple[Key, ...]:
        """Oldest first."""
        ...

    async def revoke(self, digest: str) -> bool:
        """Delete it; False if there is none."""
        ...


class Versions(Protocol):
    async def publish(self, version: Version) -> None:
        """Make it the app's newest version. Publishing an older content again makes that one the newest."""
        ...

    async def get(self, app: str, version_id: str) -> Version | None: ...

    async def latest(self) -> tuple[Version, ...]:
        """The newest version of each app that is no draft, by app name."""
        ...

    async def history(self, app: str) -> tuple[Version, ...]:
        """Every version of an app, newest first, drafts included."""
        ...
