"""The public compatibility page, made from the manifest: `make compatibility`. Knows no test and no server."""

from collections.abc import Iterator
from pathlib import Path

from tests.contract.requirements import REQUIREMENTS, Requirement

PAGE = Path(__file__).resolve().parents[2] / "docs" / "compatibility.md"
HEAD = """\
# Compatibility

Every behaviour of Dify's Service API that a client may count on, and what Parlour does about it. **held**: as there,
and a test shows it. **diverging**: on purpose otherwise, with the reason; a test shows that, too. **to come**: not
there yet. The source is a section of the contract that this project works from. This page is made from
`tests/contract/requirements.py` by `make compatibility`; a test keeps the two equal.

"""


def state(requirement: Requirement) -> str:
    if requirement.deferred:
        return f"to come: {requirement.deferred}"
    return f"diverging: {requirement.divergence}" if requirement.divergence else "held"


def lines() -> Iterator[str]:
    found = list(REQUIREMENTS.values())
    held = sum(not one.deferred and not one.divergence for one in found)
    diverging = sum(bool(one.divergence) and not one.deferred for one in found)
    to_come = sum(bool(one.deferred) for one in found)
    yield f"{len(found)} requirements: {held} held, {diverging} diverging, {to_come} to come.\n"
    yield "| requirement | source | behaviour | |\n|---|---|---|---|"
    for name, one in REQUIREMENTS.items():
        yield f"| `{name}` | {one.source} | {escaped(one.behaviour)} | {escaped(state(one))} |"


def escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def page() -> str:
    return HEAD + "\n".join(lines()) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
