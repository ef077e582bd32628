"""What of a graph's texts a client hears, and in which order (dsl.md 4.4). Pure: knows no task and no model.

Each answer (or end) of a graph has a template. Its turn comes when it is certain to run: when it can be reached over
edges that are taken, or that do not decide anything. Answers speak one after the other, each its template from left to
right: a literal at once, a value as its node streams it, or whole when its node has ended.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct, structs

from parlour.domain.events import TextDelta
from parlour.domain.graph import Edge
from parlour.flow.node import Chunk, Part
from parlour.flow.pool import MISSING, Pool
from parlour.flow.template import Segment
from parlour.flow.values import markdown_form


class Script(Struct, frozen=True):
    """All that one level of a graph may say."""

    parts: Mapping[str, tuple[Part, ...]]
    """By answer."""
    edges: Sequence[Edge]
    deciding: frozenset[str]
    """Nodes whose outgoing edges are not certain before they end: branches, containers, answers."""
    writers: Mapping[str, frozenset[tuple[str, ...]]]
    """Nodes that write variables of the conversation or of a loop, and which: who says one waits for them."""
    level: Mapping[str, str]
    """Each node of this level, and of the containers in it: the node of this level that it belongs to."""


class Said(Struct):
    """How far it has got; a run that is laid aside is taken up again from it."""

    waiting: list[str] = []
    """Answers whose turn has not come."""
    queue: list[str] = []
    """Answers whose turn it is, the first one speaking."""
    at: int = 0
    """Which part of its template that one is at."""
    told: int = 0
    """How many chunks of that part's value were heard."""
    taken: set[tuple[str, str, str]] = set()
    ended: set[str] = set()
    skipped: set[str] = set()
    chunks: list[tuple[tuple[str, ...], list[str]]] = []
    """What was kept for later, by selector."""


class Speech:
    """Tell it what happens; it tells what is heard."""

    def __init__(self, script: Script, pool: Pool, root: str, said: Said | None = None) -> None:
        self._script = script
        self._pool = pool
        self._root = root
        self.said = said or Said(waiting=list(script.parts))
        self._now: Segment | None = None
        """The segment that is being said."""
        self._chunks: dict[tuple[str, ...], list[str]] = {
            part.segment: [] for parts in script.parts.values() for part in parts if not isinstance(part.segment, str)
        } | dict(self.said.chunks)

    @property
    def unsure(self) -> int:
        """How many characters were heard of a value that is not complete."""
        now = self._now
        return 0 if now is None or isinstance(now, str) else sum(map(len, self._chunks[now][: self.said.told]))

    def dump(self) -> Said:
        """How far it has got with what is certain: of nodes that are going nothing counts, they begin anew."""
        said = self.said
        parts = (part for answer in (*said.queue, *said.waiting) for part in self._script.parts[answer])
        named = dict.fromkeys(part.segment for part in parts if not isinstance(part.segment, str))
        kept = [
            (segment, self._chunks[segment]) for segment in named if self._script.level.get(segment[0]) in said.ended
        ]
        return structs.replace(said, told=0, chunks=[(segment, chunks) for segment, chunks in kept if chunks])

    def start(self) -> list[TextDelta]:
        """What is certain from the first."""
        self._activate()
        return self._advance()

    def hear(self, chunk: Chunk) -> TextDelta | None:
        """A piece of an output: heard now, kept for later, or never heard."""
        chunks = self._chunks.get(chunk.selector)
        if chunks is None:
            return None
        chunks.append(chunk.text)
        if self._now != chunk.selector:
            return None
        self.said.told += 1
        return TextDelta(chunk.text, chunk.selector)

    def anew(self, node: str) -> int:
        """A node has failed and begins again, or something stands in its place: how much of what was heard is void."""
        void = self.unsure if self._now is not None and self._now[0] == node and not isinstance(self._now, str) else 0
        for selector, chunks in self._chunks.items():
            if selector[0] == node:
                chunks.clear()
        if void:
            self.said.told = 0
        return void

    def ended(self, node: str) -> list[TextDelta]:
        """A node has put its outputs into the pool: what is heard of them, before it is left."""
        self.said.ended.add(node)
        return self._advance()

    def left(self, node: str, handle: str | None, skipped: Iterable[str]) -> list[TextDelta]:
        """A node was left by one way, or by all; so many nodes are skipped by now."""
        self.said.skipped.update(skipped)
        for edge in self._script.edges:
            if edge.source == node and (handle is None or edge.handle == handle):
                self.said.taken.add((edge.source, edge.target, edge.handle))
        if self.said.waiting:
            self._activate()
        return self._advance()

    def _advance(self) -> list[TextDelta]:
        heard: list[TextDelta] = []
        while self.said.queue:
            parts = self._script.parts[self.said.queue[0]]
            while self.said.at < len(parts):
                self._now = parts[self.said.at].segment
                if not self._say(parts[self.said.at], heard):
                    return heard
                self.said.at, self.said.told = self.said.at + 1, 0
            del self.said.queue[0]
            self.said.at = 0
        self._now = None
        return heard

    def _say(self, part: Part, heard: list[TextDelta]) -> bool:
        """Say a segment as far as it is known; whether it is complete."""
        segment = part.segment
        if isinstance(segment, str):
            heard.append(TextDelta(segment, part.said_as))
            return True
        chunks = self._chunks[segment]
        heard += [TextDelta(text, segment) for text in chunks[self.said.told :]]
        self.said.told = len(chunks)
        source = self._script.level.get(segment[0])
        if source in self.said.skipped:
            return True
        if source is not None and source not in self.said.ended:
            return False
        if not chunks:
            value = self._pool.get(segment)
            heard.append(TextDelta(".".join(segment) if value is MISSING else markdown_form(value), segment))
        return True

    def _activate(self) -> None:
        """Queue every answer that is certain to run by now."""
        for answer in list(self.said.waiting):
            if answer in self.said.skipped:
                self.said.waiting.remove(answer)
            elif self._reached(answer):
                self.said.waiting.remove(answer)
                self.said.queue.append(answer)

    def _reached(self, answer: str) -> bool:
        parts = self._script.parts[answer]
        named = frozenset(part.segment[:2] for part in parts if not isinstance(part.segment, str))

        def decides(node: str) -> bool:
            return node in self._script.deciding or bool(self._script.writers.get(node, frozenset()) & named)

        return answer in reachable(self._root, self._script.edges, self._open(decides))

    def _open(self, decides: Callable[[str], bool]) -> Callable[[Edge], bool]:
        def passable(edge: Edge) -> bool:
            if edge.target in self.said.skipped:
                return False
            return not decides(edge.source) or (edge.source, edge.target, edge.handle) in self.said.taken

        return passable


def reachable(root: str, edges: Sequence[Edge], passable: Callable[[Edge], bool]) -> set[str]:
    """The nodes to which a way leads over passable edges."""
    out: dict[str, list[str]] = {}
    for edge in edges:
        if passable(edge):
            out.setdefault(edge.source, []).append(edge.target)
    found, waiting = {root}, [root]
    while waiting:
        for target in out.get(waiting.pop(), ()):
            if target not in found:
                found.add(target)
                waiting.append(target)
    return found
