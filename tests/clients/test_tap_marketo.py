"""tap-marketo 2.9.4, unmodified: discovery, full sync of every stream, interrupted syncs.

It is led to the server by `tailrace redirect`; only its poll interval is set, as users may.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import ssl
import subprocess
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.client.line import Line
from tests.clients.environment import client_environment
from tests.clients.subscription import MUNCHKIN_ID, client_variables, run_client
from tests.support.api_user import ApiUser
from tests.support.deadlines import DEADLINE_SECONDS
from tests.support.job_states import BODIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from tests.clients.subscription import Subscription
    from tests.support.home import Credentials

#: Only a hang lasts longer.
PATIENCE_SECONDS = 480

#: It keeps to 100 calls in 20 seconds by itself, and there are some 70 streams of ten calls each:
#: of so many none has to wait.
TAPS = 8

#: The first test of a machine waits for packages, too.
pytestmark = pytest.mark.timeout(600)

DELETE_LEAD = 37

Record = dict[str, Any]
Catalog = dict[str, Any]


@dataclass
class Output:
    """What it wrote: records by stream, and states in order."""

    records: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    states: list[Record] = field(default_factory=list[Record])

    @classmethod
    def read(cls, lines: Iterable[str]) -> Output:
        output = cls()
        for line in lines:
            output.take(line)
        return output

    def take(self, line: str) -> dict[str, Any]:
        message = json.loads(line)
        if message["type"] == "RECORD":
            self.records[message["stream"]].append(message["record"])
        elif message["type"] == "STATE":
            self.states.append(message["value"])
        return dict(message)


@dataclass(frozen=True)
class Tap:
    """The program in its environment, with a configuration of its own."""

    subscription: Subscription
    directory: Path
    service: Credentials

    def command(self, *options: str, to: str | None = None) -> list[str]:
        config = {
            "endpoint": f"https://{MUNCHKIN_ID}.mktorest.com/rest",
            "client_id": self.service.client_id,
            "client_secret": self.service.client_secret,
            "start_date": self.subscription.truth.start_at,
            "poll_interval": 0.2,
        }
        program = str(client_environment("tap-marketo") / "tap-marketo")
        words = (program, "--config", self._file("config", config), *options)
        return self.subscription.client_command(*words, to=to)

    def discover(self) -> Catalog:
        return dict(json.loads(run_client(self.command("--discover"), seconds=PATIENCE_SECONDS)))

    def sync_options(self, catalog: Catalog, state: object = None) -> list[str]:
        options = ["--properties", self._file("catalog", catalog)]
        return options if state is None else [*options, "--state", self._file("state", state)]

    def sync(self, catalog: Catalog, state: object = None) -> Output:
        command = self.command(*self.sync_options(catalog, state))
        return Output.read(run_client(command, seconds=PATIENCE_SECONDS).splitlines())

    def sync_until(
        self, catalog: Catalog, is_enough: Callable[[dict[str, Any]], bool], number: signal.Signals
    ) -> Output:
        """Its output until it was ended by a signal, at the first message that is enough."""
        output = Output()
        with subprocess.Popen(
            self.command(*self.sync_options(catalog)),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=client_variables(),
            start_new_session=True,
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if is_enough(output.take(line)):
                    break
            else:
                pytest.fail("it came to its end without having been interrupted")
            # All of its group, as a terminal's Ctrl-C and a container's end reach all of it.
            os.killpg(process.pid, number)
        return output

    def _file(self, name: str, document: object) -> str:
        path = self.directory / f"{name}.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return str(path)


@pytest.fixture(scope="module")
def catalog(subscription: Subscription, tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    directory = tmp_path_factory.mktemp("tap")
    return Tap(subscription, directory, subscription.service).discover()


@pytest.fixture
def tap(subscription: Subscription, tmp_path: Path) -> Tap:
    """The tap with an API user of its own, whose jobs are those of one test alone."""
    service = subscription.home.create_service(f"{tmp_path.name}@example.com")
    return Tap(subscription, tmp_path, service)


@pytest.fixture
def api(tap: Tap) -> Iterator[ApiUser]:
    """The same API user without the tap, to look at its jobs and files."""
    subscription = tap.subscription
    with ApiUser(subscription.server.base_url, tap.service) as user:
        user.http.close()
        user.http = httpx.Client(
            base_url=subscription.server.base_url,
            timeout=DEADLINE_SECONDS,
            verify=ssl.create_default_context(cafile=subscription.certificate.authority),
            trust_env=False,
        )
        yield user


def selected(catalog: Catalog, is_selected: Callable[[str], bool]) -> Catalog:
    """The catalog with some streams chosen, all fields of each."""
    chosen: Catalog = json.loads(json.dumps(catalog))
    for stream in chosen["streams"]:
        if is_selected(stream["tap_stream_id"]):
            for entry in stream["metadata"]:
                if entry["metadata"].get("inclusion") != "unsupported":
                    entry["metadata"]["selected"] = True
    return chosen


def type_id_of(stream: Mapping[str, Any]) -> int | None:
    for entry in stream["metadata"]:
        if entry["breadcrumb"] == []:
            value = entry["metadata"].get("marketo.activity-id")
            return None if value is None else int(value)
    return None


def activity_streams(catalog: Catalog) -> dict[int, str]:
    """Names of activity streams by type id."""
    found = ((type_id_of(stream), stream["tap_stream_id"]) for stream in catalog["streams"])
    return {type_id: name for type_id, name in found if type_id is not None}


def distinct(records: Iterable[Record], key: str = "id") -> set[object]:
    return {record[key] for record in records}


def test_discovery__finds_every_stream_and_field(
    catalog: Catalog, subscription: Subscription
) -> None:
    truth = subscription.truth
    names = {stream["tap_stream_id"] for stream in catalog["streams"]}
    assert {"leads", "activity_types", "campaigns", "lists", "programs"} <= names
    types = activity_streams(catalog)
    assert len(types) == truth.count("activityTypes")
    assert set(truth.activities()) <= set(types)
    (leads,) = (one for one in catalog["streams"] if one["tap_stream_id"] == "leads")
    assert len(leads["schema"]["properties"]) == truth.count("leadFields")


def test_full_sync__of_every_stream_is_the_truth(
    tap: Tap, api: ApiUser, catalog: Catalog, subscription: Subscription
) -> None:
    truth = subscription.truth
    types = activity_streams(catalog)
    # Bulk extract hands out no deleted leads, at Marketo as here: that stream cannot be synced.
    streams = [one["tap_stream_id"] for one in catalog["streams"]]
    streams.remove(types[DELETE_LEAD])
    output = sync_side_by_side(tap, catalog, streams)
    assert len(output.records["leads"]) == len(distinct(output.records["leads"]))
    assert len(output.records["leads"]) == truth.count("leads")
    found = {
        type_id: len(output.records[name])
        for type_id, name in types.items()
        if output.records.get(name)
    }
    expected = {one: count for one, count in truth.activities().items() if one != DELETE_LEAD}
    assert found == expected
    for type_id, name in types.items():
        records = output.records.get(name, [])
        assert len(distinct(records, "marketoGUID")) == len(records)
        assert {one["activityTypeId"] for one in records} <= {type_id}
    for kind in ("lists", "campaigns", "programs"):
        assert {str(one) for one in distinct(output.records[kind])} == truth.ids(kind)
        assert len(output.records[kind]) == truth.count(kind)
    assert distinct(output.records["activity_types"]) == set(types)
    assert_lead_values(output, catalog, subscription)
    assert_files_are_whole(api, output)


def sync_side_by_side(tap: Tap, catalog: Catalog, streams: list[str]) -> Output:
    """Every stream, by several taps at once: one would wait most of the time for its own limit."""
    shares = [set(streams[first::TAPS]) for first in range(TAPS)]
    taps = [replace(tap, directory=tap.directory / str(number)) for number in range(TAPS)]
    for one in taps:
        one.directory.mkdir()
    whole = Output()
    with ThreadPoolExecutor(TAPS) as pool:
        chosen = [selected(catalog, share.__contains__) for share in shares]
        for output in pool.map(Tap.sync, taps, chosen):
            whole.records.update(output.records)
    return whole


def assert_lead_values(output: Output, catalog: Catalog, subscription: Subscription) -> None:
    """Every field of the leads that the truth knows in full is what it says, typed."""
    (stream,) = (one for one in catalog["streams"] if one["tap_stream_id"] == "leads")
    schemas = stream["schema"]["properties"]
    records = {str(record["id"]): record for record in output.records["leads"]}
    sample = subscription.truth.lead_sample()
    assert sample
    for lead_id, values in sample.items():
        record = records[lead_id]
        assert set(record) == set(values)
        for name, text in values.items():
            assert as_typed(record[name]) == expected_value(text, schemas[name]), (lead_id, name)


def as_typed(value: object) -> object:
    """A date-time of the tap's as one, whatever its offset is written like."""
    if isinstance(value, str) and value.endswith("+00:00"):
        return datetime.fromisoformat(value)
    return value


