"""Real flows, run from start to end with a scripted model: each does what a reader of its file expects (dsl.md).

What is expected stands in the files beside this one, written by hand; see `course.py` for how. A file whose nodes are
not all served yet is refused until they are; no other is without an expectation.
"""

from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack, aclosing, nullcontext
from mimetypes import guess_type
from pathlib import Path
from typing import Any

import pytest
from anyio import fail_after
from msgspec import Struct, structs

from parlour.domain.app import ChatflowApp, FlowApp
from parlour.domain.events import AnswerFinished, AnyEvent, ModelCalled, NodeFinished, WorkflowFinished, WorkflowStarted
from parlour.domain.files import FileRef
from parlour.domain.problems import RunFailed, ToolFailed
from parlour.domain.record import Record
from parlour.domain.turn import Ask, Exchange, Turn
from parlour.dsl.findings import Refused
from parlour.flow.values import files_in
from parlour.http.reading import understood
from parlour.modes import chatflow
from parlour.ports.tools import Caller, Made, Outcome
from parlour.ports.web import Web
from parlour.providers.pages import Pages, WebPage
from parlour.rag.contents import last
from parlour.rag.documents import Extractor
from parlour.tools import TABLE
from parlour.tools.shelf import Place
from parlour.tools.shelf import Told as Described
from parlour.tools.tool import Reach
from parlour.tools.toolbox import Toolbox
from parlour.wire import form
from tests.corpus.course import Run, Spoken, Token, differs, expectations, fits, like, tokens
from tests.corpus.library import Library
from tests.dsl.dsl_samples import CORPUS, flow_files, needs_corpus, not_served
from tests.flow.flow_samples import IDS, ports_for
from tests.flow.model_samples import Listening
from tests.houses import NOW, rules
from tests.trial_tools import NOTHING

pytestmark = pytest.mark.anyio

EXPECTED = expectations()


class Told(Struct):
    """All that came of one run."""

    events: list[AnyEvent]
    record: Record
    problem: RunFailed | None
    asked: list[list[str]]
    sent: list[str]
    """What the web was asked."""
    used: list[tuple[str, dict[str, object]]]
    """Tools that are not built in, and what they were given."""
    searched: list[dict[str, list[str]]]
    """What was looked up, and in which datasets."""


def name_of(path: Path) -> str:
    return str(path.relative_to(CORPUS))


FILES = {name_of(path): path for path in flow_files()}
RUNS = [
    pytest.param(
        *(name, number),
        id=f"{name[-32:]}-{number}",
        marks=[pytest.mark.slow, pytest.mark.timeout(run["seconds"] + 30)] if "seconds" in run else [],
    )
    for name, runs in EXPECTED.items()
    if name in FILES
    for number, run in enumerate(runs)
]


@needs_corpus
def test_each_real_flow_has_an_expectation_or_lacks_a_kind_of_node() -> None:
    assert EXPECTED.keys() <= FILES.keys()
    silent = {name for name, path in FILES.items() if name not in EXPECTED and not not_served(path)}
    assert not silent, "served, but nobody has said what it is to do"


