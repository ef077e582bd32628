"""Figures -> markdown: the table of one run, what it says of the promises, and the page that keeps it.

Knows only numbers and text: nothing is measured here.
"""

from collections.abc import Callable, Sequence
from statistics import median

from msgspec import Struct

from bench.apps import App
from bench.cases import Case
from bench.load import Outcome
from bench.servers import Name, Server

BEGIN = "<!-- bench:begin -->"
END = "<!-- bench:end -->"
MB = 1_000_000

HEADER = (
    "case",
    "asked",
    "req/s",
    "events/s",
    "first token p50 / p99 ms",
    "total p50 / p99 ms",
    "× ideal",
    "CPU ms/request",
    "× nginx",
    "RSS idle → loaded MB",
    "errors",
)

CPU_OF: dict[App, tuple[str, float]] = {
    "chat": ("a streamed chat", 2),
    "chatflow": ("start → llm → answer", 3),
    "ten nodes": ("ten nodes with code", 6),
}
"""What a reply of fifty tokens may cost, in ms."""


NAMES: dict[Name, str] = {
    "direct": "the upstream itself",
    "postgres": "parlour on Postgres and Valkey",
    "replicas": "two replicas on Postgres and Valkey",
}
"""What the table calls them; the others go by their own names."""


class Sample(Struct, frozen=True):
    """One repeat of a case on one server."""

    case: Case
    server: Name
    outcome: Outcome
    cpu_seconds: float
    """Of the server's process tree while the load ran, with what keeps things for it."""
    peak_bytes: int
    others_cores: float
    """Cores that neither the load, the upstream nor the server used: somebody else's noise."""
    stores_seconds: float = 0
    """CPU of what keeps things for it."""


class Promise(Struct, frozen=True):
    """One budget of the design, and what this run measured for it."""

    what: str
    limit: float
    measured: float
    unit: str

    @property
    def kept(self) -> bool:
        return self.measured <= self.limit


def good(sample: Sample) -> int:
    return sample.outcome.requests - sum(sample.outcome.errors.values())


def requests_per_second(sample: Sample) -> float:
    return good(sample) / sample.outcome.seconds


def events_per_second(sample: Sample) -> float:
    return sample.outcome.events / sample.outcome.seconds


def cpu_ms(sample: Sample) -> float:
    return sample.cpu_seconds * 1000 / max(1, sample.outcome.requests)


def stores_ms(sample: Sample) -> float:
    return sample.stores_seconds * 1000 / max(1, sample.outcome.requests)


def number(value: float) -> str:
    """Three digits that matter, no more: the machine is not that quiet."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def middle(samples: Sequence[Sample], figure: Callable[[Sample], float]) -> float:
    return median(figure(sample) for sample in samples)


def spread(samples: Sequence[Sample], figure: Callable[[Sample], float]) -> str:
    """The median, and between which values the repeats lay."""
    values = [figure(sample) for sample in samples]
    if len(values) == 1:
        return number(values[0])
    return f"{number(median(values))} ({number(min(values))}–{number(max(values))})"


def pair(samples: Sequence[Sample], half: Callable[[Outcome], float], tail: Callable[[Outcome], float]) -> str:
    first = middle(samples, lambda sample: half(sample.outcome))
    second = middle(samples, lambda sample: tail(sample.outcome))
    return f"{number(first)} / {number(second)}"


def first_text(sample: Sample) -> float:
    return sample.outcome.first_p50


def last_text(sample: Sample) -> float:
    return sample.outcome.text_p50


def total(sample: Sample) -> float:
    return sample.outcome.total_p50


def ratio(samples: Sequence[Sample], others: Sequence[Sample], figure: Callable[[Sample], float]) -> str:
    """How much larger the figure is than the other server's in the same case; empty where there is none."""
    below = middle(others, figure) if others else 0.0
    return f"{number(middle(samples, figure) / below)}" if below else ""


def row(samples: Sequence[Sample], run: Sequence[Sample], server: Server) -> tuple[str, ...]:
    case, name = samples[0].case, samples[0].server
    same = [sample for sample in run if sample.case == case and sample.server != name]
    ideal = [sample for sample in same if sample.server == "direct"]
    relay = [sample for sample in same if sample.server == "nginx"]
    peak = max(sample.peak_bytes for sample in samples)
    return (
        case.label,
        NAMES.get(name, name),
        spread(samples, requests_per_second),
        spread(samples, events_per_second),
        pair(samples, lambda outcome: outcome.first_p50, lambda outcome: outcome.first_p99),
        pair(samples, lambda outcome: outcome.total_p50, lambda outcome: outcome.total_p99),
        ratio(samples, ideal, total),
        spread(samples, cpu_ms) if name != "direct" else "",
        ratio(samples, relay, cpu_ms) if name == "parlour" else "",
        f"{server.idle_bytes / MB:.0f} → {peak / MB:.0f}" if name != "direct" else "",
        str(sum(sum(sample.outcome.errors.values()) for sample in samples)),
    )


