"""Sample data: what was asked for, the same every time, and as the ground truth says."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from sqlalchemy import select

from tailrace.domain.activity_attributes import NOT_COMPACT, AttributeRules
from tailrace.domain.caller import Caller
from tailrace.domain.errors import AdministrationError
from tailrace.domain.export_job import ObjectFamily
from tailrace.domain.permissions import Permission
from tailrace.sample import happenings, people
from tailrace.sample.plan import SeedPlan
from tailrace.sample.seeding import seed
from tailrace.store.tables import (
    campaign,
    channel,
    form,
    program,
    program_member,
    smart_list,
    static_list,
    static_list_member,
)
from tests.support.application import SteppedApplication
from tests.support.loading import activities_in, leads_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tailrace.app import Application

#: Before the stepped clock's now, so that smart lists look back on all of it.
UNTIL = datetime(2026, 3, 1, tzinfo=UTC)
PLAN = SeedPlan(leads=900, activities=6000, days=31, until=UNTIL)


@dataclass(frozen=True, slots=True)
class Seeded:
    """A home with the data of one plan."""

    stepped: SteppedApplication
    truth: dict[str, Any]

    @classmethod
    def make(cls, directory: Path, plan: SeedPlan = PLAN) -> Seeded:
        stepped = SteppedApplication.open(directory / "home")
        return cls(stepped, seeded_truth(stepped.application, directory, plan))

    @property
    def application(self) -> Application:
        return self.stepped.application

    def export(
        self, family: ObjectFamily, filters: dict[str, Any], fields: list[str] | None = None
    ) -> list[dict[str, str]]:
        """The rows of a result file."""
        identity = self.application.identity
        subscription_id = self.application.subscriptions.default_id()
        email = f"user{len(identity.services(subscription_id))}@example.com"
        identity.create_service(subscription_id, email)
        user_id = self.application.api_users.create(subscription_id, f"also-{email}")
        caller = Caller(subscription_id, user_id, email, frozenset(Permission))
        body = {"filter": filters, "fields": fields}
        text = self.stepped.export(caller, family, body).content.decode()
        return list(csv.DictReader(io.StringIO(text, newline="")))


def seeded_truth(application: Application, directory: Path, plan: SeedPlan) -> dict[str, Any]:
    """Make the plan's data; what the ground truth says about it."""
    path = directory / "truth" / "truth.json"
    seed(application, plan, truth_path=path)
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    seeded = Seeded.make(tmp_path_factory.mktemp("seeded"))
    yield seeded
    seeded.stepped.close()


def test_truth__is_what_the_home_holds(seeded: Seeded) -> None:
    truth, application = seeded.truth, seeded.application
    subscription_id = application.subscriptions.default_id()
    assert truth["leads"] == len(leads_in(application)) == PLAN.leads
    counts = application.activity_log(subscription_id).count_by_type()
    assert truth["activities"] == {str(one): count for one, count in counts.items()}
    assert sum(counts.values()) == PLAN.activities
    assert truth["window"] == {"startAt": "2026-01-29T00:00:00Z", "endAt": "2026-03-01T00:00:00Z"}
    with application.database.read() as connection:
        rows = connection.execute(
            select(static_list_member.c.list_id, static_list_member.c.lead_id).order_by(
                static_list_member.c.list_id, static_list_member.c.lead_id
            )
        ).all()
    members: dict[str, list[int]] = {}
    for list_id, lead_id in rows:
        members.setdefault(str(list_id), []).append(lead_id)
    assert members == truth["listMembers"]
    assert members.keys() == truth["lists"].keys()


def test_smart_lists__have_the_members_that_the_truth_names(seeded: Seeded) -> None:
    truth = seeded.truth
    assert len(truth["smartLists"]) == 6
    for list_id in truth["smartLists"]:
        rows = seeded.export(ObjectFamily.LEADS, {"smartListId": int(list_id)}, ["id"])
        assert [int(row["id"]) for row in rows] == truth["smartListMembers"][list_id]
        assert 0 < len(rows) < PLAN.leads


