"""A disk that refuses any call of any library: a clear answer, nothing lost, and the next one goes well."""

from __future__ import annotations

import errno
import itertools
import json
import os
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tailrace.lake.activity_rows import DAY_COLUMN
from tailrace.lake.compaction_plan import MANY_SMALL_FILES
from tailrace.lake.table_storage import name_of
from tests.contract.test_activity_ingest import body, line, send
from tests.support.activities import START, random_activities
from tests.support.api_user import ApiUser
from tests.support.deadlines import DEADLINE_SECONDS, wait_until
from tests.support.hot import lake_rows
from tests.support.imports import finished, upload
from tests.support.job_states import BODIES
from tests.support.lead_calls import records
from tests.support.loading import activities_file, activities_in, activity_line, text_file
from tests.support.prepared_process import PreparedProcess
from tests.support.refusing_disk import RefusingDisk
from tests.support.server import running_server
from tests.support.stores import only_with_a_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.answers import Answer
    from tests.support.api_user import Family
    from tests.support.server import Server
    from tests.support.world import World

pytestmark = only_with_a_file

REASONS = {
    "No space left on the server to write the export file",
    "The server could not write the export file",
    "The server could not read or write its data",
}
FAMILIES: tuple[Family, ...] = ("activities", "leads")
JUNE = {"startAt": "2024-06-01T00:00:00Z", "endAt": "2024-06-01T23:59:59Z"}
WANTED: dict[Family, dict[str, object]] = {
    "activities": {"fields": ["leadId"], "filter": {"createdAt": JUNE}},
    "leads": BODIES["leads"],
}

#: Both errors of a disk, for one call and for all after it as well.
REFUSALS = [(errno.ENOSPC, False), (errno.EIO, False), (errno.ENOSPC, True), (errno.EIO, True)]

#: A disk that refuses for good takes all again after so many refusals.
MORE_REFUSALS = 5

LEADS_OF_MARCH = (1, 2, 3, 4, 7)

#: Larger than what the server gives out.
FIRST_GUID = 10**12

#: More calls than anything here makes.
NEVER = 1_000_000


@dataclass
class Client:
    """Somebody who does everything once a round, and again what was refused."""

    server: Server
    user: ApiUser
    disk: RefusingDisk
    #: Of the activities that were sent; each is acknowledged before its round ends.
    leads: list[int] = field(default_factory=list[int])
    completed: set[str] = field(default_factory=set[str])

    def round(self, number: int, error: int, *, for_good: bool) -> bool:
        """With the `number`-th call refused; whether that call came."""
        with self.disk.refuses(number, error, for_good=for_good):
            batch = self._sent()
            jobs = self._enqueued()
            wait_until(lambda: self._has_ended(jobs, number), "the jobs, or refusals enough")
        record = finished(self.user, batch)
        assert record["status"] == "Complete", (record, self.disk.refused)
        for family, export_id in jobs.items():
            self._examine(family, export_id)
        wait_until(lambda: self._files() == self.completed, f"no files but of {self.completed}")
        return self.disk.has_refused

    def _sent(self) -> int:
        """One activity, and a file with one lead, which is the import that is returned."""
        number = len(self.leads) + 1
        self._insist(lambda: send(self.user, body(line(leadId=number)), f"batch {number}"))
        self.leads.append(number)
        content = f"email\nlead{number}@example.net\n"
        taken = self._insist(lambda: upload(self.user, content, {"format": "csv"}))
        return int(str(records(taken)[0]["batchId"]))

    def _enqueued(self) -> dict[Family, str]:
        jobs: dict[Family, str] = {}
        for family in FAMILIES:
            create = partial(self.user.create, family, WANTED[family])
            export_id = self._insist(create).job()["exportId"]
            jobs[family] = export_id
            if is_refused(self.user.enqueue(family, export_id)):
                self.disk.takes_all()
                # What was not acknowledged may have happened.
                if self.user.status(family, export_id).job()["status"] == "Created":
                    assert not is_refused(self.user.enqueue(family, export_id))
        return jobs

    def _insist(self, call: Callable[[], Answer]) -> Answer:
        """Once more if it is refused, of a disk that takes all: then it must go well."""
        answer = call()
        if is_refused(answer):
            assert self.disk.has_refused
            self.disk.takes_all()
            answer = call()
            assert not is_refused(answer)
        return answer

    def _has_ended(self, jobs: dict[Family, str], number: int) -> bool:
        return self.disk.calls >= number + MORE_REFUSALS or all(
            self._insist(partial(self.user.status, family, export_id)).job()["status"]
            in {"Completed", "Failed"}
            for family, export_id in jobs.items()
        )

    def _examine(self, family: Family, export_id: str) -> None:
        """The job has ended well, or with a reason; then the next one ends well."""
        job = self.user.finished(family, export_id)
        if job["status"] == "Failed":
            assert self.disk.has_refused
            assert job["errorMsg"] in REASONS, self.disk.refused
            export_id = self.user.enqueued(family, WANTED[family])
            job = self.user.finished(family, export_id)
        assert job["status"] == "Completed", job
        self.completed.add(export_id)
        rows = self.user.file(family, export_id).text.splitlines()[1:]
        expected = self.leads if family == "activities" else LEADS_OF_MARCH
        assert Counter(rows) == Counter(map(str, expected)), self.disk.refused

    def _files(self) -> set[str]:
        """Ids of the jobs whose result files are there, and names of all other files."""
        home = self.server.home.path
        for path in files_in(home / "imports" / "1", "*.upload"):
            # What no import came to need is swept when it is an hour old.
            with suppress(FileNotFoundError):
                os.utime(path, (0, 0))
        results = files_in(home / "files" / "1")
        uploads = files_in(home / "imports" / "1")
        return {path.stem.partition(".")[0] for path in results if path.suffix == ".csv"} | {
            path.name for path in (*results, *uploads) if path.suffix != ".csv"
        }


