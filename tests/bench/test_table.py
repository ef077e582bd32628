"""The table shows medians, spreads and ratios of one run, and rewrites only its own part of the page."""

import pytest
from msgspec import structs

from bench import table
from bench.cases import Case
from bench.load import Outcome
from bench.servers import Name, Server
from bench.table import Sample

CASE = Case("burst-10", 10)
SERVERS = (
    Server("direct", 1, 1, 0.1, 20_000_000),
    Server("nginx", 2, 2, 0.01, 9_000_000),
    Server("parlour", 3, 3, 0.4, 61_000_000),
)


def sample(server: Name, cpu_seconds: float, total: float = 4, errors: int = 0, case: Case = CASE) -> Sample:
    told = {"status 500": errors} if errors else {}
    outcome = Outcome(100, 5000, 5000, 2, 1, 2, total, 2 * total, told, 0.5)
    return Sample(case, server, outcome, cpu_seconds, 100_000_000, 0.1)


def cells(text: str, server: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if f"| {server} " in line]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_row_holds_the_median_its_spread_and_the_ratios_of_the_same_run() -> None:
    run = [
        sample("direct", 0.02, total=2),
        sample("nginx", 0.04),
        *(sample("parlour", cpu, total=5) for cpu in (0.18, 0.30, 0.20)),
    ]
    text = table.table(run, SERVERS)
    row = dict(zip(table.HEADER, cells(text, "parlour"), strict=True))
    assert row["case"] == "50 tokens, no delay, 10 clients"
    assert row["req/s"] == "50.0 (50.0–50.0)"
    assert row["total p50 / p99 ms"] == "5.00 / 10.0"
    assert row["× ideal"] == "2.50"
    assert row["CPU ms/request"] == "2.00 (1.80–3.00)"
    assert row["× nginx"] == "5.00"
    assert row["RSS idle → loaded MB"] == "61 → 100"
    assert len({len(line) for line in text.splitlines()}) == 1, "the columns line up"


def test_without_nginx_there_is_no_ratio_to_it() -> None:
    row = dict(zip(table.HEADER, cells(table.table([sample("parlour", 0.2)], SERVERS), "parlour"), strict=True))
    assert (row["× nginx"], row["× ideal"]) == ("", "")


def test_errors_are_shown_and_left_out_of_the_rate() -> None:
    row = dict(
        zip(table.HEADER, cells(table.table([sample("parlour", 0.2, errors=40)], SERVERS), "parlour"), strict=True)
    )
    assert (row["errors"], row["req/s"]) == ("40", "30.0")


def test_a_broken_promise_is_said_aloud() -> None:
    run = [sample("parlour", 0.21), sample("parlour", 9, case=Case("paced-500", 500, 100, 20))]
    kept = {promise.what: promise for promise in table.promises(run, SERVERS[2])}
    chat = kept["CPU of a streamed chat (50 tokens, no delay, 10 clients)"]
    assert (round(chat.measured, 2), chat.kept) == (2.1, False)
    stream = kept["memory over idle of each stream (100 tokens, 20 ms apart, 500 clients)"]
    assert (stream.measured, stream.kept) == (78, False)
    assert kept["idle memory"].kept
    assert table.verdicts([chat]).endswith("| NO   |")


def test_each_kind_of_app_has_a_promise_of_its_own() -> None:
    cases = [Case("chatflow-10", 10, app="chatflow"), Case("ten-nodes-10", 10, app="ten nodes")]
    told = table.promises([sample("parlour", 0.4, case=case) for case in cases], SERVERS[2])
    assert [(promise.limit, promise.kept) for promise in told if promise.what.startswith("CPU")] == [
        (3, False),
        (6, True),
    ]


def test_the_price_of_postgres_and_valkey_is_told_beside_that_of_none() -> None:
    case = Case("replicas-10", 10, servers=("parlour", "postgres", "replicas"))
    run = [sample("parlour", 0.1, case=case), structs.replace(sample("postgres", 0.25, case=case), stores_seconds=0.05)]
    last = [cell.strip() for cell in table.overhead(run).splitlines()[-1].strip("|").split("|")]
    assert last[1:] == ["parlour on Postgres and Valkey", "50.0", "2.50", "0.50", "2.50"]
    server = structs.replace(SERVERS[2], name="postgres")
    assert [(promise.limit, promise.measured) for promise in table.promises(run, server)] == [(3, 2.5)]
    assert not [promise for promise in table.promises(run, SERVERS[2]) if promise.what.startswith("CPU")]
    assert not table.overhead([sample("parlour", 0.1)])


def test_text_that_comes_later_because_it_is_read_aloud_breaks_a_promise() -> None:
    plain, aloud = Case("unspoken-10", 10, 100, 20), Case("spoken-10", 10, 100, 20, app="spoken", beside="unspoken-10")
    run = [sample("parlour", 0.1, case=case) for case in (plain, aloud)]
    late = [
        structs.replace(one, outcome=structs.replace(one.outcome, text_p50=at))
        for one, at in zip(run, (10, 13), strict=True)
    ]
    first, last = table.promises(late, SERVERS[2])[2:]
    assert (first.measured, first.kept) == (1, True)
    assert (last.measured, last.kept) == (1.3, False)


def test_only_what_stands_between_the_markers_is_rewritten() -> None:
    page = f"prose\n{table.BEGIN}\nold\n{table.END}\nmore prose\n"
    assert table.replaced(page, "new") == f"prose\n{table.BEGIN}\n\nnew\n\n{table.END}\nmore prose\n"
    assert table.replaced(table.replaced(page, "newer"), "new") == table.replaced(page, "new")


@pytest.mark.parametrize("page", ["prose", table.BEGIN, f"{table.END} {table.BEGIN}"])
def test_a_page_without_its_markers_is_left_alone(page: str) -> None:
    with pytest.raises(ValueError, match="two lines"):
        table.replaced(page, "new")
