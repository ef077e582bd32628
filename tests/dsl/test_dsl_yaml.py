"""The reader of YAML: plain values with their lines, and no way to make it work hard."""

import time

import pytest
import yaml

from parlour.dsl.yaml import MAX_BYTES, MAX_DEPTH, Refused, read


def refused(source: str) -> str:
    with pytest.raises(Refused) as caught:
        read(source)
    return str(caught.value)


def test_values_are_what_another_reader_makes_of_them() -> None:
    source = """
    text: plain
    number: 12
    octal: 010
    hex: 0x1F
    parts: 1_000
    base60: 1:30
    float: 1.5e+3
    infinite: .inf
    on: yes
    off: No
    nothing: ~
    empty:
    quoted: "12"
    folded: >
      one
      two
    list: [1, 'a', {b: 2}]
    日本語: 値
    7: seven
    """
    theirs = {str(key): value for key, value in yaml.safe_load(source).items()}
    ours = read(source).value
    assert ours.pop("on") is theirs.pop("True") is True  # a key is the text that it is written as
    assert ours.pop("off") is theirs.pop("False") is False
    assert ours == theirs


def test_keys_that_are_no_text_are_read_as_they_are_written() -> None:
    assert list(read("1: a\n1.50: b\nyes: c\n~: d\n2024-01-01: e").value) == ["1", "1.50", "yes", "~", "2024-01-01"]


def test_a_date_stays_text() -> None:
    assert read("a: 2024-01-01\nb: 2024-99-99").value == {"a": "2024-01-01", "b": "2024-99-99"}


def test_lines_are_found_by_path_and_what_is_missing_stands_where_its_parent_does() -> None:
    document = read("a:\n  b:\n  - x\n  - c: 1\n\nd: &d\n  e: 2\nf: *d\n")
    assert document.line("a") == 1
    assert document.line("a", "b", 1, "c") == 4
    assert document.line("a", "b", 7) == 2
    assert document.line("a", "nope", "deeper") == 1
    assert document.line("f", "e") == 7
    assert document.line("nope") == 1
    assert document.written("a", "b", 1, "c") == "1"
    assert document.written("a", "b") is None
    assert document.written("a", "nope") is None


def test_merged_keys_come_in_under_the_own_ones() -> None:
    source = "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz:\n  c: 9\n  <<: [*x, *y]\n"
    assert read(source).value["z"] == yaml.safe_load(source)["z"] == {"a": 1, "b": 2, "c": 9}


def test_a_shared_anchor_gives_the_same_values_wherever_it_stands() -> None:
    assert read("a: &a [1, 2]\nb: *a\n").value == {"a": [1, 2], "b": [1, 2]}


@pytest.mark.parametrize(
    ("source", "line", "says"),
    [
        ("", 1, "empty"),
        ("   \n# nothing\n", 1, "empty"),
        ("~", 1, "empty"),
        ("- a\n", 1, "no mapping"),
        ("\njust text\n", 2, "no mapping"),
        ("a: 1\nb: [1\nc: 2\n", 3, "column 2"),
        ("a: 1\n\tb: 2\n", 2, "column 1"),
        ("a: 1\n---\nb: 2\n", 2, "another document"),
        ("a: 1\nb: x: y\n", 2, "column 5"),
        ("a: *nobody\n", 1, "undefined alias"),
        ("a: &x 1\nb: &x 2\n", 2, "duplicate anchor"),
        ("a: 1\nb: \x00\n", 2, "control character"),
        ("a: 1\n\nb: \x1b[0m\n", 3, "control character"),
        ("a: 1\nb: '\ud83e'\n", 2, "surrogate"),
        ("a: !!python/object/apply:os.system [x]\n", 1, "only plain data"),
        ("a: !custom {b: 1}\n", 1, "only plain data"),
        ("a: !!binary aGk=\n", 1, "only plain data"),
        ("a:\n  ? [1]\n  : 2\n", 2, "keys are text"),
        ("a: !!int foo\n", 1, "quote it"),
        ("a: !!bool foo\n", 1, "quote it"),
        ("a: !!float foo\n", 1, "quote it"),
        ("a: 0b_\n", 1, "quote it"),
        ("a: 1\n<<: 3\n", 2, "merges mappings only"),
        ("a: &a\n  b: *a\n", 1, "holds itself"),
        ("a: &a [*a]\n", 1, "holds itself"),
        ("a: 1\nb: " + "9" * 5000, 2, "too long for a number"),
        ("a: 1" + ":1" * 100_000, 1, "too long for a number"),
        ("%YAML 3.0\n---\na: 1\n", 1, "incompatible"),
    ],
)
def test_what_is_no_mapping_of_plain_values_is_refused_with_its_line(source: str, line: int, says: str) -> None:
    text = refused(source)
    assert text.startswith(f"line {line}: ")
    assert says in text
    assert "\n" not in text


def test_more_than_ten_megabytes_are_refused_by_bytes_and_not_by_characters() -> None:
    assert "10485760" in refused("a: " + "é" * (MAX_BYTES // 2))
    assert len(str(read("a: " + "e" * (MAX_BYTES - 3)).value["a"])) == MAX_BYTES - 3


def bomb(levels: int, width: int) -> str:
    lines = ["a0: &a0 " + "[" + ", ".join(["lol"] * width) + "]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "source",
    [
        bomb(9, 9),
        bomb(30, 9),
        bomb(2, 5000),
        "a: &a " + "x" * 100_000 + "\nb: [" + ", ".join(["*a"] * 100) + "]",
        "a: &a {k: " + "x" * 60_000 + "}\n" + "\n".join(f"b{n}:\n  <<: *a" for n in range(100)),
    ],
    ids=["laughs", "many-laughs", "wide", "one-long-text", "merges"],
)
def test_a_bomb_of_aliases_is_refused_and_quickly(source: str) -> None:
    began = time.process_time()
    assert "aliases" in refused(source)
    assert time.process_time() - began < 1


@pytest.mark.parametrize("piece", ["[", "{a: ", "- ", "? ", "a: [", "&a [", "!!map {? "])
def test_depth_is_bounded_however_it_is_written(piece: str) -> None:
    began = time.process_time()
    assert refused("a:\n " + piece * 200_000)
    assert time.process_time() - began < 1


def test_as_many_levels_as_the_bound_are_read_and_one_more_is_not() -> None:
    assert read("a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)).value
    assert "levels" in refused("a: " + "[" * MAX_DEPTH + "]" * MAX_DEPTH)


def test_more_values_than_any_app_has_are_refused() -> None:
    assert "values" in refused("a: [" + "1," * 200_000 + "]")


def test_many_keys_are_looked_up_quickly() -> None:
    document = read("\n".join(f"k{n}: 1" for n in range(40_000)))
    began = time.process_time()
    assert [document.line(f"k{n}") for n in range(40_000)] == list(range(1, 40_001))
    assert time.process_time() - began < 1
