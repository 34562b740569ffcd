"""Loading activities: what is stored, what is rejected, what is there already."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl
import pytest

from tailrace.domain.errors import AdministrationError
from tailrace.ingest import activities as loading
from tailrace.ingest.byte_reader import MAXIMUM_RECORD_BYTES
from tailrace.store.sequences import FIRST_LOADED_ACTIVITY, SequenceKind, next_number
from tests.support.application import SteppedApplication
from tests.support.loading import (
    activities_file,
    activities_in,
    activity_line,
    counts,
    load_activity_files,
    rejects_in,
    text_file,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tailrace.app import Application


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    stepped = SteppedApplication.open(tmp_path / "home")
    yield stepped.application
    stepped.close()


def test_row_of_marketos_extract__rests_as_the_log_keeps_it(
    application: Application, tmp_path: Path
) -> None:
    file = activities_file(
        tmp_path,
        '783957693,5414087,2022-02-13T14:06:20Z,104,8497,1670,"Member, ""Test""\r\n1",'
        '"{""Reason"":""Changed by X"",""Program Member ID"":3240303,""Success"":false}"',
        "783957694,5,2022-02-13T14:06:21Z,12,null,null,null,null",
    )
    report = load_activity_files(application, file)
    assert counts(report) == (2, 0, 0)
    assert activities_in(application).drop("activityDay", strict=False).to_dicts() == [
        {
            "marketoGUID": 783957693,
            "leadId": 5414087,
            "activityDate": datetime(2022, 2, 13, 14, 6, 20, tzinfo=UTC),
            "activityTypeId": 104,
            "campaignId": 8497,
            "primaryAttributeValueId": 1670,
            "primaryAttributeValue": 'Member, "Test"\n1',
            "attributes": '{"Reason":"Changed by X","Program Member ID":3240303,"Success":false}',
            "actionResult": None,
        },
        {
            "marketoGUID": 783957694,
            "leadId": 5,
            "activityDate": datetime(2022, 2, 13, 14, 6, 21, tzinfo=UTC),
            "activityTypeId": 12,
            "campaignId": None,
            "primaryAttributeValueId": None,
            "primaryAttributeValue": None,
            "attributes": "{}",
            "actionResult": None,
        },
    ]


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-03T04:05:06Z",
        "2026-02-03 04:05:06",
        "2026-02-03T05:05:06.999+01:00",
        "2026-02-03T04:05:06+0000",
    ],
)
def test_activity_date__takes_every_form_of_an_instant(
    application: Application, tmp_path: Path, text: str
) -> None:
    file = activities_file(tmp_path, activity_line(1, activityDate=text))
    assert counts(load_activity_files(application, file)) == (1, 0, 0)
    stored = activities_in(application)["activityDate"].to_list()
    assert stored == [datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)]


BAD_LINES = {
    "wrong number of columns": ("2,7,2026-02-03T04:05:06Z,1", ""),
    "too many columns": (activity_line(2) + ",more", ""),
    "bad integer": (activity_line(2, leadId="x7"), "leadId"),
    "integer too large": (activity_line(2, campaignId=2**63), "campaignId"),
    "lead id not positive": (activity_line(2, leadId=0), "leadId"),
    "GUID not positive": (activity_line(-2), "marketoGUID"),
    "required value missing": (activity_line(2, activityDate="null"), "activityDate"),
    "bad date": (activity_line(2, activityDate="2026-02-30T00:00:00Z"), "activityDate"),
    "leap second": (activity_line(2, activityDate="2026-02-03T04:05:60Z"), "activityDate"),
    "date out of range": (activity_line(2, activityDate="99999-01-01T00:00:00Z"), "activityDate"),
    "unknown type": (activity_line(2, activityTypeId=99_999), "activityTypeId"),
    "type id out of range": (activity_line(2, activityTypeId=2**40), "activityTypeId"),
    "bad JSON": (activity_line(2, attributes='"{""Webpage URL"":""x"'), "attributes"),
    "unclosed quote": (activity_line(2, attributes='"{""Webpage URL"":""x""}'), ""),
    "JSON that is no object": (activity_line(2, attributes="[1]"), "attributes"),
    "unclosed JSON": (activity_line(2, attributes='"{""Webpage URL"":""x"""'), "attributes"),
    "attribute of another type": (
        activity_line(2, activityTypeId=2, attributes='"{""Webpage ID"":""many""}"'),
        "attributes",
    ),
    "quote in the middle": (activity_line(2, primaryAttributeValue='"a"b'), ""),
    "carriage return outside quotes": (activity_line(2, primaryAttributeValue="a\rb"), ""),
}


