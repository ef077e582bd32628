"""What there is to say about a file: which parts are served, which only nearly, which not. Does not know the rules."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

Level = Literal["supported", "approximated", "refused"]
LONGEST = 160


class Finding(Struct, frozen=True):
    """One part of a file and how it is served."""

    level: Level
    what: str
    line: int
    """Counted from 1, as editors do."""
    advice: str = ""
    partial: bool = False
    """Of what is refused: whether the app can be served without it, if its operator wants so."""


class Refused(Exception):
    """A file that is not served. Its text has one line for each reason: `line N: what: advice`."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        reasons = [finding for finding in self.findings if finding.level == "refused"]
        super().__init__("\n".join(f"line {r.line}: {r.what}: {r.advice}" for r in reasons))


def finding(level: Level, what: str, line: int, advice: str = "", *, partial: bool = False) -> Finding:
    """A finding that stays one readable line, whatever of the file it quotes."""
    return Finding(level, _one_line(what), line, _one_line(advice), partial)


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def refusal(what: str, line: int, advice: str) -> Refused:
    """A refusal for one reason."""
    return Refused([finding("refused", what, line, advice)])
