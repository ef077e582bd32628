"""What a server holds in memory before anybody needs it: the libraries of its own wire, and no other."""

import re
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.process.conftest import serving

pytestmark = pytest.mark.slow

LOADED = re.compile(r"^import time:.*\| *(\w+)", re.MULTILINE)
EVERY_SERVER = {
    *("aiohappyeyeballs", "aiohttp", "aiosignal", "anyio", "attr", "click", "frozenlist", "httptools"),
    *("idna", "msgspec", "multidict", "parlour", "propcache", "python_multipart", "starlette", "typing_extensions"),
    *("uvicorn", "uvloop", "watchfiles", "yaml", "yarl"),
}
"""One that is added here is added to the memory of every server: the budget is 80 MB (docs/benchmarks.md)."""
LARGE = {"argparse", "csv", "difflib", "html"}
"""Of the standard library, and needed by few."""


def test_a_server_loads_no_library_before_it_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")  # the interpreter tells each import on its stderr
    with serving(tmp_path, {"rules": [{"say": ["Hello."]}]}) as served:
        assert served.call("GET", "/health")[0] == 200
        assert list(served.events("hi"))[-1]["event"] == "message_end"
        tried = set(LOADED.findall((tmp_path / "log").read_text()))
    loaded = {name for name in tried - sys.stdlib_module_names if name[0] != "_" and find_spec(name)} - {
        "sitecustomize"
    }
    assert loaded == EVERY_SERVER
    assert not tried & LARGE
