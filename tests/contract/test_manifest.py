"""Both directions of the manifest: every entry that is not deferred has a test, and every test names entries."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.contract import compatibility
from tests.contract.requirements import REQUIREMENTS
from tests.contract.requirements_beyond import QUIRKS

TESTS = Path(__file__).resolve().parent.parent


def shown() -> Iterator[tuple[str, str]]:
    """Each requirement that a test names, and the test."""
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for decorator in node.decorator_list:
                    if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "requirement":
                        yield from ((ast.literal_eval(given), f"{path.name}::{node.name}") for given in decorator.args)


def test_every_requirement_has_a_test_unless_it_is_deferred() -> None:
    owed = {name for name, requirement in REQUIREMENTS.items() if not requirement.deferred}
    assert owed - {name for name, _ in shown()} == set()


def test_every_test_names_requirements_that_exist_and_are_not_deferred() -> None:
    wrong = [f"{test}: {name}" for name, test in shown() if name not in REQUIREMENTS or REQUIREMENTS[name].deferred]
    assert wrong == []


def test_every_requirement_is_a_sentence_with_a_source() -> None:
    for name, requirement in REQUIREMENTS.items():
        assert requirement.source, name
        assert requirement.behaviour.endswith((".", "]")), name
        assert not requirement.divergence or requirement.divergence.endswith("."), name


def test_every_quirk_of_the_original_is_answered_by_a_requirement() -> None:
    sources = ", ".join(one.source for one in REQUIREMENTS.values() if not one.deferred)
    answered = {int(number) for number in re.findall(r"\b8\.([0-9]+)", sources)}
    assert set(QUIRKS) <= answered


def test_the_compatibility_page_is_the_manifest() -> None:
    assert compatibility.PAGE.read_text() == compatibility.page(), "run `make compatibility`"
