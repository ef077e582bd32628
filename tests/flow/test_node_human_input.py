"""Somebody is asked: what the form says, what comes of it, and of a run that goes on with its answer."""

import pytest

from parlour.domain.events import (
    HumanInputFilled,
    HumanInputTimedOut,
    NodeFinished,
    NodeStarted,
    TextDelta,
    WorkflowFinished,
    WorkflowStarted,
)
from parlour.domain.files import File
from parlour.domain.graph import Graph
from parlour.domain.turn import Submission
from parlour.domain.values import json_form
from parlour.flow.plan import faults
from parlour.flow.template import references
from tests.flow.flow_samples import chatflow, graph, node, ports_for
from tests.flow.pausing import asks, stretch
from tests.houses import NOW

pytestmark = pytest.mark.anyio

START = node("start", "start")
PICTURE = File("image", "local_file", "a.png", ".png", "image/png", 9, "", "u1")
SAID = "{{#ask.__action_id#}}/{{#ask.__action_value#}}/{{#ask.note#}}/{{#ask.level#}}/{{#ask.__rendered_content#}}"


def approval(**data: object) -> Graph:
    nodes = [START, asks("ask", **data)]
    ways = ["start ask", "ask yes sent", "ask no dropped", "ask __timeout late"]
    nodes += [node(name, "answer", answer=f"{name}: {SAID}") for name in ("sent", "dropped", "late")]
    return graph(nodes, *ways)


async def test_a_form_shows_its_text_its_fields_and_its_buttons() -> None:
    inputs = [
        {"type": "paragraph", "output_variable_name": "note", "default": {"type": "constant", "value": "as is"}},
        {"type": "text-input", "output_variable_name": "name", "default": None},
        {
            "type": "paragraph",
            "output_variable_name": "said",
            "default": {"type": "variable", "selector": ["sys", "query"]},
        },
        {
            "type": "paragraph",
            "output_variable_name": "gone",
            "default": {"type": "variable", "selector": ["no", "body"]},
        },
        {
            "type": "select",
            "output_variable_name": "level",
            "option_source": {"type": "constant", "value": ["low", "high"]},
        },
        {"type": "file", "output_variable_name": "one", "allowed_file_types": ["image"]},
        {"type": "file-list", "output_variable_name": "some", "number_limits": 2},
    ]
    app = chatflow(approval(form_content="Is **{{#sys.query#}}** right? {{#$output.note#}}", inputs=inputs))
    async with ports_for() as ports:
        form = (await stretch(app, ports)).forms["ask"]
    assert form.form_content == "Is **hi** right? {{#$output.note#}}"
    assert form.resolved_default_values == {"note": "as is", "said": "hi"}
    assert form.inputs == (
        {
            "type": "paragraph",
            "output_variable_name": "note",
            "default": {"type": "constant", "selector": (), "value": "as is"},
        },
        {"type": "text-input", "output_variable_name": "name", "default": None},
        {
            "type": "paragraph",
            "output_variable_name": "said",
            "default": {"type": "variable", "selector": ("sys", "query"), "value": ""},
        },
        {
            "type": "paragraph",
            "output_variable_name": "gone",
            "default": {"type": "variable", "selector": ("no", "body"), "value": ""},
        },
        {
            "type": "select",
            "output_variable_name": "level",
            "option_source": {"type": "constant", "selector": (), "value": ["low", "high"]},
        },
        {
            "type": "file",
            "output_variable_name": "one",
            "allowed_file_types": ("image",),
            "allowed_file_extensions": (),
            "allowed_file_upload_methods": ("local_file", "remote_url"),
        },
        {
            "type": "file-list",
            "output_variable_name": "some",
            "allowed_file_types": (),
            "allowed_file_extensions": (),
            "allowed_file_upload_methods": ("local_file", "remote_url"),
            "number_limits": 2,
        },
    )
    assert form.actions == (
        {"id": "yes", "title": "Send", "button_style": "primary"},
        {"id": "no", "title": "Drop", "button_style": "default"},
    )


async def test_the_words_of_a_select_come_with_it_where_a_variable_has_them() -> None:
    source = {"type": "variable", "selector": ["conversation", "words"]}
    select = {"type": "select", "output_variable_name": "level", "option_source": source}
    app = chatflow(approval(inputs=[select]), words=["a", "b"])
    async with ports_for() as ports:
        (shown,) = (await stretch(app, ports)).forms["ask"].inputs
    assert shown["option_source"] == {"type": "variable", "selector": ("conversation", "words"), "value": ["a", "b"]}


@pytest.mark.parametrize(
    ("data", "seconds"),
    [
        ({}, 36 * 3600),
        ({"timeout": 2, "timeout_unit": "day"}, 2 * 86400),
        ({"timeout": 0.5, "timeout_unit": "hour"}, 1800),
    ],
)
async def test_a_form_is_open_for_as_long_as_its_author_says(data: dict[str, object], seconds: int) -> None:
    async with ports_for() as ports:
        form = (await stretch(chatflow(approval(**data)), ports)).forms["ask"]
    assert form.expiration_time == int(NOW) + seconds