def lines(rows: Sequence[Sequence[str]], header: Sequence[str] = HEADER) -> str:
    """A markdown table whose columns line up in a terminal too."""
    widths = [max(len(cell) for cell in column) for column in zip(header, *rows, strict=True)]
    padded = [
        " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in (header, *rows)
    ]
    rule = " | ".join("-" * width for width in widths)
    return "\n".join(f"| {line} |" for line in (padded[0], rule, *padded[1:]))


def table(run: Sequence[Sample], servers: Sequence[Server]) -> str:
    """One line for each case and server, in the order in which they were measured."""
    by_name = {server.name: server for server in servers}
    groups: dict[tuple[Case, Name], list[Sample]] = {}
    for sample in run:
        groups.setdefault((sample.case, sample.server), []).append(sample)
    return lines([row(samples, run, by_name[name]) for (_, name), samples in groups.items()])


def overhead(run: Sequence[Sample]) -> str:
    """What it costs to keep things in Postgres and Valkey, of one process and of two; empty where no row tells."""
    rows: list[tuple[str, ...]] = []
    for case in dict.fromkeys(sample.case for sample in run if sample.server in {"postgres", "replicas"}):
        by_name: dict[Name, list[Sample]] = {
            name: [one for one in run if (one.case, one.server) == (case, name)] for name in case.servers
        }
        for name, samples in by_name.items():
            if samples:
                label = NAMES.get(name, "parlour on SQLite, embedded")
                figures = (spread(samples, figure) for figure in (requests_per_second, cpu_ms, stores_ms))
                rows.append((case.label, label, *figures, ratio(samples, by_name["parlour"], cpu_ms)))
    header = ("case", "asked", "req/s", "CPU ms/request", "of it Postgres and Valkey", "× embedded")
    return lines(rows, header) if rows else ""


def promises(run: Sequence[Sample], server: Server) -> list[Promise]:
    """What the design promises of the server and this run can tell."""
    own = [sample for sample in run if sample.server == server.name and good(sample)]
    if server.name != "parlour":
        what = f"CPU of a streamed chat, {NAMES.get(server.name, server.name)}"
        cases = dict.fromkeys(sample.case for sample in own if sample.case.tokens == 50)
        return [
            Promise(f"{what} ({case.label})", 3, middle([one for one in own if one.case == case], cpu_ms), "ms")
            for case in cases
        ]
    found = [
        Promise("idle memory", 80, server.idle_bytes / MB, "MB"),
        Promise("answers after its start", 1, server.ready_seconds, "s"),
    ]
    for case in dict.fromkeys(sample.case for sample in own):
        samples = [sample for sample in own if sample.case == case]
        if case.beside:
            found += spoken(samples, [sample for sample in own if sample.case.name == case.beside])
        if "replicas" not in case.servers and case.tokens == 50 and case.turns == 1 and case.mode == "streaming":
            what, most = CPU_OF[case.app]
            found.append(Promise(f"CPU of {what} ({case.label})", most, middle(samples, cpu_ms), "ms"))
        if case.clients >= 500:
            grown = max(sample.peak_bytes for sample in samples) - server.idle_bytes
            found.append(
                Promise(f"memory over idle of each stream ({case.label})", 60, grown / case.clients / 1000, "KB")
            )
    return found


def spoken(samples: Sequence[Sample], plain: Sequence[Sample]) -> list[Promise]:
    """How much later text comes where it is read aloud as well."""
    found: list[Promise] = []
    for which, figure in (("first", first_text), ("last", last_text)):
        aloud, silent = middle(samples, figure), middle(plain, figure) if plain else 0
        if silent:
            what = f"{which} text with speech on, of that without it ({samples[0].case.label}: {number(aloud)} ms)"
            found.append(Promise(what, 1.2, aloud / silent, "×"))
    return found


def verdicts(kept: Sequence[Promise]) -> str:
    rows = [
        (
            promise.what,
            f"{promise.limit:g} {promise.unit}",
            f"{number(promise.measured)} {promise.unit}",
            "yes" if promise.kept else "NO",
        )
        for promise in kept
    ]
    return lines(rows, ("promise", "at most", "measured", "kept"))


def replaced(page: str, text: str) -> str:
    """The page with `text` between the two markers; everything outside them stays as its author wrote it."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page needs the two lines {BEGIN} and {END}, in this order")
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"
