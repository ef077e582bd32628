"""Older shapes of a file to the newest one, step by step, by shape and never by version number (dsl.md 10).

Does not know what the parts mean, nor where they stand. A step gives a new mapping and leaves the old one as it was.
"""

from parlour.dsl.upgrade.heading import heading
from parlour.dsl.upgrade.image_upload import image_upload
from parlour.dsl.upgrade.provider_path import provider_path
from parlour.dsl.yaml import Value

STEPS = (heading, provider_path, image_upload)
"""Oldest first."""


def upgraded(document: dict[str, Value]) -> dict[str, Value]:
    for step in STEPS:
        document = step(document)
    return document
