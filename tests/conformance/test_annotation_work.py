"""What the ports of answers from annotations promise, on every store."""

from typing import Literal

import pytest
from msgspec import structs

from parlour.domain.annotation import Annotation, AnnotationUse, Question, ReplyJob, ReplySetting, ReplyStep, Standing
from parlour.domain.dataset import ModelName
from parlour.domain.vectors import packed
from parlour.ports.passages import ReplyTask
from parlour.wiring import Storage

pytestmark = pytest.mark.anyio
MODEL, OTHER = ModelName("langgenius/openai/openai", "small"), ModelName("openai", "large")
SETTING = ReplySetting(0.8, MODEL)
EAST, NORTH, BOTH = packed([1.0, 0.0]), packed([0.0, 1.0]), packed([0.7, 0.6])
WHY, WHEN = Question("1", "Why?"), Question("2", "When 漢字?")
FIRST = ReplyTask("app-1")


def job(number: int, action: Literal["enable", "disable"] = "enable", setting: ReplySetting = SETTING) -> ReplyJob:
    return ReplyJob(f"job-{number}", "app-1", action, setting, 1.0)


async def asked(stores: Storage, *questions: Question, app: str = "app-1") -> None:
    for one in questions:
        await stores.annotations.create(Annotation(one.id, app, one.text, f"Answer {one.id}", 5.0))


async def enabled(stores: Storage) -> None:
    """Two annotations that answer, without any work left."""
    await asked(stores, WHY, WHEN)
    ordered = await stores.replies.jobs.order(job(1))
    await stores.replies.work.write("app-1", MODEL, {WHY: EAST, WHEN: NORTH})
    assert await stores.replies.work.settle("app-1", ordered)


async def taken(stores: Storage, worker: str = "w", now: float = 10.0) -> object:
    return await stores.knowledge.indexing.take(worker, now, now + 10)


async def test_an_app_answers_once_all_its_annotations_can_be_found(stores: Storage) -> None:
    work, jobs = stores.replies.work, stores.replies.jobs
    await asked(stores, WHY, WHEN)
    await asked(stores, Question("3", "Elsewhere?"), app="app-2")
    assert await taken(stores) is None
    ordered = await jobs.order(job(1))
    assert (ordered, await jobs.find("app-1", "enable", "job-1")) == (job(1), job(1))
    assert await taken(stores) == FIRST
    going = structs.replace(ordered, status="processing")
    assert await work.step("app-1", 1) == ReplyStep(going, MODEL, (WHY,))
    assert await jobs.find("app-1", "enable", "job-1") == going
    await work.write("app-1", MODEL, {WHY: EAST})
    assert not await work.settle("app-1", going)
    assert (await jobs.all()).get("app-1", Standing()).setting is None
    assert await work.step("app-1", 9) == ReplyStep(going, MODEL, (WHEN,))
    await work.write("app-1", MODEL, {WHEN: NORTH})
    assert await work.step("app-1", 9) == ReplyStep(going, MODEL)
    assert await work.settle("app-1", going)
    assert await jobs.find("app-1", "enable", "job-1") == structs.replace(ordered, status="completed")
    assert (await jobs.all())["app-1"] == Standing(SETTING)
    assert await taken(stores) is None
    assert await jobs.find("app-2", "enable", "job-1") is None
    assert await jobs.find("app-1", "disable", "job-1") is None


async def test_the_nearest_is_found_by_its_model_and_within_its_app(stores: Storage) -> None:
    await enabled(stores)
    answers = stores.replies.answers
    found = await answers.nearest("app-1", MODEL, BOTH)
    assert found is not None
    assert (found.annotation.question, round(found.score, 2)) == ("Why?", 0.76)
    assert (await answers.nearest("app-1", MODEL, NORTH)) is not None
    for app, model, vector in (("app-2", MODEL, EAST), ("app-1", OTHER, EAST), ("app-1", MODEL, packed([1.0, 0, 0]))):
        assert await answers.nearest(app, model, vector) is None