@pytest.mark.parametrize(("name", "number"), RUNS)
async def test_a_real_flow_does_what_its_file_says(name: str, number: int) -> None:
    if lacking := not_served(FILES[name]):
        pytest.skip(f"not served yet: {', '.join(sorted({type_ for _, type_ in lacking}))}")
    run = EXPECTED[name][number]
    serves = toolbox(run, Pages({}), []).serves
    with pytest.raises(Refused, match=run["refused"]) if "refused" in run else nullcontext():
        app = understood(FILES[name].read_text(), "corpus", partial=run.get("partial", False), serves=serves)
    if "refused" in run:
        return
    assert isinstance(app, FlowApp)
    told = await played(run, await turn_of(with_environment(app, run), EXPECTED[name][: number + 1]))

    assert not (difference := differs(tokens(told.events), run["path"])), difference
    in_frame(told, run)
    assert like(with_names(told.record.closing), wanted(run, app)), told.record.closing
    assert fits(told.record.answer, run.get("answer", "…")), told.record.answer
    if "asked" in run:
        assert len(told.asked) == len(run["asked"]), told.asked
        for asked, pattern in zip(told.asked, run["asked"], strict=True):
            if pattern is None:
                continue
            assert len(asked) == len(pattern), asked
            assert all(fits(line, wish) for line, wish in zip(asked, pattern, strict=True)), asked
    if "sent" in run:
        assert len(told.sent) == len(run["sent"]), told.sent
        assert all(fits(one, wish) for one, wish in zip(told.sent, run["sent"], strict=True)), told.sent
    if "used" in run:
        used = [(title, given) for one in run["used"] for title, given in one.items()]
        assert [title for title, _ in told.used] == [title for title, _ in used], told.used
        for (_, found), (_, wish) in zip(told.used, used, strict=True):
            assert like({name: found.get(name) for name in wish}, wish), found
    if "searched" in run:
        assert told.searched == run["searched"]
    assert like(told.record.variables, run.get("variables", {})), told.record.variables
    outcomes = {one.outcome.node_id: one.outcome.outputs for one in told.events if isinstance(one, NodeFinished)}
    for node, outputs in run.get("outcomes", {}).items():
        found = outcomes[str(node)] or {}
        assert like({name: found.get(name) for name in outputs}, outputs), found


@pytest.mark.parametrize(
    ("told", "path"),
    [
        ([], ["start"]),
        ([">start"], ["start"]),
        ([">start", "<start"], []),
        ([">start", "<start:failed"], ["start"]),
        ([">start", Spoken("sys.query", "hi"), "<start"], ["start"]),
        ([Spoken("sys.query", "hi!")], [{"sys.query": "hi"}]),
        ([">a", ">b", "<a", "<b", ">c"], [{"any": [["a c"], ["b"]]}]),
        ([">b", ">a", "<a", "<b"], [{"any": [["a b"]]}]),
    ],
)
def test_a_run_that_is_not_as_expected_is_found_out(told: list[Token], path: list[object]) -> None:
    assert differs(told, path)


def test_a_run_that_is_as_expected_passes_in_any_order_that_is_free() -> None:
    told = [Spoken("sys.query", "hi"), ">b", ">a", "<a", "<b", ">c", "<c"]
    assert not differs(told, [{"sys.query": "hi"}, {"any": [["a c"], ["b"]]}])
    assert fits("user: a\nb", "user: …b")
    assert not fits("user: a\nb.", "user: …b")


def with_environment(app: FlowApp, run: Run) -> FlowApp:
    values: dict[str, object] = run.get("environment", {})
    known = tuple(structs.replace(one, value=values.get(one.name, one.value)) for one in app.environment)
    return structs.replace(app, environment=known)


async def turn_of(app: FlowApp, runs: list[Run]) -> Turn[FlowApp]:
    """The last of these runs, and what went before it in its conversation."""
    run = runs[-1]
    options = {field.variable: field.options for field in app.form}
    given = run.get("inputs", {}) | {name: options[name][number] for name, number in run.get("choose", {}).items()}
    inputs = {name: named(value) for name, value in form.check(given, app.form, strict=True).items()}
    files = tuple(FileRef("document", "remote_url", url, name=last(url)) for url in run.get("files", ()))
    ask = Ask(run.get("query", ""), "ann", inputs, files=files)
    if not run.get("goes_on"):
        return Turn(app, IDS, ask)
    before = await turn_of(app, runs[:-1])
    told = await played(runs[-2], before)
    history = (*before.history, Exchange(before.ask.query, told.record.answer))
    variables = before.variables | told.record.variables
    return Turn(app, IDS, ask, history, first=False, number=before.number + 1, variables=variables)


def named(value: object) -> object:
    """A file of a form with the name that its address has; the front door asks there."""
    return structs.replace(value, name=last(value.url)) if isinstance(value, FileRef) else value


def pages_of(run: Run) -> Pages:
    return Pages(
        {
            url: WebPage(
                page["body"].encode(), page.get("status", 200), (("content-type", page.get("type", "text/plain")),)
            )
            for url, page in run.get("pages", {}).items()
        }
    )


