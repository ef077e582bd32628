"""A mapping within a file, read key by key. Knows neither which keys there are nor what they mean.

What is not of the type it has to be is written down and read as its default, so that one reading finds every fault.
"""

from collections.abc import Iterator

from msgspec import Struct

from parlour.dsl.findings import Finding, finding
from parlour.dsl.yaml import Document, Path, Value


class Part(Struct, frozen=True):
    """A mapping, where it stands, and the list that its findings go to."""

    value: dict[str, Value]
    path: Path
    document: Document
    findings: list[Finding]

    def line(self, *keys: str | int) -> int:
        return self.document.line(*self.path, *keys)

    def name(self, *keys: str | int) -> str:
        """How a reader finds it: `model_config.model.name`."""
        return ".".join(str(key + 1) if isinstance(key, int) else key for key in (*self.path, *keys))

    def supported(self, what: str, *keys: str | int) -> None:
        self.findings.append(finding("supported", what, self.line(*keys)))

    def approximated(self, what: str, advice: str, *keys: str | int) -> None:
        self.findings.append(finding("approximated", what, self.line(*keys), advice))

    def refused(self, what: str, advice: str, *keys: str | int) -> None:
        self.findings.append(finding("refused", what, self.line(*keys), advice))

    def lacking(self, what: str, advice: str, *keys: str | int) -> None:
        """A refusal that the operator may overrule: the app can be served without it."""
        self.findings.append(finding("refused", what, self.line(*keys), advice, partial=True))

    def text(self, key: str, default: str = "") -> str:
        """A text. A number is read as it is written: forgotten quotes around `1.10` do no harm."""
        found = self._text(self.value.get(key), key)
        return default if found is None else found

    def texts(self, key: str) -> tuple[str, ...]:
        """The texts of a list, without nulls."""
        found = (self._text(item, key, at) for at, item in enumerate(self._list(key)))
        return tuple(text for text in found if text is not None)

    def flag(self, key: str, default: bool = False) -> bool:  # noqa: FBT001, FBT002 -- a default is no switch
        value = self.value.get(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.refused(self.name(key), "must be `true` or `false`", key)
        return default

    def whole(self, key: str, default: int = 0) -> int:
        """A whole number; `""` is none, as in some exports of forms."""
        value = self.value.get(key)
        if value is None or value == "":
            return default
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
            return int(value)
        self.refused(self.name(key), "must be a whole number", key)
        return default

    def number(self, key: str, default: float) -> float:
        value = self.value.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        if value is not None:
            self.refused(self.name(key), "must be a number", key)
        return default

    def choice(self, key: str, choices: tuple[str, ...]) -> str:
        """One of some words; the first, if it is absent or empty."""
        found = self.text(key) or choices[0]
        if found in choices:
            return found
        self.refused(f"{self.name(key)}: {found}", f"must be one of {', '.join(choices)}", key)
        return choices[0]

    def part(self, key: str) -> "Part":
        """The mapping under a key, empty if there is none."""
        value = self.value.get(key)
        if isinstance(value, dict):
            return self.within(value, key)
        if value is not None and value != []:
            self.refused(self.name(key), "must be a mapping (`key: value` lines below it)", key)
        return self.within({}, key)

    def parts(self, key: str) -> Iterator["Part"]:
        """The mappings of a list."""
        for at, item in enumerate(self._list(key)):
            if isinstance(item, dict):
                yield self.within(item, key, at)
            else:
                self.refused(self.name(key, at), "must be a mapping (`key: value` lines)", key, at)

    def within(self, value: dict[str, Value], *keys: str | int) -> "Part":
        return Part(value, (*self.path, *keys), self.document, self.findings)

    def _list(self, key: str) -> list[Value]:
        value = self.value.get(key)
        if isinstance(value, list):
            return value
        if value is not None and value not in ("", {}):
            self.refused(self.name(key), "must be a list (lines that begin with `-`)", key)
        return []

    def _text(self, value: Value, *keys: str | int) -> str | None:
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self.document.written(*self.path, *keys) or str(value)
        self.refused(self.name(*keys), "must be text: put it in quotes", *keys)
        return None
