"""Any event that a run could say, for properties. What is declared as `object` holds any value, files too."""

from collections.abc import Mapping
from functools import cache
from typing import Literal, get_args

from hypothesis import strategies as st
from msgspec import Struct, inspect
from msgspec.inspect import Type

from parlour.domain import problems
from parlour.domain.events import AnyEvent
from parlour.domain.files import File
from parlour.domain.problems import Problem

Told = Literal["", "chat", "flow"]
EVENTS: tuple[type[Struct], ...] = get_args(AnyEvent)
TEXT = st.text(st.characters())
"""Surrogates and control characters, too."""
DECIMALS = st.decimals(min_value=0, max_value=1000, allow_nan=False, places=None)
SIMPLE = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
FILES = st.builds(File, st.sampled_from(["image", "document"]), st.sampled_from(["local_file", "remote_url"]), TEXT)


def values(leaves: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
        max_leaves=5,
    )


VALUES, FLOW_VALUES = values(SIMPLE), values(SIMPLE | FILES)
PROBLEMS: list[type[Problem]] = [
    kind
    for kind in vars(problems).values()
    if isinstance(kind, type) and issubclass(kind, Problem) and kind is not Problem
]
PLAIN: Mapping[type[Type], st.SearchStrategy[object]] = {
    inspect.StrType: TEXT,
    inspect.BytesType: st.binary(max_size=3),
    inspect.IntType: st.integers(),
    inspect.FloatType: st.floats(),
    inspect.BoolType: st.booleans(),
    inspect.NoneType: st.none(),
    inspect.DecimalType: DECIMALS,
}


def problem(kind: type[Problem], message: str) -> Problem:
    return kind(message)


def values_of(kind: Type, *, told: Told) -> st.SearchStrategy[object]:
    """Any value of a type, as msgspec describes it. `told`: so that it can be told on, without numbers that
    JSON does not know where a number is declared; as flows say it, with files among the values.
    """
    match kind:
        case inspect.LiteralType():
            found = st.sampled_from(sorted(kind.values, key=str))
        case inspect.UnionType():
            found = st.one_of([values_of(each, told=told) for each in kind.types])
        case inspect.DictType():
            found = st.dictionaries(TEXT, values_of(kind.value_type, told=told), max_size=3)
        case inspect.VarTupleType():
            found = st.lists(values_of(kind.item_type, told=told), max_size=3).map(tuple)
        case inspect.StructType():
            found = structs_of(kind.cls, told=told)
        case inspect.CustomType() if kind.cls is Problem:
            found = st.builds(problem, st.sampled_from(PROBLEMS), TEXT)
        case inspect.CustomType():
            found = FLOW_VALUES if told == "flow" else VALUES
        case inspect.FloatType() if told:
            found = st.floats(allow_nan=False, allow_infinity=False)
        case _:
            found = PLAIN[type(kind)]
    return found


@cache
def structs_of(kind: type[Struct], *, told: Told = "") -> st.SearchStrategy[object]:
    described = inspect.type_info(kind)
    assert isinstance(described, inspect.StructType)
    return st.builds(kind, **{field.name: values_of(field.type, told=told) for field in described.fields})
