"""New SQLite databases for tests, each a copy of one that is made once: its steps take longer than most tests."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from parlour.stores.sql.database import Database
from parlour.stores.sql.steps import steps
from parlour.stores.sqlite.database import open_database
from parlour.stores.sqlite.opening import open_file

STEPS = steps("parlour.stores.sqlite")


def fresh_database(folder: Path) -> Database:
    """One that nobody has written to, served from this folder."""
    path = folder / "parlour.db"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made())
    return open_database(path, serving=True, known=STEPS)


@cache
def made() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "made.db"
        open_file(path, serving=False, known=STEPS).held.close()
        return path.read_bytes()
