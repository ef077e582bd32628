"""Templates print what Jinja2 prints, and none of them takes long. Expectations are Jinja2's (3.1), unless said."""

import re
from pathlib import Path

import pytest

from parlour.domain.files import File
from parlour.flow import jinja
from parlour.flow.node import NodeFailed
from tests.dsl.dsl_samples import FILES, mode_of, needs_corpus, plain
from tests.flow.node_samples import attempt, node

pytestmark = pytest.mark.anyio

VALUES: dict[str, object] = {
    "list": [1, "it's", None, True, 1.5, {"k": "v", "a": [1]}],
    "map": {"z": 1, "a": None},
    "yes": True,
    "none": None,
    "one": 1.0,
    "tiny": 1e-05,
    "huge": 1e22,
    "floats": [1e-05, 1.0],
    "i": 3,
    "html": "<b>&</b>",
    "rows": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}],
}


@pytest.mark.parametrize(
    ("template", "printed"),
    [
        ("{{ list }}", """[1, "it's", None, True, 1.5, {'k': 'v', 'a': [1]}]"""),
        ("{{ map }}", "{'z': 1, 'a': None}"),
        ("{{ yes }} {{ none }} {{ not yes }} {{ true }}", "True None False True"),
        ("{{ one }} {{ tiny }} {{ huge }} {{ i / 2 }} {{ i // 2 }} {{ 7 % 4 }}", "1.0 1e-05 1e+22 1.5 1 3"),
        ("{{ floats }}", "[1e-05, 1.0]"),
        ("a\r\nb\rc\r\n", "a\nb\nc"),
        ("[{{ nobody }}] [{{ map.nobody }}] [{{ none.nobody }}] [{{ list[99] }}]", "[] [] [] []"),
        ("{{ yes ~ none ~ one ~ map }}", "TrueNone1.0{'z': 1, 'a': None}"),
        ("{{ [yes, none, 1.0] | join(',') }}", "True,None,1.0"),
        ("{{ list | string }}", """[1, "it's", None, True, 1.5, {'k': 'v', 'a': [1]}]"""),
        ("{{ html }}", "<b>&</b>"),
        ("{% for row in rows %}{{ loop.index }}.{{ row.a }}{{ row['b'] }};{% endfor %}", "1.1x;2.2y;"),
        ("{% for k, v in map.items() %}{{ k }}={{ v }};{% endfor %}", "z=1;a=None;"),
        ("{% for i in range(rows | length) -%} {{ rows[i].a }}\n{% endfor -%} .", "1\n2\n."),
        ("{{ rows | map(attribute='b') | join('-') }} {{ rows | selectattr('a', 'eq', 2) | list | length }}", "x-y 1"),
        ("{{ '3'|int + 1 }} {{ 'x'|int }} {{ '3.7'|int }} {{ 3.9|int }} {{ 'ff'|int(0, 16) }}", "4 0 3 3 255"),
        ("{{ '2.5' | float }} {{ 'x' | float }} {{ 'x' | float(1.5) }} {{ i | float }}", "2.5 0.0 1.5 3.0"),
        ("{{ 'abc def ghij'|truncate(9, false, '...', 0) }} {{ 'abcdef'|truncate(5, true, '..', 0) }}", "abc... abc.."),
        ("{{ 'short' | truncate(3) }}", "short"),
        ("{{ 'hello world foo' | wordwrap(5) }}|{{ 'x' | center(5) }}|", "hello\nworld\nfoo|  x  |"),
        ("{{ 'a,b'.split(',')[1] }} {{ '{}'.format(1) }} {{ ' x '.strip() }} {{ 'aX'.replace('X', '') }}", "b 1 x a"),
        ("{% set n = namespace(x=0) %}{% for v in [1, 2] %}{% set n.x = n.x + v %}{% endfor %}{{ n.x }}", "3"),
        ("{% macro m(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}", "12"),
        ("{{ nobody | default('x') }} {{ none | default('x') }} {{ none | default('x', true) }}", "x None x"),
        ("{{ 'x' if false }}|{{ 'abc'[1:] }}|{{ 1.0 + 1 }}|{{ 2.5 | round }}", "|bc|2.0|2.0"),
        ("{% raw %}{{ x }}{% endraw %}\n\n", "{{ x }}\n"),
        ("{# not said #}{% if list %}yes{% else %}no{% endif %}", "yes"),
    ],
)  # fmt: skip
def test_a_template_prints_what_jinja2_prints(template: str, printed: str) -> None:
    assert jinja.render(template, VALUES) == printed


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{% for i in range(9) %}", "unexpected end of input"),
        ("{{ nobody.name }}", "undefined"),
        ("{{ 'a' + 1 }}", "unsupported types"),
        ("{{ map.pop('nobody') }}", "nobody"),
        ("{% include '/etc/passwd' %}", "non-existing template"),
        ("{{ huge | int }}{{ 'inf' | int }}", "infinity"),
        ("{{ list.append(1) }}", "cannot be changed"),
        ("{{ nobody | truncate }}", "no len"),
    ],
)
def test_a_template_that_goes_wrong_fails_its_node_and_says_why(template: str, why: str) -> None:
    with pytest.raises(NodeFailed, match=re.escape(why)) as failed:
        jinja.render(template, VALUES)
    assert failed.value.kind == "TemplateError"


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        "{% for i in range(100000) %}" + "x" * 100_000 + "{% endfor %}",
        "{{ 'x' * 10 ** 9 }}",
        "{{ ('x' * 100000) | replace('x', 'x' * 10000) }}",
        "{% set n = namespace(x='a') %}{% for i in range(40) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
        "{% for i in range(500000) %}x{% endfor %}",
        "{{ 'x' * 400001 }}",
    ],
)
def test_a_template_that_does_not_end_or_grows_fails_its_node(template: str) -> None:
    with pytest.raises(NodeFailed, match=r"too many steps|longer than|too many elements"):
        jinja.render(template, {})


