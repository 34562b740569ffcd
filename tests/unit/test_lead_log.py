"""Changes of leads and what the log says of them: both are there, or neither is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import IntegrityError

from tailrace.domain.lead_sync import parse_sync_request
from tailrace.store.lead_activities import CHANGE_DATA_VALUE, CHANGE_SCORE, NEW_LEAD, ChangeCause
from tailrace.store.lead_sync import sync_leads
from tests.support.application import SteppedApplication
from tests.support.stores import only_with_a_file
from tests.unit.store_home import START

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tailrace.domain.caller import Caller

BEFORE: dict[str, object] = {"email": "ada@example.com", "firstName": "Ada", "leadScore": 10}
AFTER: dict[str, object] = {"email": "ada@example.com", "firstName": "Eve", "leadScore": 11}


@pytest.fixture
def stepped(tmp_path: Path) -> Iterator[SteppedApplication]:
    stepped = SteppedApplication.open(tmp_path / "home")
    yield stepped
    stepped.close()


def sync(stepped: SteppedApplication, caller: Caller, record: dict[str, object]) -> None:
    application, owner = stepped.application, caller.subscription_id
    fields = application.subscriptions.lead_fields(owner)
    request = parse_sync_request({"input": [record]}, fields)
    cause = ChangeCause(at=START, source="Web service API")
    with application.database.write() as connection:
        sync_leads(connection, owner, fields, request, cause)


def state(stepped: SteppedApplication) -> tuple[list[tuple[object, ...]], list[int]]:
    """Leads as they are stored, and the types of what was told of them."""
    with stepped.application.database.read() as connection:
        leads = connection.exec_driver_sql("SELECT * FROM lead").all()
        types = connection.exec_driver_sql("SELECT activity_type_id FROM hot_activity").scalars()
        return [tuple(one) for one in leads], sorted(types)


@pytest.mark.parametrize("type_id", [CHANGE_DATA_VALUE, CHANGE_SCORE])
@only_with_a_file
def test_change_that_cannot_be_told__is_not_made(stepped: SteppedApplication, type_id: int) -> None:
    caller = stepped.new_subscription()
    sync(stepped, caller, BEFORE)
    before = state(stepped)
    refuse(stepped, type_id)
    with pytest.raises(IntegrityError):
        sync(stepped, caller, AFTER)
    assert state(stepped) == before


@only_with_a_file
def test_lead_that_cannot_be_told__is_not_created(stepped: SteppedApplication) -> None:
    caller = stepped.new_subscription()
    refuse(stepped, NEW_LEAD)
    with pytest.raises(IntegrityError):
        sync(stepped, caller, BEFORE)
    assert state(stepped) == ([], [])


def refuse(stepped: SteppedApplication, type_id: int) -> None:
    """Let the store take no activity of this type."""
    with stepped.application.database.write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER refuse BEFORE INSERT ON hot_activity"
            f" WHEN NEW.activity_type_id = {type_id} BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
