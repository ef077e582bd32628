"""What Prometheus is told is what happened, in the words that it reads. Knows no route."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from parlour.runs.meters import Counter, Gauge, Histogram, text


@given(st.lists(st.tuples(st.text(), st.floats(0, 1e6)), max_size=30))
def test_a_reader_of_prometheus_finds_every_number_again(said: list[tuple[str, float]]) -> None:
    counter = Counter("things_total", "Things.", ("name",))
    lasting = Histogram("lasting_seconds", "How long.", ("name",), (0.5, 10.0))
    for name, value in said:
        counter.add((name,), value)
        lasting.add((name,), value)
    families = {
        family.name: family
        for family in text_string_to_metric_families(text([counter, lasting]).decode("utf-8", "replace"))
    }
    names = {name for name, _ in said if "\r" not in name}  # the reader ends a line there
    found = {sample.labels["name"]: sample.value for sample in families["things"].samples}
    for name in names:
        own = [value for each, value in said if each == name]
        assert found[name] == sum(own)
        steps = {
            (sample.name.removeprefix("lasting_seconds_"), sample.labels.get("le")): sample.value
            for sample in families["lasting_seconds"].samples
            if sample.labels["name"] == name
        }
        assert steps["bucket", "0.5"] == sum(value <= 0.5 for value in own)
        assert steps["bucket", "10.0"] == sum(value <= 10 for value in own)
        assert steps["bucket", "+Inf"] == steps["count", None] == len(own)
        assert steps["sum", None] == sum(own)


def test_a_gauge_is_asked_when_it_is_read() -> None:
    now = {(): 1.0}
    gauge = Gauge("waiting", "How many wait.", lambda: now)
    now[()] = 2
    assert text([gauge]).decode().splitlines()[-1] == "waiting 2"
