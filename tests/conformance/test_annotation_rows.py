"""What the port `Annotations` promises, on every store."""

import pytest
from msgspec import structs

from parlour.domain.annotation import Annotation
from parlour.wiring import Storage

pytestmark = pytest.mark.anyio
WHY = Annotation("1", "app-1", "Why “naïve” 漢字 🙂?", "Because \\ \n it is.", 5.5, hit_count=3)


async def test_an_annotation_reads_back_as_it_was_written(stores: Storage) -> None:
    await stores.annotations.create(WHY)
    page = await stores.annotations.page("app-1", "", 1, 20)
    assert (page.items, page.total) == ((WHY,), 1)


async def test_a_change_keeps_what_it_does_not_touch(stores: Storage) -> None:
    await stores.annotations.create(WHY)
    changed = structs.replace(WHY, question="When?", answer="Now.")
    assert await stores.annotations.update("app-1", "1", "When?", "Now.") == changed
    assert (await stores.annotations.page("app-1", "when", 1, 20)).items == (changed,)
    assert (await stores.annotations.page("app-1", "why", 1, 20)).items == ()


async def test_nobody_sees_or_touches_another_apps(stores: Storage) -> None:
    await stores.annotations.create(WHY)
    for app, annotation in (("app-2", "1"), ("", "1"), ("app-1", "2")):
        assert await stores.annotations.update(app, annotation, "q", "a") is None
        assert not await stores.annotations.delete(app, annotation)
    elsewhere = await stores.annotations.page("app-2", "", 1, 20)
    assert (elsewhere.items, elsewhere.total) == ((), 0)
    assert (await stores.annotations.page("app-1", "", 1, 20)).items == (WHY,)


async def test_a_deleted_one_is_gone(stores: Storage) -> None:
    await stores.annotations.create(WHY)
    assert await stores.annotations.delete("app-1", "1")
    assert not await stores.annotations.delete("app-1", "1")
    assert (await stores.annotations.page("app-1", "", 1, 20)).total == 0


async def test_pages_begin_with_the_newest_and_count_all(stores: Storage) -> None:
    for number, at in enumerate([5.0, 7.0, 7.0, 6.0]):
        await stores.annotations.create(Annotation(f"{number}", "app-1", "q", "a", at))
    for number, ids in ((1, ["2", "1", "3"]), (2, ["0"]), (3, []), (999_999_999, [])):
        page = await stores.annotations.page("app-1", "", number, 3)
        assert ([one.id for one in page.items], page.total) == (ids, 4)


@pytest.mark.parametrize(
    ("keyword", "found"),
    [("WHY", 1), ("because", 1), ("NAÏVE", 1), ("漢", 1), ("🙂?b", 0), ("%", 0), ("_", 0), ("\\", 1), ("'", 0)],
)
async def test_a_keyword_is_plain_text_in_question_or_answer(stores: Storage, keyword: str, found: int) -> None:
    await stores.annotations.create(WHY)
    page = await stores.annotations.page("app-1", keyword, 1, 20)
    assert (len(page.items), page.total) == (found, found)