def test_lists_with_one_name__are_told_apart_by_their_program(seeded: Seeded) -> None:
    truth = seeded.truth
    twice = [one for one, name in truth["lists"].items() if name == "Attendees"]
    assert len(twice) == 2
    for list_id in twice:
        name = truth["storedNames"][list_id]
        rows = seeded.export(ObjectFamily.LEADS, {"staticListName": name}, ["id"])
        assert [int(row["id"]) for row in rows] == truth["listMembers"][list_id]


def test_lead_sample__is_what_an_export_shows(seeded: Seeded) -> None:
    sample = seeded.truth["leadSample"]
    fields = list(next(iter(sample.values())))
    window = seeded.truth["window"]
    rows = seeded.export(ObjectFamily.LEADS, {"createdAt": window}, fields)
    assert len(rows) == PLAN.leads
    exported = {row["id"]: row for row in rows}
    for lead_id, values in sample.items():
        shown = {name: value or "null" for name, value in values.items() if name in fields}
        assert exported[lead_id] == shown


def test_activity_export__finds_all_but_delete_lead(seeded: Seeded) -> None:
    rows = seeded.export(ObjectFamily.ACTIVITIES, {"createdAt": seeded.truth["window"]})
    counts = Counter(row["activityTypeId"] for row in rows)
    expected = dict(seeded.truth["activities"])
    assert expected.pop("37") > 0
    assert counts == expected


def test_primary_attribute__points_to_what_was_made(seeded: Seeded) -> None:
    names = seeded.truth["storedNames"]
    activities = activities_in(seeded.application)
    for type_id in (2, 24, 25, 104):
        of_type = activities.filter(pl.col("activityTypeId") == type_id)
        pairs = of_type.select("primaryAttributeValueId", "primaryAttributeValue").unique().rows()
        assert pairs
        assert all(names[str(asset_id)] == name for asset_id, name in pairs)
    assert any(name.count(".") >= 3 for name in names.values())


def test_everything__lies_in_the_window_in_order(seeded: Seeded) -> None:
    window = seeded.truth["window"]
    activities = activities_in(seeded.application)
    assert activities["marketoGUID"].to_list() == list(range(1, PLAN.activities + 1))
    assert activities["activityDate"].is_sorted()
    dates = activities["activityDate"].dt.to_string("%Y-%m-%dT%H:%M:%SZ")
    leads = leads_in(seeded.application)
    moments = [one[name] for one in leads for name in ("createdAt", "updatedAt", "changed_at")]
    assert all(window["startAt"] <= one <= window["endAt"] for one in (*moments, *dates))
    created = [one["createdAt"] for one in leads]
    assert created == sorted(created)
    assert all(one["createdAt"] <= one["updatedAt"] <= one["changed_at"] for one in leads)


def test_activity__happens_to_a_lead_that_exists_by_then(seeded: Seeded) -> None:
    created = {one["id"]: one["createdAt"] for one in leads_in(seeded.application)}
    activities = activities_in(seeded.application).with_columns(
        pl.col("activityDate").dt.to_string("%Y-%m-%dT%H:%M:%SZ")
    )
    rows = activities.select("leadId", "activityDate", "activityTypeId").rows()
    for lead_id, at, type_id in rows:
        if type_id == 37:
            assert lead_id not in created
        else:
            assert created[lead_id] <= at


def test_attributes__are_canonical_and_as_declared(seeded: Seeded) -> None:
    types = seeded.application.subscriptions.activity_types(
        seeded.application.subscriptions.default_id()
    )
    for (type_id,), rows in activities_in(seeded.application).group_by("activityTypeId"):
        assert isinstance(type_id, int)
        documents = rows["attributes"].to_list()
        assert AttributeRules(types[type_id]).find_unconfirmed(documents) == []
        declared = {one.name for one in types[type_id].attributes}
        assert all(json.loads(one).keys() <= declared for one in documents)
        doubtful = [one for one in documents if any(re.search(each, one) for each in NOT_COMPACT)]
        assert all(AttributeRules(types[type_id]).canonical(one) == one for one in doubtful)


