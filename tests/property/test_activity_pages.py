"""Pages of activities: for any log, selection and page size, every wanted activity exactly once."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tailrace.activities import lake_window, lake_windows
from tailrace.activities.hot_frame import hot_frame
from tailrace.activities.pages import ActivityPages
from tailrace.activities.settling import settle
from tailrace.domain.activity_paging import ActivityPosition, ActivitySelection
from tailrace.store.database import Database
from tailrace.store.hot_activities import NewActivity, hot_rows, record_activities
from tailrace.store.subscriptions import create_subscription
from tests.support.activities import START, activity, frame
from tests.support.application import SteppedApplication
from tests.support.hot import happen

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from sqlalchemy import Connection

    from tailrace.app import Application
    from tailrace.domain.export_job import SubscriptionId

SECONDS = 40


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    stepped = SteppedApplication.open(tmp_path_factory.mktemp("pages") / "home")
    stepped.clock.now = START + timedelta(days=3)
    yield stepped.application
    stepped.close()


@pytest.fixture(autouse=True)
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few rows make several windows, cut in every way."""
    monkeypatch.setattr(lake_window, "MOST_WINDOW_ROWS", 7)
    monkeypatch.setattr(lake_window, "WINDOW_FILE_ROWS", 25)
    monkeypatch.setattr(lake_window, "FEW_ROWS", 6)
    monkeypatch.setattr(lake_windows, "FIRST_WINDOW_ROWS", 3)
    monkeypatch.setattr(lake_windows, "LATER_WINDOW_ROWS", 9)
    monkeypatch.setattr(lake_windows, "PAGE_FILE_ROWS", 10)
    monkeypatch.setattr(lake_windows, "CACHE_WINDOWS", 5)


#: Second, type, lead and primary value of an activity; two days apart now and then.
happenings = st.tuples(
    st.one_of(st.integers(0, SECONDS), st.sampled_from([0, 86_400, 86_401])),
    st.sampled_from([1, 2, 13]),
    st.integers(1, 3),
    st.sampled_from([None, 10, 11]),
)
#: What comes to the lake by a load, in one commit, and what happens in between.
steps = st.lists(
    st.tuples(st.sampled_from(["load", "happen", "settle"]), st.lists(happenings, max_size=30)),
    min_size=1,
    max_size=6,
)


class Log:
    """An activity log and what it should hold."""

    def __init__(self, application: Application) -> None:
        self.application = application
        with application.database.write() as connection:
            name = f"subscription {id(self)} {len(application.subscriptions.ids())}"
            self.subscription_id: SubscriptionId = create_subscription(connection, name, START)
        self.rows: list[tuple[int, int, int, int, int | None]] = []
        self._next_loaded = 10**15

    def take(self, kind: str, what: list[tuple[int, int, int, int | None]]) -> None:
        log = self.application.activity_log(self.subscription_id)
        if kind == "settle":
            settle(self.application.database, log, self.subscription_id)
        elif kind == "load" and what:
            guids = range(self._next_loaded, self._next_loaded + len(what))
            self._next_loaded += len(what)
            log.append(
                frame(
                    activity(
                        guid,
                        activityDate=START + timedelta(seconds=one[0]),
                        activityTypeId=one[1],
                        leadId=one[2],
                        primaryAttributeValueId=one[3],
                    )
                    for guid, one in zip(guids, what, strict=True)
                )
            )
            self._remember(guids, what)
        elif kind == "happen":
            new = [
                NewActivity(
                    lead_id=one[2],
                    type_id=one[1],
                    at=START + timedelta(seconds=one[0]),
                    primary_value_id=one[3],
                )
                for one in what
            ]
            with self.application.database.write() as connection:
                self._remember(record_activities(connection, self.subscription_id, new), what)

    def _remember(self, guids: range, what: list[tuple[int, int, int, int | None]]) -> None:
        second = ActivityPosition.before(START).second
        self.rows += [
            (second + one[0], guid, *one[1:]) for guid, one in zip(guids, what, strict=True)
        ]

    def wanted(self, selection: ActivitySelection, after: ActivityPosition) -> list[int]:
        return [
            guid
            for second, guid, type_id, lead, primary in sorted(self.rows, key=lambda row: row[:2])
            if (second, guid) > after
            and type_id in selection.type_ids
            and (selection.lead_ids is None or lead in selection.lead_ids)
            and (selection.primary_value_ids is None or primary in selection.primary_value_ids)
        ]


