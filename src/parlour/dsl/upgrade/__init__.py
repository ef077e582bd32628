"""Older shapes of a file to the newest one, step by step, by shape and never by version number (dsl.md 10).

Does not know what the parts mean, nor where they stand. A step gives a new mapping and leaves the old one as it was;
lists keep their order, which tells the lines. What is only absent is no older shape: who reads it knows its default.
"""

from parlour.dsl.upgrade.aggregator_name import aggregator_name
from parlour.dsl.upgrade.assigner_version import assigner_version
from parlour.dsl.upgrade.cases import cases
from parlour.dsl.upgrade.container_start import container_start
from parlour.dsl.upgrade.extractor import extractor
from parlour.dsl.upgrade.heading import heading
from parlour.dsl.upgrade.http_body import http_body
from parlour.dsl.upgrade.image_upload import image_upload
from parlour.dsl.upgrade.letter_case import letter_case
from parlour.dsl.upgrade.model_nodes import model_nodes
from parlour.dsl.upgrade.node_version import node_version
from parlour.dsl.upgrade.provider_path import provider_path
from parlour.dsl.upgrade.source_handle import source_handle
from parlour.dsl.upgrade.tool_values import tool_values
from parlour.dsl.yaml import Value

STEPS = (
    heading,
    provider_path,
    image_upload,
    aggregator_name,
    container_start,
    cases,
    http_body,
    source_handle,
    node_version,
    assigner_version,
    model_nodes,
    extractor,
    letter_case,
    tool_values,
)
"""Oldest first."""


def upgraded(document: dict[str, Value]) -> dict[str, Value]:
    for step in STEPS:
        document = step(document)
    return document