async def test_what_changes_is_work_and_is_not_found_until_it_is_done(stores: Storage) -> None:
    await enabled(stores)
    answers, work = stores.replies.answers, stores.replies.work
    assert await stores.annotations.update("app-1", "1", "Why?", "Another answer.")
    found = await answers.nearest("app-1", MODEL, EAST)
    assert found is not None
    assert found.annotation.answer == "Another answer."
    assert await stores.annotations.update("app-1", "1", "Where?", "Here.")
    found = await answers.nearest("app-1", MODEL, EAST)
    assert found is not None
    assert found.annotation.id == "2"
    assert await taken(stores) == FIRST
    assert await work.step("app-1", 9) == ReplyStep(None, MODEL, (Question("1", "Where?"),))
    await work.write("app-1", MODEL, {WHY: EAST})
    assert not await work.settle("app-1", None), "what was embedded was another question"
    await work.write("app-1", MODEL, {Question("1", "Where?"): EAST})
    assert await work.settle("app-1", None)
    assert (await answers.nearest("app-1", MODEL, EAST)) == structs.replace(
        found, annotation=structs.replace(found.annotation, id="1", question="Where?", answer="Here."), score=1.0
    )
    assert await stores.annotations.delete("app-1", "1")
    found = await answers.nearest("app-1", MODEL, EAST)
    assert found is not None
    assert found.annotation.id == "2"
    assert await taken(stores) is None
    await asked(stores, Question("4", "New?"))
    assert await taken(stores) == FIRST


async def test_annotations_of_an_app_that_does_not_answer_are_no_work(stores: Storage) -> None:
    await enabled(stores)
    off = await stores.replies.jobs.order(job(2, "disable"))
    assert await taken(stores) == FIRST
    step = await stores.replies.work.step("app-1", 9)
    assert step.missing == ()
    assert await stores.replies.work.settle("app-1", off)
    assert (await stores.replies.jobs.all())["app-1"] == Standing()
    assert await stores.replies.answers.nearest("app-1", MODEL, EAST) is None
    await asked(stores, Question("5", "What?"))
    assert await taken(stores) is None


async def test_another_model_takes_the_place_of_the_first_at_once(stores: Storage) -> None:
    await enabled(stores)
    work, answers, other = stores.replies.work, stores.replies.answers, ReplySetting(0.5, OTHER)
    ordered = await stores.replies.jobs.order(job(2, setting=other))
    assert (await work.step("app-1", 9)).missing == (WHY, WHEN)
    await work.write("app-1", OTHER, {WHY: NORTH, WHEN: EAST})
    assert (await stores.replies.jobs.all())["app-1"] == Standing(SETTING)
    assert await answers.nearest("app-1", MODEL, EAST) is not None, "until it is settled, the first answers"
    assert await work.settle("app-1", ordered)
    assert (await stores.replies.jobs.all())["app-1"] == Standing(other)
    assert await answers.nearest("app-1", MODEL, EAST) is None
    found = await answers.nearest("app-1", OTHER, EAST)
    assert found is not None
    assert found.annotation.id == "2"


async def test_jobs_are_done_in_order_and_the_same_is_not_done_twice(stores: Storage) -> None:
    jobs, work = stores.replies.jobs, stores.replies.work
    first = await jobs.order(job(1))
    assert await jobs.order(job(2)) == first
    off = await jobs.order(job(3, "disable"))
    again = await jobs.order(job(4))
    assert [one.id for one in (off, again)] == ["job-3", "job-4"]
    for number in (1, 3):
        step = await work.step("app-1", 9)
        assert step.job is not None
        assert step.job.id == f"job-{number}"
        assert not await work.settle("app-1", step.job)
    step = await work.step("app-1", 9)
    assert await work.settle("app-1", step.job)
    assert (await jobs.all())["app-1"] == Standing(SETTING)
    assert (await jobs.order(job(5))).id == "job-5"


