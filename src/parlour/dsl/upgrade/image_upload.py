"""Up to DSL 0.1.2 an app took images or nothing, and `file_upload` held `image` alone (dsl.md 5).

Does not know what the limits mean. In the newer form the outer `enabled` decides, whatever `image.enabled` says.
"""

from parlour.dsl.yaml import Value

NEWER = ("enabled", "allowed_file_types", "allowed_file_extensions", "allowed_file_upload_methods", "number_limits")


def image_upload(document: dict[str, Value]) -> dict[str, Value]:
    """Of an easy app it stands in the `model_config`, of a graph in the features of its `workflow`."""
    config, workflow = document.get("model_config"), document.get("workflow")
    if isinstance(config, dict):
        document = {**document, "model_config": _newer(config)}
    features = workflow.get("features") if isinstance(workflow, dict) else None
    if isinstance(workflow, dict) and isinstance(features, dict):
        document = {**document, "workflow": {**workflow, "features": _newer(features)}}
    return document


def _newer(features: dict[str, Value]) -> dict[str, Value]:
    upload = features.get("file_upload")
    image = upload.get("image") if isinstance(upload, dict) else None
    if not isinstance(upload, dict) or not isinstance(image, dict):
        return features
    if any(upload.get(key) is not None for key in NEWER):
        return features
    newer: dict[str, Value] = {
        "enabled": image.get("enabled"),
        "allowed_file_types": ["image"],
        "allowed_file_extensions": [],
        "allowed_file_upload_methods": image.get("transfer_methods"),
        "number_limits": image.get("number_limits"),
    }
    return {**features, "file_upload": {**upload, **newer}}