def test_awkward_values__are_among_the_data(seeded: Seeded) -> None:
    leads = json.dumps(leads_in(seeded.application), ensure_ascii=False)
    attributes = "".join(activities_in(seeded.application)["attributes"])
    for text in ("\\n", "\\t", '\\"', "\u2028", "🎉", "=1+1", "  leading"):
        assert text in leads
        assert text in attributes


def test_same_plan__gives_the_same_data_whatever_the_frames(
    seeded: Seeded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "FRAME_ROWS", 77)
    monkeypatch.setattr(happenings, "FRAME_ROWS", 1234)
    again = Seeded.make(tmp_path)
    assert leads_in(again.application) == leads_in(seeded.application)
    assert activities_in(again.application).equals(activities_in(seeded.application))
    for name, part in seeded.truth.items():
        assert name == "leadSample" or again.truth[name] == part
    again.stepped.close()


COUNTED = replace(
    PLAN,
    leads=800,
    activities=3000,
    lists=350,
    programs=250,
    campaigns=310,
    smart_lists=30,
    forms=25,
)


def test_counted_assets__are_as_many_as_asked_for_and_within_the_window(tmp_path: Path) -> None:
    seeded = Seeded.make(tmp_path, COUNTED)
    truth = seeded.truth
    parts = {"lists": 350, "programs": 250, "campaigns": 310, "smartLists": 30, "forms": 25}
    assert {part: len(truth[part]) for part in parts} == parts
    names = json.dumps([*truth["lists"].values(), *truth["programs"].values()], ensure_ascii=False)
    for text in ("\\n", "\\t", '\\"', "\u2028", "🎉", "=1+1", "  leading"):
        assert text in names
    start, end = COUNTED.start, COUNTED.end
    with seeded.application.database.read() as connection:
        for table in (program, static_list, smart_list, form, campaign, channel):
            for row in connection.execute(select(table.c.created_at, table.c.updated_at)):
                assert start <= row.created_at <= row.updated_at <= end
    assert len(set(truth["programs"].values())) == 250
    seeded.stepped.close()


def test_counted_lists__have_the_members_that_the_truth_names(tmp_path: Path) -> None:
    seeded = Seeded.make(tmp_path, COUNTED)
    members = seeded.truth["listMembers"]
    assert max(map(len, members.values())) == 700
    assert min(map(len, members.values())) == 0
    with seeded.application.database.read() as connection:
        rows = connection.execute(
            select(static_list_member.c.list_id, static_list_member.c.lead_id).order_by(
                static_list_member.c.list_id, static_list_member.c.lead_id
            )
        ).all()
    stored: dict[str, list[int]] = {list_id: [] for list_id in members}
    for list_id, lead_id in rows:
        stored[str(list_id)].append(lead_id)
    assert stored == members
    for list_id in list(seeded.truth["smartLists"])[-3:]:
        exported = seeded.export(ObjectFamily.LEADS, {"smartListId": int(list_id)}, ["id"])
        assert [int(row["id"]) for row in exported] == seeded.truth["smartListMembers"][list_id]
    seeded.stepped.close()


def test_truth__counts_fields_types_and_deleted_leads(seeded: Seeded) -> None:
    truth, application = seeded.truth, seeded.application
    subscription_id = application.subscriptions.default_id()
    # All but the one that is exported only where it was switched on.
    fields = list(application.subscriptions.lead_fields(subscription_id))
    assert truth["leadFields"] == len(fields) - 1
    types = application.subscriptions.activity_types(subscription_id)
    assert truth["activityTypes"] == len(types)
    deleted = activities_in(application).filter(pl.col("activityTypeId") == 37)
    assert truth["deletedLeads"] == truth["activities"]["37"] == deleted["leadId"].n_unique() > 0
    assert all("ecids" not in values for values in truth["leadSample"].values())


