"""Claims of bulk lead imports: whoever lost an import changes nothing, not even its last rows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tailrace.domain.errors import ImportQueueFullError
from tailrace.domain.file_format import FileFormat
from tailrace.domain.lead_import import (
    MAXIMUM_RUNNING,
    MAXIMUM_UNFINISHED,
    ImportCounts,
    ImportState,
)
from tailrace.imports.upload import Upload
from tailrace.store import lead_imports as store
from tests.support.application import SteppedApplication
from tests.support.stores import only_with_a_file
from tests.unit.store_home import START

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from tailrace.domain.lead_import import LeadImport

CONTENT = b"email\nada@example.com\n"
LEASE = timedelta(minutes=1)
LATER = START + 2 * LEASE

#: What the holder of a claim does with it.
MOVES: dict[str, Callable[[Connection, LeadImport], bool]] = {
    "advance": lambda connection, held: store.advance(
        connection, held, ImportCounts(1, 1, 0), [], LATER + LEASE
    ),
    "complete": lambda connection, held: store.complete(connection, held, LATER),
    "fail": lambda connection, held: store.fail(connection, held, "reason", LATER),
    "release": lambda connection, held: store.release(connection, held, LATER, is_attempt=True),
}


@pytest.fixture
def stepped(tmp_path: Path) -> Iterator[SteppedApplication]:
    stepped = SteppedApplication.open(tmp_path / "home")
    yield stepped
    stepped.close()


@pytest.fixture
def queued(stepped: SteppedApplication) -> LeadImport:
    caller = stepped.new_subscription()
    upload = Upload(CONTENT, FileFormat.CSV, "email", None)
    return stepped.application.lead_imports.submit(caller, upload)


def found(connection: Connection, known: LeadImport) -> LeadImport | None:
    return store.find_import(connection, known.subscription_id, known.id)


@pytest.mark.parametrize("move", MOVES.values(), ids=list(MOVES))
def test_import_that_was_taken_over__is_not_moved_by_whoever_had_it(
    stepped: SteppedApplication,
    queued: LeadImport,
    move: Callable[[Connection, LeadImport], bool],
) -> None:
    with stepped.application.database.write() as connection:
        lost = store.claim(connection, queued, START, START + LEASE)
        assert lost is not None
        abandoned = store.claimable(connection, LATER)
        assert abandoned is not None
        taken = store.claim(connection, abandoned, LATER, LATER + LEASE)
        assert taken is not None
        assert not move(connection, lost)
        assert found(connection, queued) == taken
        assert move(connection, taken)


def test_import__is_claimed_once(stepped: SteppedApplication, queued: LeadImport) -> None:
    with stepped.application.database.write() as connection:
        claimed = store.claim(connection, queued, START, START + LEASE)
        assert store.claim(connection, queued, START, START + LEASE) is None
        assert store.claimable(connection, START) is None
        assert found(connection, queued) == claimed


@pytest.mark.parametrize("move", MOVES.values(), ids=list(MOVES))
def test_import_that_has_ended__stays_as_it_is(
    stepped: SteppedApplication,
    queued: LeadImport,
    move: Callable[[Connection, LeadImport], bool],
) -> None:
    with stepped.application.database.write() as connection:
        claimed = store.claim(connection, queued, START, START + LEASE)
        assert claimed is not None
        assert store.complete(connection, claimed, START)
        ended = found(connection, queued)
        assert not move(connection, claimed)
        assert found(connection, queued) == ended


def test_queue_and_slots__are_each_subscriptions_own(stepped: SteppedApplication) -> None:
    one, other = stepped.new_subscription(), stepped.new_subscription()
    submit = stepped.application.lead_imports.submit
    upload = Upload(CONTENT, FileFormat.CSV, "email", None)
    for _ in range(MAXIMUM_UNFINISHED):
        submit(one, upload)
    with pytest.raises(ImportQueueFullError):
        submit(one, upload)
    others = submit(other, upload)
    with stepped.application.database.write() as connection:
        owners: list[int] = []
        while (waiting := store.claimable(connection, START)) is not None:
            assert store.claim(connection, waiting, START, LATER) is not None
            owners.append(waiting.subscription_id)
    assert sorted(owners) == [one.subscription_id] * MAXIMUM_RUNNING + [others.subscription_id]


@only_with_a_file
def test_rows_of_a_runner_that_lost_its_import__are_not_imported(
    stepped: SteppedApplication, queued: LeadImport
) -> None:
    application = stepped.application
    with application.database.write() as connection:
        # As soon as the runner has claimed it, somebody else takes it over.
        connection.exec_driver_sql(
            "CREATE TRIGGER take_over AFTER UPDATE OF fence ON lead_import WHEN NEW.fence = 1"
            " BEGIN UPDATE lead_import SET fence = 2, lease_expires_at = 4000000000000000; END"
        )
    assert application.import_runner.run_pending() == 1
    with application.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM lead").scalar_one() == 0
        assert connection.exec_driver_sql("SELECT count(*) FROM hot_activity").scalar_one() == 0
        taken = found(connection, queued)
    assert taken is not None
    assert (taken.state, taken.fence, taken.counts) == (ImportState.IMPORTING, 2, ImportCounts())
