"""Numbers that grow, numbers of now, and how long things took, as Prometheus reads them. Knows no run and no route."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct, field

Labels = tuple[str, ...]
"""The values of a series, in the order of its family's names."""

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""Where the steps of a histogram end."""


class Counter(Struct):
    name: str
    help: str
    labels: Labels = ()
    series: dict[Labels, float] = field(default_factory=dict[Labels, float])

    def add(self, labels: Labels, amount: float = 1) -> None:
        self.series[labels] = self.series.get(labels, 0) + amount

    def lines(self) -> Iterator[str]:
        yield from heading(self.name, self.help, "counter")
        for labels, value in self.series.items():
            yield line(self.name, self.labels, labels, value)


class Gauge(Struct):
    """Asked when somebody reads."""

    name: str
    help: str
    read: Callable[[], Mapping[Labels, float]]
    labels: Labels = ()
    kind: str = "gauge"

    def lines(self) -> Iterator[str]:
        yield from heading(self.name, self.help, self.kind)
        for labels, value in self.read().items():
            yield line(self.name, self.labels, labels, value)


class Steps(Struct):
    """One series of a histogram."""

    counts: list[int]
    """How many fell into each step, by itself; the last one has no end."""
    total: float = 0.0


class Histogram(Struct):
    name: str
    help: str
    labels: Labels = ()
    ends: tuple[float, ...] = SECONDS
    series: dict[Labels, Steps] = field(default_factory=dict[Labels, Steps])

    def add(self, labels: Labels, value: float) -> None:
        steps = self.series.get(labels)
        if steps is None:
            steps = self.series[labels] = Steps([0] * (len(self.ends) + 1))
        steps.counts[bisect_left(self.ends, value)] += 1
        steps.total += value

    def lines(self) -> Iterator[str]:
        yield from heading(self.name, self.help, "histogram")
        names = (*self.labels, "le")
        for labels, steps in self.series.items():
            so_far = 0
            for end, count in zip((*map(str, self.ends), "+Inf"), steps.counts, strict=True):
                so_far += count
                yield line(f"{self.name}_bucket", names, (*labels, end), so_far)
            yield line(f"{self.name}_sum", self.labels, labels, steps.total)
            yield line(f"{self.name}_count", self.labels, labels, so_far)


def text(families: Sequence[Counter | Gauge | Histogram]) -> bytes:
    return "".join(f"{each}\n" for family in families for each in family.lines()).encode()


def heading(name: str, about: str, kind: str) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"


def line(name: str, names: Labels, values: Labels, value: float) -> str:
    said = ",".join(f'{label}="{escaped(of)}"' for label, of in zip(names, values, strict=True))
    return f"{name}{{{said}}} {value!r}" if said else f"{name} {value!r}"


def escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
