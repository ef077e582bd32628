"""The apps that are served now, and the older versions that conversations began with.

Knows no file and no socket: sources come in as text. A source that is refused leaves what was served before.
"""

import logging
from collections.abc import Callable
from typing import TypeVar

from parlour.domain.app import App, FlowApp
from parlour.domain.problems import DraftWorkflow, WorkflowNotFound
from parlour.dsl.findings import Refused
from parlour.http.reading import Serves, nobody, understood
from parlour.ports.catalogue import Version, Versions

log = logging.getLogger(__name__)

FlowAs = TypeVar("FlowAs", bound=FlowApp)


class Catalogue:
    """Apps by name, current and pinned."""

    def __init__(self, versions: Versions, now: Callable[[], float], serves: Serves = nobody) -> None:
        """`serves`: what stands behind each tool that an app names."""
        self._versions = versions
        self._now = now
        self.serves = serves
        self._apps: dict[str, App] = {}
        self._pinned: dict[tuple[str, str], App] = {}

    def all(self) -> tuple[App, ...]:
        return tuple(self._apps.values())

    def get(self, name: str) -> App | None:
        return self._apps.get(name)

    async def publish(self, source: str, name: str, *, partial: bool = False, again: bool = True) -> App:
        """Serve this content from now on; runs in flight finish on theirs. Partial: even if it cannot all run.

        Not `again`: if it was published before, what was published since is served. What is served is returned.

        Raises:
            Refused: the content is not understood; what was served stays.
        """
        app = understood(source, name, partial=partial, serves=self.serves)
        latest = {version.app: version for version in await self._versions.latest()}.get(name)
        if latest is not None and latest.id != app.card.version and not again:
            known = await self._versions.get(name, app.card.version)
            newer = published(latest) if known is not None and not known.draft else None
            if newer is not None:
                log.warning(
                    "%s: its file is older than what was published since, which is served;"
                    " `parlour apps publish` with that file takes it back",
                    name,
                )
                app = newer
        if latest is None or latest.id != app.card.version:
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

    async def of_version(self, app_id: str, version_id: str) -> App | None:
        """The app of this id as it was in that version; None if it is not served, or no longer understood."""
        app = next((app for app in self._apps.values() if app.card.id == app_id), None)
        found = app and await self.pinned(app, version_id)
        return found if found is not None and found.card.version == version_id else None

    async def published(self, app: FlowAs, version_id: str) -> FlowAs:
        """The app in a version that its caller has chosen; as it is now, if none was (contract 2.5).

        Raises:
            WorkflowNotFound, DraftWorkflow: that is no published version of this app.
        """
        if not version_id or version_id == app.card.version:
            return app
        version = await self._versions.get(app.card.name, version_id)
        if version is None:
            raise WorkflowNotFound(f"Workflow not found with id: {version_id}. Send the id of a version of this app.")
        if version.draft:
            raise DraftWorkflow(f"Cannot use draft workflow version. Workflow ID: {version_id}. Publish it first.")
        found = await self.pinned(app, version_id)
        if not isinstance(found, type(app)) or found.card.version != version_id:
            raise WorkflowNotFound(f"Workflow {version_id} is of a kind that is no longer served here.")
        return found


def published(version: Version) -> App | None:
    """The app of a version; None where this release of the server refuses what another one took.

    What of it does not run was looked at, and allowed, when it was published.
    """
    try:
        return understood(version.source, version.app, partial=True)
    except Refused:
        return None