def expected_value(text: str, schema: Mapping[str, Any]) -> object:
    """What the tap makes of a cell, by its own rules."""
    one_or_more: str | list[str] = schema["type"]
    types = [one_or_more] if isinstance(one_or_more, str) else one_or_more
    if text == "":
        return None
    if schema.get("format") == "date-time":
        moment = text if "T" in text else f"{text}T00:00:00Z"
        return datetime.fromisoformat(moment)
    if "integer" in types:
        return int(text.partition(".")[0])
    if "number" in types:
        return float(text)
    return text == "true" if "boolean" in types else text


def assert_files_are_whole(api: ApiUser, output: Output) -> None:
    """Files that it read have the checksums told of them, and as many rows as it has records."""
    for family in ("leads", "activities"):
        jobs = [job for job in api.list(family).jobs() if job["status"] == "Completed"]
        for job in jobs:
            content = api.file(family, job["exportId"]).content
            assert len(content) == job["fileSize"]
            assert f"sha256:{hashlib.sha256(content).hexdigest()}" == job["fileChecksum"]
        read = sum(
            len(records)
            for name, records in output.records.items()
            if (name.startswith("activities_") if family == "activities" else name == "leads")
        )
        assert sum(job["numberOfRecords"] for job in jobs) == read


def is_saved_export(message: dict[str, Any]) -> bool:
    """The state that names the export of leads; when it is written, that is not enqueued yet."""
    if message["type"] != "STATE":
        return False
    leads: dict[str, Any] = message["value"]["bookmarks"].get("leads", {})
    return leads.get("export_id") is not None


