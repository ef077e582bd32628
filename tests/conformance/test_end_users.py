"""What the port `People` promises, on every store."""

import pytest

from parlour.domain.message import Owner
from parlour.domain.people import EndUser, end_user_id
from tests.conformance.samples import ANN, STRANGERS, Storage

pytestmark = pytest.mark.anyio


async def test_whoever_was_seen_can_be_found_in_the_own_app_only(stores: Storage) -> None:
    ann = EndUser(ANN, 5.5)
    await stores.people.seen([ann])
    assert await stores.people.get("app-1", ann.id) == ann
    assert await stores.people.get("app-2", ann.id) is None
    assert await stores.people.get("app-1", "unknown") is None


async def test_who_comes_again_stays_as_it_was(stores: Storage) -> None:
    await stores.people.seen([EndUser(ANN, 5.5)])
    await stores.people.seen([EndUser(ANN, 9.0), EndUser(Owner("app-1", "bob"), 9.0), EndUser(ANN, 10.0)])
    assert await stores.people.get("app-1", end_user_id(ANN)) == EndUser(ANN, 5.5)
    assert await stores.people.get("app-1", end_user_id(Owner("app-1", "bob"))) == EndUser(Owner("app-1", "bob"), 9.0)


async def test_any_number_may_come_at_once(stores: Storage) -> None:
    people = [EndUser(Owner("app-1", f"Üser {number} 🙂"), float(number)) for number in range(150)]
    await stores.people.seen(people)
    await stores.people.seen([])
    assert [await stores.people.get("app-1", one.id) for one in people] == people


def test_an_id_is_the_same_each_time_and_differs_by_app_and_user() -> None:
    assert end_user_id(ANN) == "87f12755-107b-52c1-a194-44538785a856"
    assert len({end_user_id(owner) for owner in (ANN, *STRANGERS)}) == 1 + len(STRANGERS)
