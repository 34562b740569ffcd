"""Loading leads: new, changed, the same, rejected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tailrace.domain.errors import AdministrationError
from tailrace.domain.instants import format_instant
from tailrace.domain.lead_fields import DataType
from tailrace.ingest import leads as loading
from tailrace.store.lead_batch import next_lead_id
from tests.support.application import SteppedApplication
from tests.support.loading import (
    counts,
    leads_in,
    load_lead_files,
    rejects_in,
    text_file,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tailrace.app import Application
    from tailrace.ingest.loading import LoadReport


@pytest.fixture
def stepped(tmp_path: Path) -> Iterator[SteppedApplication]:
    stepped = SteppedApplication.open(tmp_path / "home")
    yield stepped
    stepped.close()


@pytest.fixture
def application(stepped: SteppedApplication) -> Application:
    return stepped.application


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path


def load(application: Application, directory: Path, *lines: str, **options: Any) -> LoadReport:
    """Load a CSV of these lines."""
    return load_lead_files(application, text_file(directory / "leads.csv", *lines), **options)


def stored(application: Application, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(one.get(name) for name in names) for one in leads_in(application)]


def test_new_lead__has_the_defaults_of_every_lead(
    application: Application, stepped: SteppedApplication, directory: Path
) -> None:
    report = load(application, directory, "email,FIRSTNAME,lastName", "Ada@x.org,Ada,Lovelace")
    assert counts(report) == (1, 0, 0)
    assert (report.created, report.updated) == (1, 0)
    now = format_instant(stepped.clock())
    (one,) = leads_in(application)
    assert one == {
        "subscription_id": 1,
        "id": 1,
        "email": "Ada@x.org",
        "firstName": "Ada",
        "lastName": "Lovelace",
        "mktoName": "Ada Lovelace",
        "createdAt": now,
        "updatedAt": now,
        "changed_at": now,
        "custom": "{}",
        "personType": "contact",
        "leadPartitionId": 1,
        "leadPerson": 1,
        "personPrimaryLeadInterest": 1,
        "isLead": True,
        **dict.fromkeys(
            [
                "mktoIsPartner",
                "mktoIsCustomer",
                "isAnonymous",
                "emailInvalid",
                "unsubscribed",
                "doNotCall",
                "marketingSuspended",
                "blackListed",
            ],
            False,
        ),
    }


def test_given_id_and_moments__are_kept(application: Application, directory: Path) -> None:
    load(
        application,
        directory,
        "id,createdAt,updatedAt,isLead,mktoName",
        "40,2020-01-01T00:00:00+01:00,2021-01-01,false,Someone",
        "null,null,null,null,null",
    )
    names = ("id", "createdAt", "updatedAt", "changed_at", "isLead", "mktoName")
    given, other = stored(application, *names)
    assert given == (
        40,
        "2019-12-31T23:00:00Z",
        "2021-01-01T00:00:00Z",
        "2021-01-01T00:00:00Z",
        False,
        "Someone",
    )
    assert other[0] > 40
    assert other[4:] == (True, None)


def test_new_lead__never_takes_the_id_of_a_later_row(
    application: Application, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "ROWS_PER_TRANSACTION", 1)
    report = load(
        application, directory, "id,email", ",a@x.org", ",", "1,b@x.org", "2,c@x.org", "4,d@x.org"
    )
    assert report.created == 5
    assert len(leads_in(application)) == 5


def test_values__rest_by_their_fields_type(application: Application, directory: Path) -> None:
    subscription_id = application.subscriptions.default_id()
    for name, data_type in (
        ("points", DataType.INTEGER),
        ("vip", DataType.BOOLEAN),
        ("worth", DataType.CURRENCY),
    ):
        application.subscriptions.create_lead_field(
            subscription_id, name=name, display_name=name, data_type=data_type
        )
    load(
        application,
        directory,
        "email,leadScore,annualRevenue,Points,VIP,worth,title",
        'a@x.org,007,1e3,5,1,2.50,"two\r\nlines"',
    )
    (one,) = leads_in(application)
    assert (one["leadScore"], one["annualRevenue"], one["title"]) == (7, "1000", "two\nlines")
    assert one["custom"] == '{"points":5,"vip":true,"worth":"2.5"}'


def test_row__is_matched_by_address_in_any_case(application: Application, directory: Path) -> None:
    load(application, directory, "email,city", "Ada@X.org,London", "ÄDA@x.org,Wien")
    report = load(application, directory, "email,city", "ada@x.ORG,Paris", "äda@x.org,Graz")
    assert (report.created, report.updated) == (1, 1)
    assert stored(application, "id", "email", "city") == [
        (1, "ada@x.ORG", "Paris"),
        (2, "ÄDA@x.org", "Wien"),
        (3, "äda@x.org", "Graz"),
    ]


def test_address_of_several_leads__is_rejected(application: Application, directory: Path) -> None:
    load(application, directory, "id,email", "1,a@x.org", "2,A@x.org", "3,b@x.org")
    report = load(application, directory, "email,city", "a@x.org,Rom", "b@x.org,Rom")
    assert counts(report) == (1, 1, 0)
    assert rejects_in(report) == [(2, "email", "several leads have this address", "a@x.org,Rom")]


def test_later_row__sees_what_an_earlier_one_did(application: Application, directory: Path) -> None:
    report = load(
        application,
        directory,
        "id,email,city",
        ",a@x.org,Rom",
        ",A@x.org,Oslo",
        "9,b@x.org,Bern",
        "9,c@x.org,Bern",
        ",b@x.org,Kyiv",
        ",c@x.org,Bern",
    )
    assert (report.created, report.updated, report.already_there) == (3, 2, 1)
    assert stored(application, "id", "email", "city") == [
        (9, "c@x.org", "Bern"),
        (10, "A@x.org", "Oslo"),
        (11, "b@x.org", "Kyiv"),
    ]


def test_same_content__is_already_there(application: Application, directory: Path) -> None:
    lines = ("id,email,leadScore,annualRevenue,unsubscribed", "1,a@x.org,5,1.0,null")
    load(application, directory, *lines)
    before = leads_in(application)
    assert counts(load(application, directory, *lines)) == (0, 0, 1)
    assert counts(load(application, directory, *lines, "2,bad,,,", "")) == (0, 1, 1)
    assert leads_in(application) == before


def test_standard_change__moves_both_moments(
    application: Application, stepped: SteppedApplication, directory: Path
) -> None:
    load(application, directory, "id,firstName,lastName", "1,Ada,King")
    stepped.clock.advance(hours=1)
    load(application, directory, "id,lastName", "1,Lovelace")
    now = format_instant(stepped.clock())
    names = ("mktoName", "updatedAt", "changed_at")
    assert stored(application, *names) == [("Ada Lovelace", now, now)]


def test_custom_change__moves_only_the_watermark(
    application: Application, stepped: SteppedApplication, directory: Path
) -> None:
    load(application, directory, "id,colour", "1,red", create_fields=True)
    then = format_instant(stepped.clock())
    stepped.clock.advance(hours=1)
    load(application, directory, "id,colour", "1,blue")
    now = format_instant(stepped.clock())
    assert stored(application, "custom", "updatedAt", "changed_at") == [
        ('{"colour":"blue"}', then, now)
    ]


def test_given_updated_at__wins_and_the_watermark_never_goes_back(
    application: Application, stepped: SteppedApplication, directory: Path
) -> None:
    header = "id,city,updatedAt"
    load(application, directory, header, "1,Rom,2026-02-01")
    load(application, directory, header, "1,Oslo,2026-02-05")
    assert stored(application, "updatedAt", "changed_at") == [("2026-02-05T00:00:00Z",) * 2]
    load(application, directory, header, "1,Bern,2026-02-03")
    now = format_instant(stepped.clock())
    assert stored(application, "updatedAt", "changed_at") == [("2026-02-03T00:00:00Z", now)]


def test_empty_cell__clears_the_field(application: Application, directory: Path) -> None:
    load(application, directory, "id,city,colour,doNotCall", "1,Rom,red,true", create_fields=True)
    load(application, directory, "id,city,colour,doNotCall", "1,,null,")
    assert stored(application, "city", "custom", "doNotCall") == [(None, "{}", False)]


def test_member_that_is_not_mentioned__stays_as_it_is(
    application: Application, directory: Path
) -> None:
    file = text_file(
        directory / "a.ndjson",
        '{"id":1,"city":"Rom","title":"Buyer"}',
        '{"id":1,"city":null}',
        '{"id":2,"city":"Oslo","leadScore":5,"unsubscribed":true}',
    )
    load_lead_files(application, file)
    assert stored(application, "city", "title", "unsubscribed") == [
        (None, "Buyer", False),
        ("Oslo", None, True),
    ]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("x,a@x.org,1,", "id"),
        ("0,a@x.org,1,", "id"),
        (f"{2**53 + 1},a@x.org,1,", "id"),
        ("5,nobody,1,", "email"),
        ("5,a@x.org,many,", "leadScore"),
        ("5,a@x.org,1,2026-13-01", "createdAt"),
        ("5,a@x.org,1", ""),
        (f"5,{'a' * 255}@x.org,1,", "email"),
    ],
)
def test_corrupt_row__is_rejected_alone(
    application: Application, directory: Path, line: str, field: str
) -> None:
    header = "id,email,leadScore,createdAt"
    report = load(application, directory, header, "3,c@x.org,1,", line, "4,d@x.org,1,")
    assert counts(report) == (2, 1, 0)
    assert [(at, where) for at, where, *_ in rejects_in(report)] == [(3, field)]


def test_unknown_column__refuses_the_file(application: Application, directory: Path) -> None:
    with pytest.raises(AdministrationError, match="'colour', 'First Name'"):
        load(application, directory, "email,colour,First Name", "a@x.org,red,Ada")
    assert leads_in(application) == []


def test_unknown_column__becomes_a_field_when_asked(
    application: Application, directory: Path
) -> None:
    load(application, directory, "email,favouriteColour", "a@x.org,red", create_fields=True)
    fields = application.subscriptions.lead_fields(application.subscriptions.default_id())
    made = fields["favouritecolour"]
    assert (made.name, made.data_type, made.length) == ("favouriteColour", DataType.STRING, 255)
    file = text_file(directory / "a.ndjson", '{"email":"a@x.org","shoeSize":"44"}')
    load_lead_files(application, file, create_fields=True)
    assert stored(application, "custom") == [('{"favouriteColour":"red","shoeSize":"44"}',)]


def test_column_that_cannot_be_a_field__refuses_the_file(
    application: Application, directory: Path
) -> None:
    with pytest.raises(AdministrationError, match="'shoe size'"):
        load(application, directory, "email,shoe size", "a@x.org,44", create_fields=True)
    assert leads_in(application) == []


def test_row_without_id_and_address__is_known_by_its_place(
    application: Application, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "ROWS_PER_TRANSACTION", 2)
    lines = ("email,city", ",Rom", "a@x.org,Oslo", ",Bern", ",Rom", "bad,")
    assert counts(load(application, directory, *lines)) == (4, 1, 0)
    assert counts(load(application, directory, *lines)) == (0, 1, 4)
    assert sorted(city for (city,) in stored(application, "city")) == ["Bern", "Oslo", "Rom", "Rom"]


def test_completed_file__is_not_looked_at_again(
    application: Application, stepped: SteppedApplication, directory: Path
) -> None:
    lines = ("id,city", "1,Rom", "2,Oslo")
    load(application, directory, *lines)
    load(application, directory, "id,city", "1,Bern")
    assert counts(load(application, directory, *lines)) == (0, 0, 2)
    assert stored(application, "city") == [("Bern",), ("Oslo",)]


def test_file_with_rejections__is_not_applied_again(
    application: Application,
    stepped: SteppedApplication,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loading, "ROWS_PER_TRANSACTION", 1)
    lines = ("id,city", "1,Rom", "x,Bern", "1,Oslo")
    assert counts(load(application, directory, *lines)) == (2, 1, 0)
    before = leads_in(application)
    stepped.clock.advance(hours=1)
    again = load(application, directory, *lines)
    assert counts(again) == (0, 1, 2)
    assert rejects_in(again) == [(3, "id", "not of type integer: x", "x,Bern")]
    assert leads_in(application) == before


def test_row_that_was_rejected__is_loaded_once_it_can_be(
    application: Application, directory: Path
) -> None:
    load(application, directory, "id,email,city", "1,a@x.org,Bern", "2,a@x.org,Bern")
    lines = ("email,city", "a@x.org,Rom", "b@x.org,Oslo")
    assert counts(load(application, directory, *lines)) == (1, 1, 0)
    load(application, directory, "id,email,city", "2,c@x.org,Bern", "3,b@x.org,Kyiv")
    assert counts(load(application, directory, *lines)) == (1, 0, 1)
    assert counts(load(application, directory, *lines)) == (0, 0, 2)
    assert stored(application, "city") == [("Rom",), ("Bern",), ("Kyiv",)]


def test_given_id__pushes_the_numbers_forward(application: Application, directory: Path) -> None:
    load(application, directory, "id,city", "500,Rom")
    load(application, directory, "email", "a@x.org")
    assert stored(application, "id") == [(500,), (501,)]
    with application.database.read() as connection:
        assert next_lead_id(connection, application.subscriptions.default_id()) == 502


def test_exported_values__load_back_unchanged(application: Application, directory: Path) -> None:
    """What an export writes of every field, read back into an empty home, is the same lead."""
    load(
        application,
        directory,
        "id,email,firstName,lastName,leadScore,annualRevenue,dateOfBirth,emailSuspendedAt,cookies",
        '7,a@x.org," Ada","O""Brien",-3,12.5,1990-01-02,2026-01-01,"c1,c2"',
    )
    (before,) = leads_in(application)
    names = [name for name in before if name not in ("subscription_id", "changed_at", "custom")]
    cells = [
        str(before[name]).lower()
        if isinstance(before[name], bool)
        else f'"{_doubled(before[name])}"'
        for name in names
    ]
    report = load(application, directory, ",".join(names), ",".join(cells))
    assert counts(report) == (0, 0, 1)


def _doubled(value: object) -> str:
    return str(value).replace('"', '""')
