"""The apps that are served now, and the older versions that conversations began with.

Knows no file and no socket: sources come in as text. A source that is refused leaves what was served before.
"""

from collections.abc import Callable

from parlour.domain.app import App
from parlour.dsl.findings import Refused
from parlour.http.reading import understood
from parlour.ports.catalogue import Version, Versions


class Catalogue:
    """Apps by name, current and pinned."""

    def __init__(self, versions: Versions, now: Callable[[], float]) -> None:
        self._versions = versions
        self._now = now
        self._apps: dict[str, App] = {}
        self._pinned: dict[tuple[str, str], App] = {}

    def all(self) -> tuple[App, ...]:
        return tuple(self._apps.values())

    def get(self, name: str) -> App | None:
        return self._apps.get(name)

    async def publish(self, source: str, name: str, *, partial: bool = False) -> App:
        """Serve this content from now on; runs in flight finish on theirs. Partial: even if it cannot all run.

        Raises:
            Refused: the content is not understood; what was served stays.
        """
        app = understood(source, name, partial=partial)
        latest = {version.app: version.id for version in await self._versions.latest()}
        if latest.get(name) != app.card.version:
            await self._versions.publish(Version(app.card.version, name, source, self._now()))
        self._apps[name] = app
        return app

    async def refresh(self) -> None:
        """Serve what another process has published for the apps that are served here."""
        for version in await self._versions.latest():
            app = self._apps.get(version.app)
            if app is not None and app.card.version != version.id:
                self._apps[version.app] = published(version) or app

    async def pinned(self, app: App, version_id: str) -> App:
        """The app as it was in that version; as it is now, if that version is gone or no longer understood."""
        if version_id == app.card.version:
            return app
        place = app.card.name, version_id  # two apps with the same content have the same version
        if place not in self._pinned:
            version = await self._versions.get(*place)
            older = published(version) if version is not None else None
            if older is None:
                return app
            self._pinned[place] = older
        return self._pinned[place]


def published(version: Version) -> App | None:
    """The app of a version; None where this release of the server refuses what another one took.

    What of it does not run was looked at, and allowed, when it was published.
    """
    try:
        return understood(version.source, version.app, partial=True)
    except Refused:
        return None
