"""What the ports `Keys` and `Versions` promise, on every store."""

import pytest
from msgspec import structs

from parlour.ports.catalogue import Key, Version
from parlour.wiring import Storage

pytestmark = pytest.mark.anyio

KEY = Key(hash="aa", kind="app", app="support", hint="app-…x7Qp", created_at=1767000000.1234567)
DATASETS = Key(hash="bb", kind="knowledge", app="", hint="dataset-…9", created_at=1.0)
FIRST = Version(id="v1", app="support", source="name: Grüße 🙂\n", created_at=5.0)
SECOND = Version(id="v2", app="support", source="name: two\n", created_at=6.0)


async def test_a_key_reads_back_in_every_member(stores: Storage) -> None:
    await stores.keys.add(KEY)
    assert await stores.keys.find("aa") == KEY
    assert await stores.keys.find("AA") is None
    assert await stores.keys.find("") is None


async def test_keys_are_listed_oldest_first(stores: Storage) -> None:
    twin = structs.replace(KEY, hash="a0")
    for key in (KEY, DATASETS, twin):
        await stores.keys.add(key)
    assert await stores.keys.all() == (DATASETS, KEY, twin)


async def test_a_key_added_again_replaces_itself(stores: Storage) -> None:
    await stores.keys.add(KEY)
    other = structs.replace(KEY, app="sales", created_at=9.0)
    await stores.keys.add(other)
    assert await stores.keys.all() == (other,)


async def test_a_revoked_key_is_gone_and_no_other(stores: Storage) -> None:
    await stores.keys.add(KEY)
    await stores.keys.add(DATASETS)
    assert await stores.keys.revoke("aa")
    assert not await stores.keys.revoke("aa")
    assert await stores.keys.find("aa") is None
    assert await stores.keys.all() == (DATASETS,)


async def test_a_version_reads_back_in_every_member_for_its_app_only(stores: Storage) -> None:
    draft = structs.replace(SECOND, draft=True)
    await stores.versions.publish(FIRST)
    await stores.versions.publish(draft)
    assert await stores.versions.get("support", "v1") == FIRST
    assert await stores.versions.get("support", "v2") == draft
    assert await stores.versions.get("support", "v3") is None
    assert await stores.versions.get("sales", "v1") is None
    assert await stores.versions.history("sales") == ()


async def test_the_latest_are_the_last_published_of_each_app_by_name(stores: Storage) -> None:
    assert await stores.versions.latest() == ()
    sales = structs.replace(FIRST, app="sales", created_at=9.0)  # the same content in another app
    for version in (SECOND, FIRST, sales):
        await stores.versions.publish(version)
    assert await stores.versions.latest() == (sales, FIRST), "by order of publishing, whatever the clock said"
    assert await stores.versions.history("support") == (FIRST, SECOND)


async def test_content_published_again_becomes_the_newest(stores: Storage) -> None:
    again = structs.replace(FIRST, created_at=7.0)
    for version in (FIRST, SECOND, again):
        await stores.versions.publish(version)
    assert await stores.versions.latest() == (again,)
    assert await stores.versions.history("support") == (again, SECOND)


async def test_a_draft_is_never_the_latest(stores: Storage) -> None:
    draft = structs.replace(SECOND, draft=True)
    await stores.versions.publish(draft)
    assert await stores.versions.latest() == ()
    await stores.versions.publish(FIRST)
    await stores.versions.publish(draft)
    assert await stores.versions.latest() == (FIRST,)
    assert await stores.versions.history("support") == (draft, FIRST)
    await stores.versions.publish(SECOND)
    assert await stores.versions.latest() == (SECOND,), "a draft can be published"


async def test_a_draft_of_published_content_does_not_take_it_back(stores: Storage) -> None:
    await stores.versions.publish(FIRST)
    await stores.versions.publish(SECOND)
    await stores.versions.publish(structs.replace(FIRST, draft=True))
    assert await stores.versions.latest() == (SECOND,)
    assert await stores.versions.get("support", "v1") == FIRST
