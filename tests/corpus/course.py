"""What a real flow is expected to do, as somebody who has read its file writes it down; and what it does.

An expectation names a file of the corpus by its path and nodes by their ids; nothing of the file is copied. One run::

    - query: hello                       what the user says, in a chatflow
      inputs: {city: Bonn}               what the form is filled with
      choose: {tone: 0}                  which option of a select
      files: [https://x/a.txt]           what comes with it; as a form's value {type, transfer_method, url}
      pages: {https://x/a.txt: {body: …}} the web, beside its `body` a page may have a `type` and a `status`
      environment: {key: x}              variables of the environment that the operator has set
      partial: true                      it may run although some of it is refused
      refused: has the id of an earlier  in place of all else: it is not served, for that reason
      seconds: 60                        how long it may take, if it sleeps
      goes_on: true                      the next message of the conversation of the run before it
      script: [[Hel, lo], {match: …}]    what the models say: pieces, in the order of the calls, or rules of a script
      asked: [[system, "user: hello"]]   each call, line by line; … stands for any text, null for any call
      tools: {tavily/search: {text: …}}  what tools say that are not built in, by their names; of several uses, a list.
                                         beside its `text` one may have `files` (names), `json`, `variables`, or `fails`
      knowledge: [{a.txt: They hoot.}]   what is found, look-up by look-up: passages, by their documents
      searched: [{hello: [6084ed…]}]     what was looked up, and in which datasets
      used: [{tavily/search: {query: x}}] what those were given, use by use, or a part of it; texts by their patterns
      sent: ["GET https://x/a.txt "]     what the web was asked: method, address and body
      path:                              everything that is told, in order
        - 1700 1701                      these nodes start and end, one after the other, and nothing else is told
        - ">llm"                         this one starts
        - llm.text: Hello                so much is said under this selector, in however many pieces
        - "<llm"                         it ends well; `<llm:failed`, `<llm:exception` in another way
        - "?llm.1"                       it is tried again
        - "#loop.1"                      round 1 of a loop or an iteration begins
        - any: [[a b], [c]]              these happen in any order among each other, each list in its own
      outputs: {text: Hello}             of the whole run, in its texts … again
      answer: Hello                      what a chatflow says; its output `answer`, too, unless that is written down
      variables: {topic: hello}          those of the conversation that were written, as they stand in the end
      outcomes: {1701: {result: true}}   outputs of nodes, in the end, or a part of them
      error: No model                    a part of the message with which the run fails
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import yaml
from msgspec import Struct

from parlour.domain.events import (
    AnyEvent,
    ContainerFinished,
    ContainerNext,
    ContainerStarted,
    NodeFinished,
    NodeRetried,
    NodeStarted,
    ReasoningDelta,
    TextDelta,
)

Run = Mapping[str, Any]


class Spoken(Struct, frozen=True):
    selector: str
    text: str


Token = str | Spoken
"""One of the words above, or a text."""


class Free(Struct, frozen=True):
    """In any order among each other, each in its own."""

    sequences: tuple[tuple[Token, ...], ...]


FOLDER = Path(__file__).parent
MEMBERS = {
    *("query", "inputs", "choose", "environment", "goes_on", "partial", "script", "asked", "files", "pages", "sent"),
    *("tools", "used", "made", "knowledge", "searched", "refused", "seconds"),
    *("path", "outputs", "answer", "variables", "outcomes", "error", "status"),
}


def expectations() -> dict[str, list[Run]]:
    """By the path of the file, within the corpus."""
    found: dict[str, list[Run]] = {}
    for page in sorted(FOLDER.glob("*.yml")):
        for path, runs in cast("dict[str, list[Run]]", yaml.safe_load(page.read_text())).items():
            assert path not in found, f"{path} is expected twice"
            for run in runs:
                assert run.keys() <= MEMBERS, f"{path}: {run.keys() - MEMBERS}"
                assert run.keys() & {"path", "refused"}, path
            found[path] = runs
    return found


def expected(path: Sequence[object]) -> Iterator[Token | Free]:
    for item in path:
        if isinstance(item, dict) and "any" in item:
            sequences = cast("list[list[object]]", item["any"])
            yield Free(tuple(tuple(step for one in sequence for step in steps(one)) for sequence in sequences))
        else:
            yield from steps(item)


def steps(item: Any) -> Iterator[Token]:
    if isinstance(item, dict):
        ((selector, text),) = cast("dict[str, str]", item).items()
        yield Spoken(selector, text)
        return
    for word in str(item).split():
        yield from [word] if word[0] in "<>#?" else [f">{word}", f"<{word}"]


def token(event: AnyEvent) -> Token | None:
    """How an event is written down; None for those that clients are not told, or that end the run."""
    told: Token | None = None
    match event:
        case NodeStarted() | ContainerStarted():
            told = f">{event.node_id}"
        case ContainerNext():
            told = f"#{event.node_id}.{event.index}"
        case NodeRetried():
            told = f"?{event.outcome.node_id}.{event.retry_index}"
        case NodeFinished():
            told = ended(event.outcome.node_id, event.outcome.status)
        case ContainerFinished():
            told = ended(event.node_id, event.status)
        case TextDelta():
            told = Spoken(".".join(event.selector or ()), event.text)
        case ReasoningDelta():
            told = Spoken(f"{event.node_id}.reasoning_content", event.text)
        case _:
            pass
    return told


def ended(node: str, status: str) -> str:
    return f"<{node}" if status == "succeeded" else f"<{node}:{status}"


def tokens(events: Sequence[AnyEvent]) -> list[Token]:
    """All that is told, pieces of one text put together."""
    found: list[Token] = []
    for told in filter(None, map(token, events)):
        last = found[-1] if found else None
        if isinstance(told, str) or not isinstance(last, Spoken) or last.selector != told.selector:
            found.append(told)
        else:
            found[-1] = Spoken(told.selector, last.text + told.text)
    return [one for one in found if one != Spoken(getattr(one, "selector", ""), "")]


def differs(told: Sequence[Token], path: Sequence[object]) -> str:
    """Where a run leaves the path that is expected of it; empty where it does not."""
    left = list(told)
    for step in expected(path):
        open_ = [list(sequence) for sequence in step.sequences] if isinstance(step, Free) else [[step]]
        while any(open_):
            taken = next((one for one in open_ if one and left and same(left[0], one[0])), None)
            if not taken:
                return f"expected {[one[0] for one in open_ if one]}, but there is {left[:3]}"
            del taken[0], left[0]
    return f"nothing more was expected, but there is {left}" if left else ""


def same(told: Token, wish: Token) -> bool:
    if isinstance(told, Spoken) and isinstance(wish, Spoken):
        return told.selector == wish.selector and fits(told.text, wish.text)
    return told == wish


def like(found: object, wish: object) -> bool:
    """Whether a value is as it is written, texts by their patterns."""
    if isinstance(found, str) and isinstance(wish, str):
        return fits(found, wish)
    if isinstance(found, dict) and isinstance(wish, dict):
        members, wishes = cast("dict[str, object]", found), cast("dict[str, object]", wish)
        return members.keys() == wishes.keys() and all(like(members[name], one) for name, one in wishes.items())
    return found == wish


def fits(text: str, pattern: str) -> bool:
    """Whether a text is the pattern, in which … stands for any text."""
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("…")), text, re.DOTALL) is not None
