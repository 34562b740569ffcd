"""A job of somebody else is as unknown as one that never was: the store is asked the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from tailrace.domain.errors import ExportFileNotFoundError, ObjectNotFoundError
from tailrace.domain.export_job import ObjectFamily
from tests.support.application import SteppedApplication

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tailrace.domain.caller import Caller

LEADS, ACTIVITIES = ObjectFamily.LEADS, ObjectFamily.ACTIVITIES
UNKNOWN = "00000000-0000-4000-8000-000000000000"
BODY = {
    "fields": ["id"],
    "filter": {
        "createdAt": {"startAt": "2026-01-01T00:00:00Z", "endAt": "2026-01-02T00:00:00Z"},
    },
}


@pytest.fixture
def stepped(tmp_path: Path) -> Iterator[SteppedApplication]:
    stepped = SteppedApplication.open(tmp_path / "home")
    yield stepped
    stepped.close()


def statements(act: Callable[[], object]) -> tuple[list[str], str]:
    """What it asks the store, without values, and the error that it ends with."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with pytest.raises((ObjectNotFoundError, ExportFileNotFoundError)) as raised:
            act()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return asked, repr(raised.value)


@pytest.mark.parametrize("call", ["status", "enqueue", "cancel", "result_file"])
@pytest.mark.parametrize("whose", ["another family", "another user", "another subscription"])
def test_job_of_somebody_else__is_looked_for_as_one_that_never_was(
    stepped: SteppedApplication, call: str, whose: str
) -> None:
    jobs = stepped.application.jobs
    owner = stepped.new_subscription()
    done = stepped.export(owner, LEADS, BODY).job.export_id
    caller, family = somebody_else(stepped, owner, whose)
    ask = getattr(jobs, call)
    # What is remembered of the caller's subscription is so from here on.
    statements(lambda: ask(caller, family, "00000000-0000-4000-8000-000000000001"))
    foreign = statements(lambda: ask(caller, family, done))
    unknown = statements(lambda: ask(caller, family, UNKNOWN))
    assert foreign == unknown
    assert any("export_job" in statement for statement in foreign[0])


def somebody_else(
    stepped: SteppedApplication, owner: Caller, whose: str
) -> tuple[Caller, ObjectFamily]:
    if whose == "another family":
        return owner, ACTIVITIES
    if whose == "another subscription":
        return stepped.new_subscription(), LEADS
    user_id = stepped.application.api_users.create(owner.subscription_id, "another@example.com")
    return replace(owner, api_user_id=user_id), LEADS
