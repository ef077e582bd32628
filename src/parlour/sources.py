"""The app files to serve, the names they are served under, and the keys that open them."""

import secrets
from importlib import resources
from pathlib import Path

from msgspec import Struct

from parlour.domain.dataset import TENANT
from parlour.http.auth import digest
from parlour.ports.catalogue import Key
from parlour.settings import AppEntry, BadSettings, Knowledge, Settings

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
PREFIXES = {"app": "app-", "knowledge": "dataset-", "admin": "admin-"}


class Source(Struct, frozen=True):
    """A file that holds an app, and the name it is served under."""

    path: Path
    name: str
    entry: AppEntry
    """What the operator says of it."""


def sources(settings: Settings, paths: tuple[Path, ...]) -> tuple[Source, ...]:
    """The app files that were asked for: the command's, else the configuration's, else the demo.

    Raises:
        BadSettings: a path is not there, holds no app file, or two files have one name.
    """
    configured = {Path(app.path).resolve(): app for app in settings.apps}
    entries = tuple(configured.get(path.resolve(), AppEntry(str(path))) for path in paths) or settings.apps
    if not entries:
        demo = Path(str(resources.files("parlour"))) / "demo"
        entries = tuple(AppEntry(str(path)) for path in sorted(demo.glob("*.yml")))
    found = tuple(source for entry in entries for source in files_of(entry))
    names = [source.name for source in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadSettings(f"two files are called {twice!r}: give one of them an id in [[apps]] of parlour.toml")
    return found


def files_of(entry: AppEntry) -> list[Source]:
    path = Path(entry.path)
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix in {".yml", ".yaml"})
        if not files:
            raise BadSettings(f"{path}: no .yml or .yaml file in this folder")
        return [Source(file, file.stem, entry) for file in files]
    if not path.is_file():
        raise BadSettings(f"{path}: no such file or folder")
    return [Source(path, entry.id or path.stem, entry)]


def given_keys(found: tuple[Source, ...]) -> tuple[Key, ...]:
    """The keys that the configuration gives.

    Raises:
        BadSettings: one key for two apps: it could open only one of them (contract 1.1).
    """
    owners: dict[str, str] = {}
    for source in found:
        for key in source.entry.keys:
            if owners.setdefault(key, source.name) != source.name:
                raise BadSettings(
                    f"{owners[key]} and {source.name} have the same key: give each app its own in [[apps]]"
                )
    return tuple(Key(digest(key), "app", source.name, hint(key), 0) for source in found for key in source.entry.keys)


def knowledge_keys(said: Knowledge) -> tuple[Key, ...]:
    """The knowledge keys that the configuration gives.

    Raises:
        BadSettings: one key for two tenants: it could open only one of them.
    """
    owners: dict[str, str] = {}
    for tenant, keys in {**said.tenants, TENANT: (*said.keys, *said.tenants.get(TENANT, ()))}.items():
        for key in keys:
            if owners.setdefault(key, tenant) != tenant:
                raise BadSettings(f"the tenants {owners[key]} and {tenant} have the same key in [knowledge]")
    return tuple(Key(digest(key), "knowledge", tenant, hint(key), 0) for key, tenant in owners.items())


def make_key(kind: str) -> str:
    """A fresh token: the kind's prefix and 24 letters and digits (contract 1.1)."""
    return PREFIXES[kind] + "".join(secrets.choice(ALPHABET) for _ in range(24))


def hint(token: str) -> str:
    return f"{token[:4]}…{token[-4:]}"
