"""The numbered migrations that come with the program. Does not know how they are taken."""

from importlib import resources

from msgspec import Struct


class CannotOpen(Exception):
    """The database cannot be used; the message is one line and names the cure."""


class Step(Struct, frozen=True):
    """One numbered migration."""

    number: int
    sql: str


def steps(package: str) -> tuple[Step, ...]:
    """Those of a kind of database: `migrations/NNNN_name.sql` in its package, oldest first."""
    folder = resources.files(package) / "migrations"
    files = [file for file in folder.iterdir() if file.name.endswith(".sql")]
    return tuple(
        Step(int(file.name.partition("_")[0]), file.read_text("utf-8"))
        for file in sorted(files, key=lambda file: file.name)
    )