def test_campaigns_of_activities__are_there_from_the_start(seeded: Seeded) -> None:
    ids = activities_in(seeded.application)["campaignId"].drop_nulls().unique().to_list()
    assert {str(one) for one in ids} == seeded.truth["campaigns"].keys()


def test_leads_that_a_program_brought_in__are_its_members(seeded: Seeded) -> None:
    acquired = {
        one["id"]: one["acquisitionProgramId"]
        for one in leads_in(seeded.application)
        if "acquisitionProgramId" in one
    }
    with seeded.application.database.read() as connection:
        rows = connection.execute(select(program_member)).all()
        channels = {row.name: row.statuses for row in connection.execute(select(channel))}
        programs = {row.id: row.channel for row in connection.execute(select(program))}
    assert {row.lead_id: row.program_id for row in rows} == acquired
    for row in rows:
        statuses = {one["name"]: one for one in json.loads(channels[programs[row.program_id]])}
        assert statuses[row.status_name].get("success", False) == row.reached_success
    assert len({row.id for row in rows}) == len(rows)


def test_other_seed__gives_other_data(seeded: Seeded, tmp_path: Path) -> None:
    other = Seeded.make(tmp_path, replace(PLAN, seed=1))
    assert other.truth["activities"] != seeded.truth["activities"]
    other.stepped.close()


def test_second_run__adds_data_under_new_ids_and_names(tmp_path: Path) -> None:
    plan = replace(PLAN, leads=50, activities=300)
    seeded = Seeded.make(tmp_path, plan)
    truth = seeded_truth(seeded.application, tmp_path, plan)
    assert len(leads_in(seeded.application)) == 100
    assert len(activities_in(seeded.application)) == 600
    for part in ("lists", "programs", "campaigns", "forms", "smartLists"):
        assert truth[part].keys().isdisjoint(seeded.truth[part])
        assert set(truth[part].values()).isdisjoint(seeded.truth[part].values())
    for list_id, members in truth["smartListMembers"].items():
        rows = seeded.export(ObjectFamily.LEADS, {"smartListId": int(list_id)}, ["id"])
        first = seeded.truth["leads"]
        assert [int(row["id"]) for row in rows if int(row["id"]) > first] == members
    seeded.stepped.close()


@pytest.mark.parametrize(("leads", "activities"), [(0, 0), (1, 0), (1, 1), (3, 40)])
def test_small_plans__are_fine(tmp_path: Path, leads: int, activities: int) -> None:
    plan = SeedPlan(leads=leads, activities=activities, days=1, until=UNTIL)
    seeded = Seeded.make(tmp_path, plan)
    assert len(leads_in(seeded.application)) == leads
    assert len(activities_in(seeded.application)) == activities
    seeded.stepped.close()


@pytest.mark.parametrize(("leads", "activities", "days"), [(-1, 0, 1), (0, 1, 1), (1, 1, 0)])
def test_impossible_plan__is_refused(leads: int, activities: int, days: int) -> None:
    with pytest.raises(AdministrationError):
        SeedPlan(leads=leads, activities=activities, days=days, until=UNTIL)


@pytest.mark.parametrize("part", ["lists", "programs", "campaigns", "smart_lists", "forms"])
@pytest.mark.parametrize("count", [-1, 100_001])
def test_impossible_number_of_assets__is_refused(part: str, count: int) -> None:
    with pytest.raises(AdministrationError):
        replace(PLAN, **{part: count})


def test_progress__counts_leads_and_activities(tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []

    def hear(done: int, total: int) -> None:
        heard.append((done, total))

    stepped = SteppedApplication.open(tmp_path / "home")
    plan = replace(PLAN, leads=10, activities=20)
    report = seed(stepped.application, plan, progress=hear)
    assert heard == [(10, 30), (30, 30)]
    assert (report.leads, report.activities, report.truth_path) == (10, 20, None)
    stepped.close()