@pytest.mark.parametrize("name", BAD_LINES)
def test_corrupt_line__is_rejected_alone(
    application: Application, tmp_path: Path, name: str
) -> None:
    line, field = BAD_LINES[name]
    file = activities_file(tmp_path, activity_line(1), line, activity_line(3), activity_line(4))
    report = load_activity_files(application, file)
    assert counts(report) == (3, 1, 0)
    assert activities_in(application)["marketoGUID"].to_list() == [1, 3, 4]
    assert [(at, where, text) for at, where, _, text in rejects_in(report)] == [(3, field, line)]


def test_invalid_utf8__is_rejected_alone(application: Application, tmp_path: Path) -> None:
    file = activities_file(tmp_path, activity_line(1), "X", activity_line(3))
    bad = activity_line(2, primaryAttributeValue="caf\xe9").encode("latin-1")
    file.write_bytes(file.read_bytes().replace(b"X", bad))
    report = load_activity_files(application, file)
    assert counts(report) == (2, 1, 0)
    ((line, _, reason, text),) = rejects_in(report)
    assert (line, reason) == (3, "the text is not UTF-8")
    assert "caf\\xe9" in text


@pytest.mark.parametrize("record_bytes", [MAXIMUM_RECORD_BYTES, 5 * MAXIMUM_RECORD_BYTES])
def test_over_long_line__is_rejected_alone(
    application: Application, tmp_path: Path, record_bytes: int
) -> None:
    long = activity_line(2, primaryAttributeValue="x" * record_bytes)
    file = activities_file(tmp_path, activity_line(1), long, activity_line(3))
    report = load_activity_files(application, file)
    assert counts(report) == (2, 1, 0)
    ((line, _, reason, text),) = rejects_in(report)
    assert (line, "longer than" in reason) == (3, True)
    assert text.startswith("2,7,")
    assert len(text) <= 100_000


def test_unclosed_quote_before_much_text__costs_one_line(
    application: Application, tmp_path: Path
) -> None:
    good = [activity_line(guid, attributes="{}") for guid in range(3, 130_003)]
    file = activities_file(tmp_path, activity_line(1), activity_line(2, attributes='"{'), *good)
    report = load_activity_files(application, file)
    assert counts(report) == (130_001, 1, 0)
    assert [line for line, *_ in rejects_in(report)] == [3]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("marketoGUID,activityDate,activityTypeId", "'leadId'"),
        ("leadId,activityDate,activityTypeId,colour", "'colour'"),
        ("leadId,LEADID,activityDate,activityTypeId", "'leadId'"),
        ("", "no header line"),
    ],
)
def test_header_that_does_not_fit__refuses_the_file_and_those_before_it(
    application: Application, tmp_path: Path, header: str, message: str
) -> None:
    good = activities_file(tmp_path, activity_line(1))
    bad = text_file(tmp_path / "bad.csv", *([header, "1,2,3,4"] if header else []))
    with pytest.raises(AdministrationError, match=message):
        load_activity_files(application, good, bad)
    assert activities_in(application).is_empty()


def test_second_load__finds_everything_there(application: Application, tmp_path: Path) -> None:
    file = activities_file(tmp_path, *(activity_line(guid) for guid in (5, 3, 5, 4)))
    assert counts(load_activity_files(application, file)) == (3, 0, 1)
    assert counts(load_activity_files(application, file)) == (0, 0, 4)
    more = activities_file(tmp_path, activity_line(4, leadId=8), activity_line(6))
    assert counts(load_activity_files(application, more)) == (1, 0, 1)
    assert activities_in(application)["leadId"].to_list() == [7, 7, 7, 7]


def test_row_without_guid__is_known_again_by_its_place_in_the_file(
    application: Application, tmp_path: Path
) -> None:
    file = text_file(
        tmp_path / "a.csv",
        "leadId,activityDate,activityTypeId",
        "7,2026-02-03,1",
        "7,2026-02-03,1",
    )
    assert counts(load_activity_files(application, file)) == (2, 0, 0)
    assert counts(load_activity_files(application, file)) == (0, 0, 2)
    other = text_file(
        tmp_path / "b.csv",
        "marketoGUID,leadId,activityDate,activityTypeId",
        "null,7,2026-02-03,1",
        "9,7,2026-02-03,1",
    )
    assert counts(load_activity_files(application, other)) == (2, 0, 0)
    guids = activities_in(application)["marketoGUID"].to_list()
    assert guids[0] == 9
    assert len(guids) == 4
    assert all(guid > FIRST_LOADED_ACTIVITY for guid in guids[1:])


def test_guid_from_a_file__is_never_given_out_again(
    application: Application, tmp_path: Path
) -> None:
    load_activity_files(application, activities_file(tmp_path, activity_line(4711)))
    with application.database.read() as connection:
        subscription_id = application.subscriptions.default_id()
        assert next_number(connection, subscription_id, SequenceKind.ACTIVITY) == 4712