class Scripted:
    """The tools of one provider, which say what is written for them."""

    def __init__(self, provider: str, tools: dict[str, Any], used: list[tuple[str, dict[str, object]]]) -> None:
        self._provider = provider
        self._tools: dict[str, list[dict[str, Any]]] = {
            name: said if isinstance(said, list) else [said] for name, said in tools.items()
        }
        self._uses = Counter[str]()
        self._used = used

    async def tools(self) -> Mapping[str, Described]:
        return {name: Described(name, {}, open=True) for name in self._tools}

    async def use(self, name: str, arguments: Mapping[str, object], caller: Caller) -> Outcome:
        del caller
        self._used.append((f"{self._provider}/{name}", dict(arguments)))
        said = self._tools[name][min(self._uses[name], len(self._tools[name]) - 1)]
        self._uses[name] += 1
        if "fails" in said:
            raise ToolFailed(said["fails"])
        made = tuple(Made(file, guess_type(file)[0] or "", b"made") for file in said.get("files", ()))
        return Outcome(said.get("text", ""), made, tuple(said.get("json", ())), said.get("variables", {}))

    async def aclose(self) -> None: ...


def toolbox(run: Run, web: Web, used: list[tuple[str, dict[str, object]]]) -> Toolbox:
    """The built-in tools, and before them those that a run has written."""
    tools: dict[str, dict[str, Any]] = {}
    for title, said in run.get("tools", {}).items():
        provider, _, name = title.rpartition("/")
        tools.setdefault(provider, {})[name] = said
    places = {provider: Place(Scripted(provider, named, used), "scripted") for provider, named in tools.items()}
    return Toolbox(TABLE, Reach(web, Extractor(), NOTHING, lambda: NOW), places)


async def played(run: Run, turn: Turn[FlowApp]) -> Told:
    script: list[Any] = run.get("script", [])
    turns: list[dict[str, Any]] = [one if isinstance(one, dict) else {"say": one, "once": True} for one in script]
    model, web = Listening(rules(*turns)), pages_of(run)
    library = Library(run.get("knowledge", ()))
    told = Told([], Record(), None, [], [], [], library.searched)
    async with AsyncExitStack() as stack:
        ports = await stack.enter_async_context(ports_for(model, web=web, tools=toolbox(run, web, told.used)))
        ports = structs.replace(ports, knowledge=library.around(ports.knowledge))
        said = await stack.enter_async_context(aclosing(chatflow.run(turn, ports)))
        try:
            with fail_after(run.get("seconds", 5)):
                async for event in said:
                    told.events.append(event)
                    told.record.add(event)
        except RunFailed as problem:
            told.problem = problem
    told.sent = [
        f"{one.method} {one.url} {(one.body or b'').decode()}" for one in web.asked if not isinstance(one.body, tuple)
    ]
    told.asked = [[f"{line.role}: {line.text}" for line in call.lines] for call in model.calls]
    return told


def in_frame(told: Told, run: Run) -> None:
    """A run begins and ends as every run does, and its models are called within it."""
    assert isinstance(told.events[0], WorkflowStarted)
    assert len(told.asked) == sum(isinstance(event, ModelCalled) for event in told.events)
    assert not told.record.calling
    if "error" in run:
        assert told.problem is not None
        assert run["error"] in told.problem.message
        return
    assert told.problem is None, told.problem
    *_, answered, finished = told.events
    assert isinstance(answered, AnswerFinished)
    assert isinstance(finished, WorkflowFinished)
    assert finished.status == run.get("status", "succeeded")


def with_names(closing: WorkflowFinished | None) -> object:
    """The outputs of the whole run; of files that were made, only their names."""
    outputs = (closing and closing.outputs) or {}
    return closing and {
        name: [file.name for file in files] if (files := files_in(value)) else value for name, value in outputs.items()
    }


def wanted(run: Run, app: FlowApp) -> object:
    if "error" in run:
        return None
    if not isinstance(app, ChatflowApp):
        return run["outputs"]
    return {"answer": run["answer"], "files": run.get("made", [])} | run.get("outputs", {})
