"""The statements of the stores as Postgres has them. Knows no connection: text is all.

They are written as SQLite reads them. Where the two differ and no function of the schema can help (`migrations/`), a
word is put in place of another here: places of values, `user` (a name of Postgres's own), and two names of functions
that newer versions of Postgres keep for a grammar of their own.
"""

import re
from functools import lru_cache

WORDS = re.compile(
    r"""
    '(?:[^']|'')*'              # a text, as it is
    | --[^\n]*                  # a comment
    | :(?P<name>[a-z_]\w*)      # the place of a value, by name
    | \?                        # and without one
    | %
    | (?<![."\w])user\b
    | \bjson(?:_array)?(?=\()
    """,
    re.VERBOSE,
)
INSTEAD = {"?": "%s", "user": '"user"', "json": "as_json", "json_array": "json_build_array"}


@lru_cache(maxsize=500)
def translated(sql: str) -> bytes:
    return WORDS.sub(instead, sql).encode()


def instead(word: re.Match[str]) -> str:
    if name := word["name"]:
        return f"%({name})s"
    said = word[0]
    return "" if said.startswith("--") else INSTEAD.get(said) or said.replace("%", "%%")