def is_refused(answer: Answer) -> bool:
    """Whether it may be tried again; any other error is none that a disk may cause."""
    if answer.envelope()["success"]:
        return False
    assert answer.error() == ("608", "API Temporarily Unavailable")
    return True


def files_in(directory: Path, pattern: str = "*") -> list[Path]:
    return list(directory.glob(pattern))


@pytest.fixture(scope="module")
def world(make_world: Callable[[], World]) -> World:
    return make_world()


@pytest.fixture(scope="module")
def disk(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RefusingDisk]:
    disk = RefusingDisk.below(world.home.path, tmp_path_factory.mktemp("refusing"))
    yield disk
    disk.close()


@pytest.fixture(scope="module")
def client(world: World, disk: RefusingDisk) -> Iterator[Client]:
    """Its server looks for small files of the lake at every moment; jobs are soon given up."""
    rounds = {"TAILRACE_LEASE_SECONDS": "2", "TAILRACE_COMPACT_SECONDS": "0.1"}
    with (
        running_server(world.home, environment={**disk.environment, **rounds}) as server,
        ApiUser(server.base_url, world.main) as user,
    ):
        client = Client(server, user, disk)
        # The first round makes what is there for ever: directories, and a database as large.
        client.round(NEVER, 0, for_good=False)
        yield client
    assert_log_whole(world)
    with world.home.sql() as connection:
        emails = connection.execute("SELECT email FROM lead WHERE email LIKE 'lead%'").fetchall()
    assert sorted(emails) == sorted((f"lead{number}@example.net",) for number in client.leads)


def assert_log_whole(world: World) -> None:
    """Each activity once, and, what is an hour old swept, no file but those that the log names."""
    with world.home.opened() as application:
        log = application.activity_log(application.subscriptions.default_id())
        guids = lake_rows(log)["marketoGUID"]
        assert guids.n_unique() == guids.len()
        log.sweep(datetime.now(UTC) + timedelta(days=3))
        named = {name_of(log.storage, file.path) for file in log.snapshot().files}
        assert set(log.storage.data_names()) == named
        assert log.storage.staged_names() == []


