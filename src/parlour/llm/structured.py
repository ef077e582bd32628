"""An answer that has to be an object of a certain shape, read out of what a model says. Knows no provider.

Models write fences around JSON, trailing commas and half of it: what can be mended is mended (dsl.md 6.4). The library
for schemas takes 5 MB: it is loaded with the first answer that has one.
"""

from typing import NoReturn, cast

from parlour.llm.mending import read
from parlour.llm.thoughts import without_thoughts

Object = dict[str, object]


class NotInShape(ValueError):
    """The answer is not what it has to be; the message says in what."""


def shaped(text: str, schema: Object) -> Object:
    """The object that the answer is; of a list, the first object in it. A large one takes its time.

    Raises:
        NotInShape: there is none, or it breaks its schema.
    """
    found = first_object(read(without_thoughts(text)))
    if found is None:
        raise NotInShape("the model's answer holds no JSON object")
    import jsonschema_rs

    try:
        jsonschema_rs.validator_for(schema, retriever=refuse).validate(found)
    except jsonschema_rs.ValidationError as error:
        if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Referencing):
            raise NotInShape(f"the schema cannot be used: {error.message}") from None
        where = ".".join(map(str, error.instance_path))
        raise NotInShape(f"the model's answer breaks its schema{where and ' at ' + where}: {error.message}") from None
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise NotInShape(f"the schema cannot be used: {error}") from None
    return found


def first_object(value: object) -> Object | None:
    if isinstance(value, list):
        return next((found for item in cast("list[object]", value) if (found := first_object(item)) is not None), None)
    return cast("Object", value) if isinstance(value, dict) else None


def refuse(address: str) -> NoReturn:
    """A schema is what its app's author wrote, whole: nothing is fetched for it."""
    raise ValueError(f"{address} is elsewhere")