def read_to_the_end(
    pages: ActivityPages,
    log: Log,
    wanted: ActivitySelection,
    position: ActivityPosition,
    limit: int,
) -> list[int]:
    """GUIDs of all pages from a position on, as a client follows them."""
    found: list[int] = []
    has_more = True
    while has_more:
        page = pages.page(log.subscription_id, wanted, position, limit)
        assert len(page.activities) <= limit
        assert page.end >= position
        found += [one.guid for one in page.activities]
        assert page.end > position or not page.has_more
        position, has_more = page.end, page.has_more
    return found


selections = st.builds(
    ActivitySelection,
    type_ids=st.frozensets(st.sampled_from([1, 2, 13, 99]), min_size=1),
    lead_ids=st.none() | st.frozensets(st.integers(1, 4)),
    primary_value_ids=st.none() | st.frozensets(st.sampled_from([10, 11, 12]), min_size=1),
)


@settings(max_examples=60)
@given(
    steps,
    selections,
    st.integers(1, 20),
    st.integers(-1, SECONDS + 1),
    st.integers(0, 3),
    st.lists(st.tuples(st.integers(0, SECONDS), st.integers(0, 10)), max_size=3),
)
def test_pages__have_every_wanted_activity_once(
    application: Application,
    steps: list[tuple[str, list[tuple[int, int, int, int | None]]]],
    selection: ActivitySelection,
    limit: int,
    second: int,
    guid: int,
    jumps: list[tuple[int, int]],
) -> None:
    log = Log(application)
    pages = ActivityPages(application.database, application.activity_log, application.clock)
    start = ActivityPosition(ActivityPosition.before(START).second + second, guid)
    for kind, what in steps:
        log.take(kind, what)
        # Windows that are kept from before a change must not hide it.
        for jump in jumps:
            behind = ActivityPosition(start.second - second + jump[0], jump[1])
            pages.page(log.subscription_id, selection, behind, limit)
    expected = log.wanted(selection, start)
    assert read_to_the_end(pages, log, selection, start, limit) == expected


@pytest.mark.parametrize("limit", [2, 7, 20])
def test_second_with_more_activities_than_a_window_has__is_read_to_its_end(
    application: Application, limit: int
) -> None:
    log = Log(application)
    log.take("load", [(4, 1, 1, None), *[(5, 1, 1, None)] * 30, (6, 1, 1, None)])
    pages = ActivityPages(application.database, application.activity_log, application.clock)
    wanted, start = ActivitySelection(frozenset({1})), ActivityPosition.before(START)
    assert read_to_the_end(pages, log, wanted, start, limit) == log.wanted(wanted, start)


def test_page_that_ends_early__shows_nothing_of_what_lies_behind_its_end(
    application: Application,
) -> None:
    """What is looked through for a page is bounded: hot rows must not overtake the rest."""
    log = Log(application)
    for second in (0, 86_400):
        log.take("load", [(second, 1, 2, None)] * 12)
    log.take("load", [(86_401, 1, 1, None)])
    log.take("happen", [(10, 1, 1, None), (86_402, 1, 1, None)])
    pages = ActivityPages(application.database, application.activity_log, application.clock)
    wanted = ActivitySelection(frozenset({1}), lead_ids=frozenset({1}))
    start = ActivityPosition.before(START)
    first = pages.page(log.subscription_id, wanted, start, 5)
    assert (first.activities, first.has_more) == ((), True)
    assert read_to_the_end(pages, log, wanted, start, 5) == log.wanted(wanted, start)


