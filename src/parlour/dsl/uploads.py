"""What files an app or a field takes. Does not know how files are checked (dsl.md 3.4, 5)."""

from typing import get_args

from parlour.domain.files import FileRules, FileType, TransferMethod
from parlour.dsl.part import Part

TYPES: tuple[FileType, ...] = get_args(FileType)
METHODS: tuple[TransferMethod, ...] = get_args(TransferMethod)
ELSEWHERE = {"tool_file", "datasource_file"}
"""Ways of files that no caller sends."""
LIMIT = 3
"""How many files Dify takes where the file does not say."""


def app_rules(upload: Part, *, graph: bool = False) -> FileRules:
    """Of the messages of an app, from `file_upload` in its newer form. A graph does with files what it likes."""
    image = upload.part("image")
    types = _types(upload)
    methods = _methods(upload, "allowed_file_upload_methods")
    of_images = _methods(image, "transfer_methods")
    limit = upload.whole("number_limits")
    rules = FileRules(
        enabled=upload.flag("enabled"),
        types=types,
        extensions=_extensions(upload),
        # images obey their own list; there is but one here, so theirs is taken where nothing but images is
        methods=(of_images or methods or METHODS) if set(types) <= {"image"} else (methods or of_images or METHODS),
        limit=limit if limit > 0 else LIMIT,
        image_detail="low" if image.text("detail") == "low" else "high",
    )
    if rules.enabled and set(types) - {"image"} and not graph:
        upload.approximated(
            "file_upload", "of the files that are sent, the model is shown the images and the plain texts"
        )
    elif rules.enabled:
        upload.supported("file_upload")
    return rules


def field_rules(field: Part, *, many: bool) -> FileRules:
    """Of one variable of a form; `max_length` is how many files a list takes."""
    return FileRules(
        enabled=True,
        types=_types(field),
        extensions=_extensions(field),
        methods=_methods(field, "allowed_file_upload_methods") or METHODS,
        limit=max(field.whole("max_length"), 0) if many else 1,
    )


def _types(part: Part) -> tuple[FileType, ...]:
    written = part.texts("allowed_file_types")
    if unknown := sorted(set(written).difference(TYPES)):
        part.approximated(f"file types {', '.join(unknown)}", "are not known, and not taken", "allowed_file_types")
    return tuple(kind for kind in TYPES if kind in written)


def _methods(part: Part, key: str) -> tuple[TransferMethod, ...]:
    written = part.texts(key)
    if unknown := sorted(set(written).difference(METHODS, ELSEWHERE)):
        part.approximated(f"transfer methods {', '.join(unknown)}", "are not known, and not taken", key)
    return tuple(method for method in METHODS if method in written)


def _extensions(part: Part) -> tuple[str, ...]:
    written = (extension.strip().lower() for extension in part.texts("allowed_file_extensions"))
    return tuple(f".{extension.removeprefix('.')}" for extension in written if extension)
