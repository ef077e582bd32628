"""A real server with some apps and a scripted model, for the pages. Knows neither the apps nor a browser."""

import json
import re
import subprocess
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.process.conftest import command


def lay_out(folder: Path, apps: Mapping[str, str], rules: Sequence[object], settings: str) -> None:
    """The files of a server: apps by name, what the model says, and what stands in parlour.toml besides."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = ""
    for name, source in apps.items():
        (folder / f"{name}.yml").write_text(source)
        entries += f'[[apps]]\npath = "{name}.yml"\nkeys = ["app-{name}-of-a-test"]\n'
    (folder / "script.json").write_text(json.dumps({"rules": rules}))
    (folder / "parlour.toml").write_text(
        f'data = "data"\n{settings}\n{entries}[providers.default]\nkind = "scripted"\npath = "script.json"\n'
    )


def ordered(folder: Path, *words: str) -> str:
    """What a command says there."""
    return subprocess.run(command(*words), cwd=folder, capture_output=True, text=True, check=True).stdout


@contextmanager
def serving(folder: Path) -> Generator[str]:
    """The address of the server of that folder; ended by its own id."""
    child = subprocess.Popen(command("serve", "--port", "0"), cwd=folder, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        yield next(match[1] for line in child.stdout if (match := re.match(r"Listening on (\S+)", line)))
    finally:
        child.terminate()
        child.wait(20)
        child.stdout.close()