def test_a_macro_that_calls_itself_for_ever_fails_its_node() -> None:
    with pytest.raises(NodeFailed, match="recursion"):
        jinja.render("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", {})


def test_a_text_of_the_greatest_length_is_rendered() -> None:
    assert len(jinja.render("{{ text }}", {"text": "é" * 400_000})) == 400_000


def test_a_value_keeps_what_it_holds_whatever_a_template_does_to_it() -> None:
    held = {"row": {"a": 1}, "rows": [2, 1]}
    jinja.render("{{ row.pop('a') }}{{ rows.sort() }}{{ rows.pop() }}", held)
    assert held == {"row": {"a": 1}, "rows": [2, 1]}


def test_a_template_cannot_reach_what_is_behind_a_value() -> None:
    assert jinja.render("[{{ rows.__class__ }}] [{{ rows.__init__ }}]", VALUES) == "[] []"


async def test_a_template_node_gets_native_values_and_null_for_what_is_missing() -> None:
    made = node(
        "t",
        "template-transform",
        template="{{ items | join('+') }} {{ missing }} {{ file.filename }} {{ half }}",
        variables=[
            {"variable": "items", "value_selector": ["code", "items"]},
            {"variable": "missing", "value_selector": ["skipped", "text"]},
            {"variable": "file", "value_selector": ["sys", "file"]},
            {"variable": "half", "value_selector": None},
        ],
    )
    values = {"code": {"items": [1, 2]}, "sys": {"file": File("image", "remote_url", "a.png", url="https://x/a.png")}}
    tried = await attempt(made, values)
    assert tried.outputs == {"output": "1+2 None a.png None"}
    assert tried.scope.inputs is not None
    assert tried.scope.inputs["items"] == [1, 2]
    assert tried.scope.inputs["missing"] is None


async def test_a_template_node_that_fails_is_named() -> None:
    made = node("t", "template-transform", template="{{ 'x' * 10 ** 9 }}")
    with pytest.raises(NodeFailed, match=r"^t: The template takes too many steps"):
        await attempt(made)


def _templates(path: Path) -> list[tuple[str, list[str]]]:
    nodes = plain(path)["workflow"]["graph"]["nodes"]
    datas = [one["data"] for one in nodes if one["data"].get("type") == "template-transform"]
    return [(data["template"], [named["variable"] for named in data["variables"]]) for data in datas]


@needs_corpus
def test_every_template_of_real_files_renders() -> None:
    templates = [one for path in FILES if mode_of(path) in {"workflow", "advanced-chat"} for one in _templates(path)]
    assert len(templates) >= 30
    for template, names in templates:
        value = [{"content": "c", "url": "u", "text": "t"}]
        plainly = re.fullmatch(r"(?:[^{]|\{\{ *\w+ *\}\})*", template)
        values = {name: "v" if plainly else 1 if "index" in name else value for name in names}
        text = jinja.render(template, values)
        if plainly:
            for name in names:
                template = re.sub(rf"\{{\{{ *{name} *\}}\}}", "v", template)  # noqa: PLW2901
            expected = re.sub(r"\{\{ *\w+ *\}\}", "", template).replace("\r\n", "\n")
            assert text == expected.removesuffix("\n")
