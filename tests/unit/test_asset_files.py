"""Asset files: what they make, and that a second load changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Table, select

from tailrace.domain.asset_entries import EntryKind
from tailrace.domain.errors import AdministrationError
from tailrace.ingest.assets import load_assets
from tailrace.store.tables import (
    campaign,
    channel,
    form,
    hot_activity,
    program,
    program_member,
    static_list,
    static_list_member,
)
from tests.support.application import SteppedApplication
from tests.support.asset_files import AssetLoader, asset_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tailrace.app import Application
    from tests.support.world import World

WHOLE = """
fields:
  - {name: favouriteColour, displayName: Favourite Colour, type: string, length: 40}
channels:
  - name: Roadshow
    type: event
    statuses:
      - {name: Not in Program, step: 0}
      - {name: Invited, step: 10}
      - {name: Attended, step: 20, success: true, description: Was there}
programs:
  # Before the program around it.
  - {name: Berlin, program: Spring, channel: Roadshow, tags: {Region: EMEA}}
  - name: Spring
    id: 4711
    channel: Nurture
    status: on
    description: "Everything in spring"
    createdAt: 2024-01-01T00:00:00Z
    costs:
      - {startDate: 2026-03-01, cost: 500, note: Booth}
campaigns:
  - {name: Score visits, type: trigger, active: true}
lists:
  - {name: All Customers, members: [1, BOB@example.com]}
  - {name: Guests, program: Berlin}
listMembers:
  - {list: Guests, program: Berlin, lead: 3}
forms:
  - {name: Contact, program: Spring, status: draft, fields: [email, favouriteColour]}
smartLists:
  - name: Spring Germans
    rule:
      all:
        - {field: country, operator: is, values: [Germany, 'true']}
programMembers:
  - {program: Berlin, lead: ada@example.com, status: attended, registrationCode: x}
  - {program: Spring, lead: 2, membershipDate: 2024-02-01}