def test_unknown_type__is_registered_when_asked(application: Application, tmp_path: Path) -> None:
    file = activities_file(
        tmp_path,
        activity_line(1, activityTypeId=777, attributes='"{""a"": 1, ""b"":""""}"'),
        activity_line(2, activityTypeId=0),
    )
    assert counts(load_activity_files(application, file, register_types=True)) == (1, 1, 0)
    types = application.subscriptions.activity_types(application.subscriptions.default_id())
    assert types[777].name == "Activity type 777"
    assert activities_in(application)["attributes"].to_list() == ['{"a":1}']


def test_delete_lead__is_loaded(application: Application, tmp_path: Path) -> None:
    file = activities_file(tmp_path, activity_line(1, activityTypeId=37, attributes=""))
    assert counts(load_activity_files(application, file)) == (1, 0, 0)


def test_action_result__is_one_of_three(application: Application, tmp_path: Path) -> None:
    file = text_file(
        tmp_path / "a.csv",
        "marketoGUID,leadId,activityDate,activityTypeId,actionResult",
        "1,7,2026-02-03,1,Succeeded",
        "2,7,2026-02-03,1,null",
        "3,7,2026-02-03,1,done",
    )
    report = load_activity_files(application, file)
    assert activities_in(application)["actionResult"].to_list() == ["succeeded", None]
    assert [(line, field) for line, field, *_ in rejects_in(report)] == [(4, "actionResult")]


def test_attributes__are_made_canonical(application: Application, tmp_path: Path) -> None:
    file = activities_file(
        tmp_path,
        activity_line(
            1,
            activityTypeId=2,
            attributes='"{ ""Webpage ID"": ""12"",\n ""User Agent"": """", ""New"": 1.10 }"',
        ),
    )
    assert counts(load_activity_files(application, file)) == (1, 0, 0)
    assert activities_in(application)["attributes"].to_list() == ['{"Webpage ID":12,"New":1.10}']


def test_small_batches__load_the_same(
    application: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "BATCH_BYTES", 1)
    files = [
        activities_file(tmp_path, *(activity_line(guid) for guid in guids), name=f"{guids}.csv")
        for guids in (range(1, 50), range(40, 90))
    ]
    assert counts(load_activity_files(application, *files)) == (89, 0, 10)
    log = application.activity_log(application.subscriptions.default_id())
    assert log.snapshot().version == 2


def test_damaged_gzip__keeps_what_came_before(application: Application, tmp_path: Path) -> None:
    whole = activities_file(tmp_path, *(activity_line(guid) for guid in range(1, 3000)))
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress(whole.read_bytes())[:-200])
    report = load_activity_files(application, packed)
    assert report.loaded > 0
    assert "compressed data is damaged" in rejects_in(report)[-1][2]


def test_progress__tells_rows_and_bytes(application: Application, tmp_path: Path) -> None:
    heard: list[tuple[int, int, int]] = []
    file = activities_file(tmp_path, activity_line(1), activity_line("x"))

    def hear(rows: int, bytes_done: int, bytes_total: int) -> None:
        heard.append((rows, bytes_done, bytes_total))

    loading.load_activities(application, [file], progress=hear)
    size = file.stat().st_size
    assert heard[-1] == (2, size, size)


def test_reject_file__is_where_it_was_asked_for(application: Application, tmp_path: Path) -> None:
    file = activities_file(tmp_path, activity_line("x"))
    place = tmp_path / "elsewhere" / "bad.csv"
    assert load_activity_files(application, file, reject_path=place).reject_file == place
    default = load_activity_files(application, file).reject_file
    assert default is not None
    assert default.parent == application.settings.home / "rejects"
    good = activities_file(tmp_path, activity_line(1))
    assert load_activity_files(application, good).reject_file is None


def test_rejected_text__can_be_loaded_once_mended(application: Application, tmp_path: Path) -> None:
    awkward = activity_line("x", primaryAttributeValue='"a ""quoted"", text\nof two lines"')
    report = load_activity_files(application, activities_file(tmp_path, awkward))
    ((line, _, _, text),) = rejects_in(report)
    assert (line, text) == (2, awkward)
    mended = activities_file(tmp_path, text.replace("x", "1", 1))
    assert counts(load_activity_files(application, mended)) == (1, 0, 0)


def test_log__stays_readable_by_its_schema(application: Application, tmp_path: Path) -> None:
    load_activity_files(application, activities_file(tmp_path, activity_line(1)))
    assert activities_in(application)["activityDate"].dtype == pl.Datetime("us", "UTC")
