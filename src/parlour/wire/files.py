"""Files that a request names: mappings to references (contract 2.4).

Decides only what the request alone can tell. Does not know which uploads exist, whose they are, nor what stands
behind an address.
"""

from collections.abc import Mapping
from typing import TypeVar, cast, get_args
from urllib.parse import urlsplit

from parlour.domain.files import FileRef, FileRules, FileType, TransferMethod
from parlour.domain.problems import InvalidParam
from parlour.wire.body import identifier

TYPES: Mapping[str, FileType] = {word: word for word in get_args(FileType)}
METHODS: Mapping[str, TransferMethod] = {word: word for word in get_args(TransferMethod)}


Word = TypeVar("Word")


def array(value: object, field: str = "files") -> list[object]:
    """The array of files as it came; null is an empty one."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidParam(f"{field}: must be an array of files.", params=field)
    return cast("list[object]", value)


def parse(value: object, rules: FileRules, *, field: str = "files", limit: int | None = None) -> tuple[FileRef, ...]:
    """The files of an array, without its placeholders; none where the app takes no files.

    `limit` stands in the place of the rules' own; 0 is no limit.

    Raises:
        InvalidParam: a file that the rules or the shape forbid, or too many of them.
    """
    entries = array(value, field)
    if not rules.enabled:
        return ()  # silently: clients send files to apps that have the feature off (contract 0.13)
    mappings = [_mapping(entry, field) for entry in entries]
    refs = tuple(reference(mapping, rules, field=field) for mapping in mappings if not is_placeholder(mapping))
    most = rules.limit if limit is None else limit
    if most and len(refs) > most:
        raise InvalidParam(f"{field}: too many files, the limit is {most}.", params=field)
    return refs


def is_placeholder(mapping: Mapping[str, object]) -> bool:
    """Whether it names no file at all: clients send such entries for fields that nobody filled in."""
    method = mapping.get("transfer_method")
    return not method or (method == "remote_url" and not _address(mapping))


def reference(mapping: Mapping[str, object], rules: FileRules, *, field: str = "files") -> FileRef:
    """The file that one mapping names.

    Raises:
        InvalidParam: the rules or the shape forbid it.
    """
    method = _one_of(mapping, "transfer_method", METHODS, field)
    file_type = _one_of(mapping, "type", TYPES, field)
    upload = _upload_id(mapping, field, required=method == "local_file")
    url = _url(mapping, field) if method == "remote_url" else ""
    name = (url or upload)[:200]
    if not _takes_type(rules, file_type):
        raise InvalidParam(
            f"{field}: file validation failed for {name}: the type {file_type} is not allowed here.", params=field
        )
    if rules.methods and method not in rules.methods:
        raise InvalidParam(
            f"{field}: file validation failed for {name}: the transfer method {method} is not allowed here.",
            params=field,
        )
    return FileRef(type=file_type, transfer_method=method, url=url, upload_file_id=upload)


def _mapping(entry: object, field: str) -> dict[str, object]:
    if not isinstance(entry, dict):
        raise InvalidParam(f"{field}: each file must be an object with type and transfer_method.", params=field)
    return cast("dict[str, object]", entry)


def _one_of(mapping: Mapping[str, object], name: str, words: Mapping[str, Word], field: str) -> Word:
    value = mapping.get(name)
    if isinstance(value, str) and value in words:
        return words[value]
    raise InvalidParam(f"{field}: {name} must be one of {', '.join(words)}.", params=field)


def _takes_type(rules: FileRules, file_type: FileType) -> bool:
    """Files of type `custom` go by their extension, which a look-up tells; what has a list of them may take one."""
    if not rules.types or file_type in rules.types:
        return True
    return file_type == "custom" and bool(rules.extensions)


def _upload_id(mapping: Mapping[str, object], field: str, *, required: bool) -> str:
    """With a `remote_url` it says that the file was fetched before (contract 2.4)."""
    value = mapping.get("upload_file_id")
    if not value:
        if required:
            raise InvalidParam(f"{field}: invalid upload file id: upload_file_id is missing.", params=field)
        return ""
    found = identifier(value) if isinstance(value, str) else None
    if found is None:
        raise InvalidParam(f"{field}: invalid upload file id format: upload_file_id must be a UUID.", params=field)
    return found


def _address(mapping: Mapping[str, object]) -> object:
    return mapping.get("url") or mapping.get("remote_url")


def _url(mapping: Mapping[str, object], field: str) -> str:
    value = _address(mapping)
    if isinstance(value, str):
        try:
            parts = urlsplit(value.strip())
        except ValueError:
            parts = urlsplit("")
        if parts.scheme in {"http", "https"} and parts.netloc:
            return value.strip()
    raise InvalidParam(f"{field}: invalid file url: it must begin with http:// or https://.", params=field)