async def test_a_job_that_fails_changes_nothing_and_leaves_its_place(stores: Storage) -> None:
    await enabled(stores)
    jobs, work = stores.replies.jobs, stores.replies.work
    await jobs.order(job(2, setting=ReplySetting(0.5, OTHER)))
    assert await taken(stores) == FIRST
    step = await work.step("app-1", 9)
    await work.fail("app-1", step.job, "no such model", 99.0)
    failed = await jobs.find("app-1", "enable", "job-2")
    assert failed is not None
    assert (failed.status, failed.error) == ("error", "no such model")
    assert await taken(stores, "another") == FIRST, "what changed meanwhile may be left to do"
    assert await work.step("app-1", 9) == ReplyStep(None, MODEL)
    assert await work.settle("app-1", None)
    assert (await jobs.all())["app-1"] == Standing(SETTING)
    assert (await jobs.find("app-1", "enable", "job-2")) == failed


async def test_what_fails_without_a_job_is_tried_again_later(stores: Storage) -> None:
    await enabled(stores)
    await asked(stores, Question("3", "New?"))
    assert await taken(stores) == FIRST
    await stores.replies.work.fail("app-1", None, "down", 70.0)
    assert await taken(stores, now=69.0) is None
    assert await taken(stores, now=70.0) == FIRST
    await stores.replies.work.fail("app-1", None, "down", 170.0)
    await asked(stores, Question("4", "Newer?"))
    assert await taken(stores, now=71.0) == FIRST, "or when something changes"


async def test_work_is_held_as_that_of_documents_is(stores: Storage) -> None:
    await stores.replies.jobs.order(job(1))
    await stores.replies.jobs.order(structs.replace(job(2), app_id="app-2"))
    indexing = stores.knowledge.indexing
    assert await taken(stores, "one") == FIRST
    assert await taken(stores, "two") == ReplyTask("app-2")
    assert await taken(stores, "three", 19.0) is None
    assert await indexing.hold(FIRST, "one", 40.0)
    assert not await indexing.hold(FIRST, "two", 40.0)
    assert await taken(stores, "one", 11.0) == FIRST, "its own, again"
    assert await taken(stores, "three", 21.0) in {FIRST, ReplyTask("app-2")}


async def test_what_a_file_says_is_remembered_until_it_says_another_thing(stores: Storage) -> None:
    jobs, work = stores.replies.jobs, stores.replies.work
    await work.settle("app-1", await jobs.order(job(1), declares=True))
    assert (await jobs.all())["app-1"] == Standing(SETTING, SETTING)
    await work.settle("app-1", await jobs.order(job(2, "disable")))
    assert (await jobs.all())["app-1"] == Standing(None, SETTING)
    await work.settle("app-1", await jobs.order(job(3, "disable"), declares=True))
    assert (await jobs.all())["app-1"] == Standing()


async def test_each_answer_is_counted_and_kept(stores: Storage) -> None:
    await asked(stores, WHY)
    [known] = (await stores.annotations.page("app-1", "", 1, 9)).items
    answers = stores.replies.answers
    uses = [AnnotationUse(f"u{number}", known, f"why {number}?", 0.9, "m", "pat", 7.0) for number in range(3)]
    for use in uses:
        await answers.used(use)
    await answers.used(structs.replace(uses[0], annotation=structs.replace(known, app_id="app-2")))
    assert (await stores.annotations.page("app-1", "", 1, 9)).items[0].hit_count == 3
    page = await answers.uses("app-1", "1", 1, 2)
    assert page is not None
    assert (page.items, page.total) == ((uses[2], uses[1]), 3)
    page = await answers.uses("app-1", "1", 2, 2)
    assert page is not None
    assert (page.items, page.total) == ((uses[0],), 3)
    assert await answers.uses("app-2", "1", 1, 2) is None
    assert await stores.annotations.delete("app-1", "1")
    assert await answers.uses("app-1", "1", 1, 2) is None
