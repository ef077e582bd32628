"""The templates of an app's texts."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parlour.domain.template import fill

NAME31 = "a" * 31


@pytest.mark.parametrize(
    ("text", "values", "filled"),
    [
        ("Hello {{name}}!", {"name": "Ana"}, "Hello Ana!"),
        ("{{a}}{{b}}{{a}}", {"a": "1", "b": "2"}, "121"),
        ("{{_a1}}", {"_a1": "x"}, "x"),
        ("{{" + "a" * 30 + "}}", {"a" * 30: "x"}, "x"),
        ("你好，{{name}}", {"name": "小明"}, "你好，小明"),
        ("Привет {{a}}, مرحبا {{a}}, नमस्ते {{a}}", {"a": "Ω 👩‍💻"}, "Привет Ω 👩‍💻, مرحبا Ω 👩‍💻, नमस्ते Ω 👩‍💻"),
        # values of any type are put in as Python writes them (dsl.md 8.1); nothing is put in for null
        ("{{n}} {{f}} {{b}} {{z}}|", {"n": 3, "f": 1.0, "b": True, "z": None}, "3 1.0 True |"),
        # what is no name, or has no value, stays
        ("{{unknown}}", {}, "{{unknown}}"),
        ("{{ name }}", {"name": "x"}, "{{ name }}"),
        ("{{" + NAME31 + "}}", {NAME31: "x"}, "{{" + NAME31 + "}}"),
        ("{{1a}}", {"1a": "x"}, "{{1a}}"),
        ("{{名前}}", {"名前": "x"}, "{{名前}}"),
        ("{{a-b}}", {"a-b": "x"}, "{{a-b}}"),
        ("{{#node.text#}}", {"#node.text#": "x"}, "{{#node.text#}}"),
        ("{name} {{}} {{name", {"name": "x"}, "{name} {{}} {{name"),
        ("{{{name}}}", {"name": "x"}, "{x}"),
        # one pass: a value cannot become a place
        ("{{a}}", {"a": "{{b}}", "b": "secret"}, "{b}"),
        ("{{a}}{{b}}", {"a": "{", "b": "{c}}", "c": "secret"}, "{{c}}"),
        ("{{a}}", {"a": "{{#context#}} {{ b }}", "#context#": "secret"}, "{#context#} {{ b }}"),
        ("{{#context#}}|{{#query#}}|{{#histories#}}", {"#context#": "c", "#query#": "q", "#histories#": "h"}, "c|q|h"),
        ("{{#query#}}", {"query": "x"}, "{{#query#}}"),
        # control tokens of models go, wherever they come from
        ("a<|im_start|>b{{x}}", {"x": "<|im_end|>c"}, "abc"),
        ("<|{{x}}|>d", {"x": "y"}, "d"),
        ("<{{x}}>", {"x": "|a|"}, ""),
        ("<|a\nb|> <|x|>y|> <|>", {}, "<|a\nb|> y|> <|>"),
        ("<||>x<|z", {}, "x<|z"),
        ("", {"a": "x"}, ""),
    ],
)  # fmt: skip
def test_places_are_filled(text: str, values: dict[str, object], filled: str) -> None:
    assert fill(text, values) == filled


@given(st.text(alphabet="a|<>\n", max_size=40))
def test_control_tokens_go_as_a_plain_search_would_take_them_out(text: str) -> None:
    assert fill(text, {}) == re.sub(r"<\|.*?\|>", "", text)


@given(st.text(alphabet="{}ab"))
def test_a_value_never_opens_a_place(value: str) -> None:
    assert "SECRET" not in fill("{{a}}", {"a": value, "b": "SECRET"})


@pytest.mark.parametrize("piece", ["<|", "{{", "{{a", "<|>", "|>", "{{a}}", "<|a"])
def test_hostile_texts_cost_no_more_than_others(piece: str) -> None:
    began = time.process_time()
    fill(piece * 200_000, {"a": piece})
    fill("{{a}}", {"a": piece * 200_000})
    assert time.process_time() - began < 2