def test_activity_that_is_settled_and_still_hot__is_shown_once(application: Application) -> None:
    """As a settling leaves it that was killed before it deleted what it had appended."""
    log = Log(application)
    log.take("happen", [(1, 1, 1, None), (2, 1, 1, None)])
    with application.database.read() as connection:
        rows = hot_rows(connection, log.subscription_id, range(2**62), limit=10)
    lake = application.activity_log(log.subscription_id)
    lake.append(hot_frame(rows), settled_to=rows[-1].guid)
    log.take("happen", [(2, 1, 1, None)])
    pages = ActivityPages(application.database, application.activity_log, application.clock)
    wanted, start = ActivitySelection(frozenset({1})), ActivityPosition.before(START)
    page = pages.page(log.subscription_id, wanted, start, 20)
    assert [one.guid for one in page.activities] == log.wanted(wanted, start)
    assert application.activity_counts(log.subscription_id) == {1: 3}


class SettlesBetween(Database):
    """The store of a log whose hot activities settle just before the second look at it."""

    def __init__(self, log: Log) -> None:
        database = log.application.database
        super().__init__(database.path or database.address or "")
        self._log = log
        self._looks = 0

    @contextmanager
    def read(self) -> Generator[Connection]:
        self._looks += 1
        if self._looks == 2:
            self._log.take("settle", [])
        with super().read() as connection:
            yield connection


def test_activities_that_settle_between_the_looks_of_a_page__are_on_it(
    application: Application,
) -> None:
    log = Log(application)
    log.take("load", [(1, 1, 1, None)])
    log.take("happen", [(2, 1, 1, None), (3, 1, 1, None)])
    database = SettlesBetween(log)
    pages = ActivityPages(database, application.activity_log, application.clock)
    wanted, start = ActivitySelection(frozenset({1})), ActivityPosition.before(START)
    page = pages.page(log.subscription_id, wanted, start, 20)
    database.close()
    assert [one.guid for one in page.activities] == log.wanted(wanted, start)


def test_activity_of_the_future__waits_for_its_time(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    stepped = SteppedApplication.open(tmp_path_factory.mktemp("future") / "home")
    application = stepped.application
    subscription_id = application.subscriptions.default_id()
    now = stepped.clock.now
    wanted = ActivitySelection(frozenset({1}))
    happen(application, 1, at=now + timedelta(hours=1))
    happen(application, 1, at=now)
    # In one file with another that is not of the future.
    application.settler.settle(subscription_id)
    happen(application, 1, at=now + timedelta(hours=2))
    first = application.activity_pages.page(
        subscription_id, wanted, ActivityPosition.before(now), 10
    )
    assert ([one.guid for one in first.activities], first.has_more) == ([2], False)
    stepped.clock.advance(seconds=1)
    happen(application, 1, at=stepped.clock.now)
    stepped.clock.advance(hours=3)
    second = application.activity_pages.page(subscription_id, wanted, first.end, 10)
    assert ([one.guid for one in second.activities], second.has_more) == ([4, 1, 3], False)
    stepped.close()


def test_reader_of_a_log_that_grows_and_settles__sees_every_activity_once(
    application: Application,
) -> None:
    """Writes, settlings and a reader at once: the reader's token loses nothing on the way."""
    log = Log(application)
    pages = ActivityPages(application.database, application.activity_log, application.clock)
    rounds = 60
    is_done = threading.Event()

    def write() -> None:
        for number in range(rounds):
            log.take("happen", [(number, 1, 1, None)] * 5)
        is_done.set()

    def settle_again_and_again() -> None:
        while not is_done.is_set():
            log.take("settle", [])

    threads = [threading.Thread(target=write), threading.Thread(target=settle_again_and_again)]
    for thread in threads:
        thread.start()
    found: list[int] = []
    position = ActivityPosition.before(START)
    while True:
        is_last_round = is_done.is_set()
        page = pages.page(
            log.subscription_id, ActivitySelection(frozenset({1})), position, limit=17
        )
        found += [one.guid for one in page.activities]
        position = page.end
        if is_last_round and not page.has_more:
            break
    for thread in threads:
        thread.join()
    assert found == sorted(guid for _, guid, *_ in log.rows)