"""


@pytest.fixture
def stepped(make_world: Callable[[], World]) -> Iterator[SteppedApplication]:
    """The application on the hand-written world: its leads 1 to 7."""
    opened = SteppedApplication.open(make_world().home.path)
    yield opened
    opened.close()


@pytest.fixture
def application(stepped: SteppedApplication) -> Application:
    return stepped.application


@pytest.fixture
def load(application: Application, tmp_path: Path) -> AssetLoader:
    return AssetLoader(application, tmp_path)


def row_of(application: Application, table: Table, name: str) -> dict[str, Any]:
    with application.database.read() as connection:
        return dict(connection.execute(select(table).filter_by(name=name)).mappings().one())


def test_whole_file__makes_everything_and_tells_nothing_to_the_log(
    load: AssetLoader, application: Application
) -> None:
    report = load(WHOLE)
    assert report == {
        "fields": {"created": 1},
        "channels": {"created": 1},
        "programs": {"created": 2},
        "campaigns": {"created": 1},
        "lists": {"created": 2},
        "forms": {"created": 1},
        "smartLists": {"created": 1},
        "listMembers": {"created": 1},
        "programMembers": {"created": 2},
    }
    spring = row_of(application, program, "Spring")
    assert (spring["id"], spring["type"], spring["status"]) == (4711, "Engagement", "on")
    assert spring["created_at"].isoformat() == "2024-01-01T00:00:00+00:00"
    assert spring["costs"] == '[{"startDate":"2026-03-01","cost":500,"note":"Booth"}]'
    berlin = row_of(application, program, "Berlin")
    assert (berlin["parent_id"], berlin["type"]) == (4711, "Event")
    assert berlin["tags"] == '[{"tagType":"Region","tagValue":"EMEA"}]'
    assert row_of(application, form, "Contact")["fields"] == '["email","favouriteColour"]'
    customers = row_of(application, static_list, "All Customers")
    with application.database.read() as connection:
        members = select(static_list_member.c.lead_id).filter_by(list_id=customers["id"])
        assert sorted(connection.execute(members).scalars()) == [1, 2]
        assert connection.execute(select(hot_activity)).all() == []
        joined = select(program_member).order_by(program_member.c.lead_id)
        first, second = connection.execute(joined).all()
    assert (first.lead_id, first.program_id, first.status_name) == (1, berlin["id"], "Attended")
    assert (first.reached_success, first.data) == (True, '{"registrationCode":"x"}')
    assert (second.program_id, second.status_name) == (4711, "Member")
    assert second.member_since.isoformat() == "2024-02-01T00:00:00+00:00"


def test_same_file_again__changes_nothing(
    load: AssetLoader, application: Application, stepped: SteppedApplication
) -> None:
    load(WHOLE)
    before = asset_rows(application)
    stepped.clock.advance(hours=1)
    assert all(set(outcomes) == {"unchanged"} for outcomes in load(WHOLE).values())
    assert asset_rows(application) == before


def test_changed_entry__changes_what_it_names_and_the_date(
    load: AssetLoader, application: Application, stepped: SteppedApplication
) -> None:
    load(WHOLE)
    before = row_of(application, program, "Berlin")
    stepped.clock.advance(hours=1)
    assert load("programs: [{name: Berlin, tags: {}, program: null}]") == {
        "programs": {"changed": 1}
    }
    after = row_of(application, program, "Berlin")
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"tags", "parent_id", "updated_at"}


def test_channel__gains_a_status_and_keeps_the_numbers_of_the_others(
    load: AssetLoader, application: Application
) -> None:
    load(WHOLE)
    before = row_of(application, channel, "Roadshow")["statuses"]
    more = WHOLE.replace("- {name: Invited, step: 10}", "- {name: Invited, step: 10}\n"
                         "      - {name: Registered, step: 15}")  # fmt: skip
    assert load(more)["channels"] == {"changed": 1}
    after = row_of(application, channel, "Roadshow")["statuses"]
    assert [one["id"] for one in _json(after) if one["name"] != "Registered"] == [
        one["id"] for one in _json(before)
    ]
    assert len({one["id"] for one in _json(after)}) == 4


def _json(text: str) -> list[dict[str, Any]]:
    import json

    return json.loads(text)


def test_rule__may_name_a_list_of_the_same_file(load: AssetLoader) -> None:
    report = load(
        "smartLists: [{name: Guests only, rule: {list: 4711}}]\nlists: [{name: Guests, id: 4711}]"
    )
    assert report == {"lists": {"created": 1}, "smartLists": {"created": 1}}


def test_list_of_one_name__is_another_in_each_program(
    load: AssetLoader, application: Application
) -> None:
    load("lists: [{name: Same}, {name: Same, program: Child}]")
    with application.database.read() as connection:
        rows = connection.execute(select(static_list.c.program_id).filter_by(name="Same"))
        assert set(rows.scalars()) == {None, 1012}
    assert load("lists: [{name: Same, members: [1]}]") == {"lists": {"changed": 1}}


CSV_FILES = {
    "channels.csv": "name,type,statuses\n"
    'Fair,event,"[{""name"":""None"",""step"":0},{""name"":""In"",""step"":5}]"\n',
    "programs.csv": 'name,channel,program,description,tags\nHall 7,Fair,,"with, comma",\n'
    'Booth,Fair,Hall 7,"two\nlines","{""Region"":""EMEA""}"\n',
    "lists.csv": "name,program,members\nGuests,Hall 7,1;bob@example.com\nAlone,,\n",
    "list-members.csv": "list,program,lead\nGuests,Hall 7,3\nAlone,,ada@example.com\n",
    "forms.csv": "name,fields,status\nAsk,email;firstName,draft\n",
    "smart_lists.csv": "name,rule\n"
    'Germans 2,"{""field"":""country"",""operator"":""is"",""values"":[""Germany""]}"\n',
    "campaigns.csv": "name,type,active,id\nNightly,batch,true,5000\n",
    "fields.csv": "name,type,length\nshoeSize,integer,\n",
    "Program Members.csv": "program,lead,status,acquiredBy\nHall 7,1,In,true\n",
}


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_csv_files__hold_the_kind_that_their_name_tells(
    load: AssetLoader, application: Application, ending: str
) -> None:
    for name, text in CSV_FILES.items():
        report = load(text.replace("\n", ending) if name != "programs.csv" else text, name)
        assert {*next(iter(report.values()))} == {"created"}
    booth = row_of(application, program, "Booth")
    assert booth["description"] == "two\nlines"
    assert row_of(application, campaign, "Nightly")["id"] == 5000
    assert row_of(application, form, "Ask")["fields"] == '["email","firstName"]'
    for name, text in CSV_FILES.items():
        assert set(*load(text, name).values()) == {"unchanged"}


def test_csv_file__of_another_name_wants_its_kind(load: AssetLoader) -> None:
    assert "its name does not tell what it holds; --kind is one of" in load.refusal(
        "name\nx\n", "export.csv"
    )
    assert load("name\nx\n", "export.csv", EntryKind.LISTS) == {"lists": {"created": 1}}


def test_empty_file__loads_nothing(load: AssetLoader) -> None:
    assert load("") == {}
    assert load("lists: []\n") == {}
    assert load("", "lists.csv") == {}


def test_second_file__refused_leaves_the_first(application: Application, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("lists: [{name: First}]")
    (tmp_path / "b.yaml").write_text("lists: [{name: Second}, {name: Third, program: No}]")
    with pytest.raises(AdministrationError):
        load_assets(application, [tmp_path / "a.yaml", tmp_path / "b.yaml"])
    with application.database.read() as connection:
        names = set(connection.execute(select(static_list.c.name)).scalars())
    assert "First" in names
    assert "Second" not in names