@pytest.mark.parametrize(
    ("methods", "reachable"),
    [
        (None, True),
        ([{"id": "1", "type": "webapp", "enabled": True}], True),
        ([{"id": "1", "type": "webapp", "enabled": False}], False),
        ([{"id": "1", "type": "email", "enabled": True, "config": {"subject": "x"}}], False),
        ([], False),
    ],
)
async def test_a_form_has_a_token_if_it_is_delivered_as_a_web_app(methods: object, reachable: object) -> None:
    app = chatflow(approval(delivery_methods=methods))
    async with ports_for() as ports:
        form = (await stretch(app, ports)).forms["ask"]
    assert (form.form_token is not None) == reachable
    levels = [fault.level for fault in faults(app.graph)]
    assert levels == ([] if reachable else ["approximated"])


def test_a_form_without_a_button_is_refused() -> None:
    (fault,) = faults(approval(user_actions=[]))
    assert (fault.level, fault.keys) == ("refused", ("user_actions",))


async def test_an_answer_goes_on_by_its_button_with_the_values_of_its_fields() -> None:
    inputs = [
        {"type": "paragraph", "output_variable_name": "note"},
        {"type": "select", "output_variable_name": "level", "option_source": {"value": ["low", "high"]}},
    ]
    app = chatflow(approval(form_content="Note: {{#$output.note#}}!", inputs=inputs))
    async with ports_for() as ports:
        paused = await stretch(app, ports)
        sent = {"ask": Submission("yes", {"note": "fine", "level": "low"})}
        rest = await stretch(app, ports, paused, sent)
    assert [type(event) for event in rest.events[:3]] == [WorkflowStarted, HumanInputFilled, NodeFinished]
    (filled,) = rest.of(HumanInputFilled)
    assert filled == HumanInputFilled("ask", "Ask", "Note: fine!", "yes", "Send", {"note": "fine", "level": "low"})
    assert "".join(event.text for event in rest.of(TextDelta)) == "sent: yes/Send/fine/low/Note: fine!"
    assert [event.outcome.node_id for event in rest.of(NodeFinished)] == ["ask", "sent"]


async def test_a_form_whose_time_is_over_goes_on_by_the_timeout_with_empty_fields() -> None:
    inputs = [
        {"type": "paragraph", "output_variable_name": "note", "default": {"value": "x"}},
        {"type": "select", "output_variable_name": "level"},
    ]
    app = chatflow(approval(form_content="Note: {{#$output.note#}}!", inputs=inputs))
    async with ports_for() as ports:
        paused = await stretch(app, ports)
        rest = await stretch(app, ports, paused, {"ask": Submission("", {})})
    (over,) = rest.of(HumanInputTimedOut)
    assert over == HumanInputTimedOut("ask", "Ask", paused.forms["ask"].expiration_time)
    assert "".join(event.text for event in rest.of(TextDelta)) == "late: ////Note: !"


async def test_files_that_were_sent_are_files_to_the_nodes_that_follow() -> None:
    inputs = [{"type": "file", "output_variable_name": "one"}, {"type": "file-list", "output_variable_name": "some"}]
    nodes = [START, asks("ask", inputs=inputs), node("say", "answer", answer="{{#ask.one.name#}} {{#ask.some#}}")]
    app = chatflow(graph(nodes, "start ask", "ask yes say"))
    sent = {"one": json_form(PICTURE), "some": [json_form(PICTURE)]}
    async with ports_for() as ports:
        rest = await stretch(app, ports, await stretch(app, ports), {"ask": Submission("yes", dict(sent))})
    assert rest.of(TextDelta)[0].text == "a.png"
    (finished,) = rest.of(WorkflowFinished)
    assert finished.files == (PICTURE,)


async def test_an_execution_that_waited_has_one_start_and_one_end() -> None:
    app = chatflow(approval())
    async with ports_for() as ports:
        paused = await stretch(app, ports)
        rest = await stretch(app, ports, paused, {"ask": Submission("no", {})})
    (started,) = [event for event in paused.of(NodeStarted) if event.node_id == "ask"]
    (ended,) = [event.outcome for event in rest.of(NodeFinished) if event.outcome.node_id == "ask"]
    assert (ended.id, ended.index, ended.predecessor_node_id) == (started.id, started.index, "start")
    assert [event.node_id for event in rest.of(NodeStarted)] == ["dropped"]
    assert rest.of(NodeStarted)[0].index == 3


def both() -> Graph:
    nodes = [
        START,
        asks("one"),
        asks("two"),
        node("say", "answer", answer="{{#one.__action_id#}}{{#two.__action_id#}}"),
    ]
    return graph(nodes, "start one", "start two", "one yes say", "two yes say")


async def test_two_who_are_asked_at_a_time_are_one_pause_and_who_has_not_answered_is_asked_the_same_again() -> None:
    app = chatflow(both())
    async with ports_for() as ports:
        first = await stretch(app, ports)
        assert list(first.forms) == ["one", "two"]
        assert first.suspended.told.paused_nodes == ("one", "two")
        second = await stretch(app, ports, first, {"one": Submission("yes", {})})
        assert second.forms == {"two": first.forms["two"]}
        rest = await stretch(app, ports, second, {"two": Submission("yes", {})})
    assert [event.text for event in (*second.of(TextDelta), *rest.of(TextDelta))] == ["yes", "yes"]
    assert [event.outcome.node_id for event in rest.of(NodeFinished)] == ["two", "say"]
    (finished,) = rest.of(WorkflowFinished)
    assert finished.total_steps == 4


def test_the_places_of_fields_are_no_references() -> None:
    assert references("{{#$output.note#}}") == ()
