"""Files of a message: every row of contract 2.4 that the request alone decides."""

import pytest

from parlour.domain.files import FileRef, FileRules
from parlour.domain.problems import InvalidParam
from parlour.wire.files import parse

ID = "0b7e1c1e-1111-4222-8333-abcdefabcdef"
URL = "https://example.org/a.png"
ANY = FileRules(enabled=True)
IMAGES = FileRules(enabled=True, types=("image",), methods=("local_file",))
BY_URL: dict[str, object] = {"type": "image", "transfer_method": "remote_url", "url": URL}
BY_ID: dict[str, object] = {"type": "image", "transfer_method": "local_file", "upload_file_id": ID}


@pytest.mark.parametrize("value", [None, []])
def test_no_files_are_fine(value: object) -> None:
    assert parse(value, ANY) == ()


def test_both_ways_of_sending_a_file_are_read_in_order() -> None:
    assert parse([BY_URL, BY_ID | {"id": "ignored"}], ANY) == (
        FileRef("image", "remote_url", url=URL),
        FileRef("image", "local_file", upload_file_id=ID),
    )


def test_the_address_may_be_called_remote_url_and_an_id_is_normalised() -> None:
    other: dict[str, object] = {"type": "document", "transfer_method": "remote_url", "remote_url": URL}
    assert parse([other], ANY) == (FileRef("document", "remote_url", url=URL),)
    assert parse([BY_ID | {"upload_file_id": ID.upper()}], ANY)[0].upload_file_id == ID


def test_an_upload_id_beside_an_address_is_kept() -> None:
    assert parse([BY_URL | {"upload_file_id": ID}], ANY) == (FileRef("image", "remote_url", URL, ID),)


@pytest.mark.parametrize(
    "placeholder",
    [
        {},
        {"type": "image"},
        {"type": "image", "transfer_method": None},
        {"type": "image", "transfer_method": "", "url": URL},
        {"type": "image", "transfer_method": "remote_url"},
        {"type": "image", "transfer_method": "remote_url", "url": ""},
        {"type": "nonsense", "transfer_method": "remote_url", "url": None, "upload_file_id": ""},
    ],
)
def test_placeholders_are_passed_over_and_not_counted(placeholder: dict[str, object]) -> None:
    assert parse([placeholder, BY_ID, placeholder], FileRules(enabled=True, limit=1)) == parse([BY_ID], ANY)


@pytest.mark.parametrize("value", [[{"type": "nonsense"}], ["x"], [BY_URL] * 50, [BY_URL | {"url": "ftp://x"}]])
def test_an_app_that_takes_no_files_ignores_them_all(value: object) -> None:
    assert parse(value, FileRules()) == ()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("x", "array"),
        ({"0": BY_URL}, "array"),
        (7, "array"),
        (["x"], "must be an object"),
        ([None], "must be an object"),
        ([BY_URL | {"type": "picture"}], "type must be one of image"),
        ([BY_URL | {"type": None}], "type must be one of"),
        ([BY_URL | {"type": ["image"]}], "type must be one of"),
        ([BY_URL | {"transfer_method": "tool_file"}], "transfer_method must be one of remote_url"),
        ([BY_URL | {"transfer_method": {"a": 1}}], "transfer_method must be one of"),
        ([BY_ID | {"upload_file_id": None}], "invalid upload file id: "),
        ([BY_ID | {"upload_file_id": ""}], "invalid upload file id: "),
        ([BY_ID | {"upload_file_id": "abc"}], "invalid upload file id format"),
        ([BY_ID | {"upload_file_id": 7}], "invalid upload file id format"),
        ([BY_URL | {"upload_file_id": "abc"}], "invalid upload file id format"),
        ([BY_URL | {"url": "ftp://example.org/a"}], "http"),
        ([BY_URL | {"url": "file:///etc/passwd"}], "http"),
        ([BY_URL | {"url": "data:image/png;base64,AAAA"}], "http"),
        ([BY_URL | {"url": "http://"}], "http"),
        ([BY_URL | {"url": "https://[::1"}], "http"),
        ([BY_URL | {"url": ["https://example.org"]}], "http"),
        ([BY_URL] * 4, "limit is 3"),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_a_file_of_the_wrong_shape_is_refused(value: object, words: str) -> None:
    with pytest.raises(InvalidParam, match=words) as caught:
        parse(value, ANY)
    assert caught.value.params == "files"


def test_what_the_app_does_not_allow_is_refused_by_the_name_of_the_file() -> None:
    with pytest.raises(InvalidParam, match=f"validation failed for {ID}: the type audio"):
        parse([BY_ID | {"type": "audio"}], IMAGES)
    with pytest.raises(InvalidParam, match=f"validation failed for {URL}: the transfer method remote_url"):
        parse([BY_URL], IMAGES)


def test_custom_files_pass_where_extensions_are_listed() -> None:
    custom = BY_ID | {"type": "custom"}
    with pytest.raises(InvalidParam):
        parse([custom], IMAGES)
    for rules in (
        FileRules(enabled=True, types=("image",), extensions=(".py",)),
        FileRules(enabled=True, types=("custom",)),
        ANY,
    ):
        assert parse([custom], rules)[0].type == "custom"


def test_another_limit_may_stand_in_the_place_of_the_rules_own() -> None:
    assert len(parse([BY_ID] * 9, ANY, limit=0)) == 9
    with pytest.raises(InvalidParam, match="limit is 5"):
        parse([BY_ID] * 9, ANY, limit=5, field="pictures")