def is_record_in_the_middle(message: dict[str, Any]) -> bool:
    return message["type"] == "RECORD" and message["stream"] == "leads"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["kill", "interrupt"])
@pytest.mark.parametrize(
    "is_enough", [is_saved_export, is_record_in_the_middle], ids=["created", "downloading"]
)
def test_interrupted_sync__goes_on_with_the_export_it_had_made(
    tap: Tap,
    api: ApiUser,
    catalog: Catalog,
    is_enough: Callable[[dict[str, Any]], bool],
    number: signal.Signals,
) -> None:
    chosen = selected(catalog, lambda name: name in {"leads", "lists"})
    first = tap.sync_until(chosen, is_enough, number)
    truth = tap.subscription.truth
    assert len(first.records["leads"]) < truth.count("leads")
    second = tap.sync(chosen, first.states[-1])
    assert len(distinct(second.records["leads"])) == truth.count("leads")
    assert {str(one) for one in distinct(second.records["lists"])} == truth.ids("lists")
    saved = first.states[-1]["bookmarks"]["leads"]["export_id"]
    done = {
        one["exportId"]: one for one in api.list("leads").jobs() if one["status"] == "Completed"
    }
    # Nothing was exported twice: what else it made spans the moments since, and is empty.
    assert done[saved]["numberOfRecords"] == truth.count("leads")
    assert sum(job["numberOfRecords"] for job in done.values()) == truth.count("leads")


def test_sync_after_its_export_was_lost__makes_another(
    tap: Tap, api: ApiUser, catalog: Catalog
) -> None:
    chosen = selected(catalog, lambda name: name == "leads")
    (*_, state) = tap.sync_until(chosen, is_saved_export, signal.SIGKILL).states
    # Not the one it made: how far that has come by now, nobody knows.
    lost = api.created("leads", BODIES["leads"])
    assert api.cancel("leads", lost).job()["status"] == "Cancelled"
    state["bookmarks"]["leads"]["export_id"] = lost
    second = tap.sync(chosen, state)
    assert len(distinct(second.records["leads"])) == tap.subscription.truth.count("leads")


def test_download_that_is_cut__is_resumed_without_a_gap(
    tap: Tap, api: ApiUser, catalog: Catalog
) -> None:
    chosen = selected(catalog, lambda name: name == "leads")
    with Line(tap.subscription.server.port) as line:
        line.cut_after = 100_000
        line.most_cuts = 3
        port = line.base_url.rpartition(":")[2]
        command = tap.command(*tap.sync_options(chosen), to=f"https://127.0.0.1:{port}")
        output = Output.read(run_client(command, seconds=PATIENCE_SECONDS).splitlines())
        assert line.cuts == 3
    assert len(output.records["leads"]) == tap.subscription.truth.count("leads")
    assert_files_are_whole(api, output)
    assert_lead_values(output, catalog, tap.subscription)


def test_second_sync__reads_what_changed_since(tap: Tap, catalog: Catalog) -> None:
    chosen = selected(catalog, lambda name: name in {"leads", "campaigns"})
    first = tap.sync(chosen)
    second = tap.sync(chosen, first.states[-1])
    # It looks a day back by its own choice.
    assert len(second.records["leads"]) < len(first.records["leads"])
    assert second.records["campaigns"] == []
