"""Up to DSL 0.1.2 an app took images or nothing, and `file_upload` held `image` alone (dsl.md 5).

Does not know what the limits mean. In the newer form the outer `enabled` decides, whatever `image.enabled` says.
"""

from parlour.dsl.yaml import Value

NEWER = ("enabled", "allowed_file_types", "allowed_file_extensions", "allowed_file_upload_methods", "number_limits")


def image_upload(document: dict[str, Value]) -> dict[str, Value]:
    config = document.get("model_config")
    upload = config.get("file_upload") if isinstance(config, dict) else None
    image = upload.get("image") if isinstance(upload, dict) else None
    if not isinstance(config, dict) or not isinstance(upload, dict) or not isinstance(image, dict):
        return document
    if any(upload.get(key) is not None for key in NEWER):
        return document
    newer: dict[str, Value] = {
        "enabled": image.get("enabled"),
        "allowed_file_types": ["image"],
        "allowed_file_extensions": [],
        "allowed_file_upload_methods": image.get("transfer_methods"),
        "number_limits": image.get("number_limits"),
    }
    changed: dict[str, Value] = {**config, "file_upload": {**upload, **newer}}
    return {**document, "model_config": changed}
