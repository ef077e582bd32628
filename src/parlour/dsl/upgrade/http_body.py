"""The body of an http-request was one text, and is a list of items (dsl.md 6.10, 10.5).

Does not know how a request is sent. Of a form's text each line is a field, `key: value`.
"""

from parlour.dsl.upgrade.nodes import Data, each_node
from parlour.dsl.yaml import Value

FORMS = ("form-data", "x-www-form-urlencoded")


def http_body(document: Data) -> Data:
    return each_node(document, _newer, "http-request")


def _newer(data: Data) -> Data:
    blank: Data = {key: "" for key in ("params", "headers") if key in data and data[key] is None}
    body = data.get("body")
    if body is None:
        return {**data, **blank, "body": {"type": "none", "data": []}}
    if isinstance(body, dict) and not isinstance(body.get("data"), list):
        blank["body"] = {**body, "data": _items(body.get("data"), body.get("type"))}
    return {**data, **blank}


def _items(written: Value, kind: Value) -> list[Value]:
    if not isinstance(written, str) or not written:
        return []
    if kind not in FORMS:
        return [_item("", written)]
    lines = (line.partition(":") for line in written.splitlines() if line.strip())
    return [_item(key.strip(), value.strip()) for key, _, value in lines]


def _item(key: str, value: str) -> Value:
    return {"type": "text", "key": key, "value": value}