def test_calls_and_jobs__are_refused_or_fail_and_the_next_go_well(client: Client) -> None:
    client.round(NEVER, 0, for_good=False)
    calls = client.disk.calls
    # From among the first to among the last.
    for eighths, (error, for_good) in zip((1, 3, 5, 7), REFUSALS, strict=True):
        client.round(calls * eighths // 8, error, for_good=for_good)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("error", "for_good"), REFUSALS)
def test_every_call__is_refused_or_fails_and_the_next_goes_well(
    client: Client, error: int, *, for_good: bool
) -> None:
    for number in itertools.count(1):
        if not client.round(number, error, for_good=for_good):
            break


@pytest.fixture(scope="module")
def compacted(client: Client) -> Iterator[Callable[[], None]]:
    """A function that adds so many small files to a day that the server compacts them."""
    numbers = itertools.count(FIRST_GUID)
    with client.server.home.opened() as application:
        log = application.activity_log(application.subscriptions.default_id())

        def files() -> int:
            names = (name_of(log.storage, file.path) for file in log.snapshot().files)
            return sum(name.startswith(f"{DAY_COLUMN}={START.date()}") for name in names)

        def compactions() -> int:
            return client.server.log().count("lake_compacted")

        def compact() -> None:
            before = compactions()
            while files() < MANY_SMALL_FILES and compactions() == before:
                log.append(random_activities(1, seconds=1, first_guid=next(numbers)))
            wait_until(lambda: client.disk.has_refused or compactions() > before, "a compaction")
            client.disk.takes_all()
            wait_until(lambda: files() < MANY_SMALL_FILES, "the next compaction")
            rows = lake_rows(log)
            assert rows["marketoGUID"].n_unique() == rows.height

        yield compact


def test_compaction__is_finished_by_the_next(client: Client, compacted: Callable[[], None]) -> None:
    # What it writes first is the new file, and then the entry of the log.
    for number, error, for_good in ((2, errno.ENOSPC, False), (9, errno.EIO, True)):
        with client.disk.refuses(number, error, for_good=for_good):
            compacted()
        assert client.disk.has_refused


@pytest.mark.soak
@pytest.mark.parametrize(("error", "for_good"), REFUSALS)
def test_compaction_at_every_call__is_finished_by_the_next(
    client: Client, compacted: Callable[[], None], error: int, *, for_good: bool
) -> None:
    for number in itertools.count(1):
        with client.disk.refuses(number, error, for_good=for_good):
            compacted()
        if not client.disk.has_refused:
            break


@dataclass
class Loader:
    """Loads files of three rows each, every one anew."""

    #: `leads` or `activities`.
    kind: str
    world: World
    disk: RefusingDisk
    #: Of the rows that were loaded.
    rows: list[int] = field(default_factory=list[int])

    def round(self, number: int, error: int, *, for_good: bool) -> bool:
        """With the `number`-th call refused, then again; whether that call came."""
        file = self._next_file()
        with self.disk.refuses(number, error, for_good=for_good):
            code, _, said = self._load(file)
        if code != 0:
            assert (code, self.disk.has_refused) == (1, True), said
            # Behind a line of the log, if any.
            assert said.splitlines()[-1].startswith("tailrace: ")
            assert "Traceback" not in said
        code, report, said = self._load(file)
        assert code == 0, said
        taken = json.loads(report)
        assert (taken["loaded"] + taken["alreadyThere"], taken["rejected"]) == (3, 0), report
        return self.disk.has_refused

    def _next_file(self) -> Path:
        directory = self.world.home.path.parent
        rows = range(len(self.rows), len(self.rows) + 3)
        self.rows += rows
        if self.kind == "activities":
            return activities_file(directory, *(activity_line(FIRST_GUID + row) for row in rows))
        addresses = (f"loaded{row}@example.com" for row in rows)
        return text_file(directory / "leads.csv", "email", *addresses)

    def _load(self, file: Path) -> tuple[int, str, str]:
        output, errors = file.with_suffix(".output"), file.with_suffix(".errors")
        for path in (output, errors):
            path.unlink(missing_ok=True)
        process = PreparedProcess(
            ["load", self.kind, str(file), "--json", "--home", str(self.world.home.path)],
            output=output,
            errors=errors,
            environment={**self.world.home.environment, **self.disk.environment},
        )
        return process.wait(DEADLINE_SECONDS), output.read_text(), errors.read_text()

    def loaded(self) -> list[int]:
        """The rows that are there."""
        with self.world.home.sql() as connection:
            query = "SELECT email FROM lead WHERE email LIKE 'loaded%'"
            emails = [str(row[0]) for row in connection.execute(query).fetchall()]
        with self.world.home.opened() as application:
            guids = activities_in(application)["marketoGUID"].to_list()
        return sorted(
            [int(email.removeprefix("loaded").partition("@")[0]) for email in emails]
            + [guid - FIRST_GUID for guid in guids if guid >= FIRST_GUID]
        )


@pytest.fixture(params=["leads", "activities"])
def loader(
    make_world: Callable[[], World], tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Loader]:
    world = make_world()
    disk = RefusingDisk.below(world.home.path, tmp_path)
    loader = Loader(request.param, world, disk)
    yield loader
    disk.close()
    assert loader.loaded() == loader.rows
    assert_log_whole(world)


@pytest.mark.parametrize("loader", ["activities"], indirect=True)
def test_load__says_why_it_ends_and_is_finished_by_the_next(loader: Loader) -> None:
    assert loader.round(20, errno.ENOSPC, for_good=True)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("error", "for_good"), REFUSALS)
def test_load_at_every_call__says_why_it_ends_and_is_finished_by_the_next(
    loader: Loader, error: int, *, for_good: bool
) -> None:
    for number in itertools.count(1):
        if not loader.round(number, error, for_good=for_good):
            break
