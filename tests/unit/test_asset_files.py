"""Asset files: what they make, that a second load changes nothing, and how bad input is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Table, select

from tailrace.domain.asset_entries import EntryKind, Outcome
from tailrace.domain.errors import AdministrationError
from tailrace.ingest.assets import load_assets
from tailrace.store.tables import (
    campaign,
    channel,
    form,
    hot_activity,
    lead_field,
    program,
    program_member,
    smart_list,
    static_list,
    static_list_member,
)
from tests.support.application import SteppedApplication

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
TABLES = (
    lead_field,
    channel,
    program,
    campaign,
    static_list,
    static_list_member,
    form,
    smart_list,
    program_member,
)


@pytest.fixture
def stepped(make_world: Callable[[], World]) -> Iterator[SteppedApplication]:
    """The application on the hand-written world: its leads 1 to 7."""
    opened = SteppedApplication.open(make_world().home.path)
    yield opened
    opened.close()


@pytest.fixture
def application(stepped: SteppedApplication) -> Application:
    return stepped.application


class Loader:
    """Loads texts as files of one directory."""

    def __init__(self, application: Application, directory: Path) -> None:
        self._application = application
        self._directory = directory

    def __call__(
        self, text: str, name: str = "assets.yaml", kind: EntryKind | None = None
    ) -> dict[str, dict[str, int]]:
        """What became of the entries, by kind; outcomes that none had are left out."""
        path = self._directory / name
        path.write_text(text, encoding="utf-8", newline="")
        report = load_assets(self._application, [path], kind)
        return {
            str(one): {str(outcome): found[outcome] for outcome in Outcome if found[outcome]}
            for one, found in report.counts.items()
        }

    def refusal(self, text: str, name: str = "assets.yaml", kind: EntryKind | None = None) -> str:
        """The sentence about a bad file, without its directory; nothing may be stored."""
        before = contents(self._application)
        with pytest.raises(AdministrationError) as caught:
            self(text, name, kind)
        assert contents(self._application) == before
        return str(caught.value).replace(f"{self._directory}/", "")


@pytest.fixture
def load(application: Application, tmp_path: Path) -> Loader:
    return Loader(application, tmp_path)


def contents(application: Application) -> dict[str, list[tuple[object, ...]]]:
    """Every row that asset files may write."""
    with application.database.read() as connection:
        return {one.name: [tuple(row) for row in connection.execute(select(one))] for one in TABLES}


def row_of(application: Application, table: Table, name: str) -> dict[str, Any]:
    with application.database.read() as connection:
        return dict(connection.execute(select(table).filter_by(name=name)).mappings().one())


def test_whole_file__makes_everything_and_tells_nothing_to_the_log(
    load: Loader, application: Application
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
    load: Loader, application: Application, stepped: SteppedApplication
) -> None:
    load(WHOLE)
    before = contents(application)
    stepped.clock.advance(hours=1)
    assert all(set(outcomes) == {"unchanged"} for outcomes in load(WHOLE).values())
    assert contents(application) == before


def test_changed_entry__changes_what_it_names_and_the_date(
    load: Loader, application: Application, stepped: SteppedApplication
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
    load: Loader, application: Application
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


def test_list_of_one_name__is_another_in_each_program(
    load: Loader, application: Application
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
    load: Loader, application: Application, ending: str
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


def test_csv_file__of_another_name_wants_its_kind(load: Loader) -> None:
    assert "its name does not tell what it holds; --kind is one of" in load.refusal(
        "name\nx\n", "export.csv"
    )
    assert load("name\nx\n", "export.csv", EntryKind.LISTS) == {"lists": {"created": 1}}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("lists:\n  - name: A\n  - name: [x]\n",
         "assets.yaml, line 3, lists entry 2, name: Expected 'str', got 'array'."),
        ("lists:\n  - nam: A\n",
         "assets.yaml, line 2, lists entry 1: Object contains unknown field 'nam'."),
        ("lists:\n  - {description: A}\n",
         "assets.yaml, line 2, lists entry 1: Object missing required field 'name'."),
        ("lists:\n  - {name: A, name: B}\n", "assets.yaml, line 2: 'name' is there twice."),
        ("lists: []\nlists: []\n", "assets.yaml, line 2: 'lists' is there twice."),
        ("shelves:\n  - name: A\n", "assets.yaml, line 2: 'shelves' is none of fields, channels,"
         " programs, campaigns, lists, forms, smartLists, listMembers, programMembers."),
        ("lists: {name: A}\n", "assets.yaml, line 1: 'lists' is not a list of entries."),
        ("- name: A\n", "assets.yaml, line 1: a file names its kinds: programs, lists …."),
        ("lists:\n  - name: 'A\n", "assets.yaml: line 3: found unexpected end of stream."),
        ("lists:\n  - {name: ' '}\n", "assets.yaml, line 2, lists entry 1, name: it is blank, or"
         " holds a carriage return or a NUL."),
        ("lists:\n  - {name: A, program: Nowhere}\n",
         "assets.yaml, line 2, lists entry 1, program: there is no program 'Nowhere'."),
        ("lists:\n  - {name: A}\n  - {name: B, members: [1, 999]}\n",
         "assets.yaml, line 3, lists entry 2, members: there is no lead 999."),
        ("lists:\n  - {name: A, members: [no@example.com]}\n",
         "assets.yaml, line 2, lists entry 1, members: no lead has the e-mail address"
         " 'no@example.com'."),
        ("lists:\n  - {name: A, id: 1017}\n",
         "assets.yaml, line 2, lists entry 1, id: 1017 is the id of another static list."),
        ("lists:\n  - {name: Test list, id: 5}\n",
         "assets.yaml, line 2, lists entry 1, id: 'Test list' has the id 1017 already."),
        ("lists:\n  - {name: A, id: 1}\n",
         "assets.yaml, line 2, lists entry 1, id: an id is from 2 to 1,000,000,000."),
        ("lists:\n  - {name: A, createdAt: yesterday}\n",
         "assets.yaml, line 2, lists entry 1, createdAt: 'yesterday' is no ISO 8601 instant."),
        ("programs:\n  - {name: A}\n",
         "assets.yaml, line 2, programs entry 1, channel: a new program needs one."),
        ("programs:\n  - {name: A, channel: Webinar, status: on}\n",
         "assets.yaml, line 2, programs entry 1, status: a program of the type Event has '',"
         " not 'on'."),
        ("programs:\n  - {name: A, channel: Blog, program: B}\n"
         "  - {name: B, channel: Blog, program: A}\n",
         "assets.yaml, line 2, programs entry 1, program: programs are inside each other."),
        ("programs:\n  - {name: API Test Program, program: '123'}\n",
         "assets.yaml, line 2, programs entry 1, program: '123' is itself inside"
         " 'API Test Program'."),
        ("forms:\n  - {name: A, fields: [email, gone]}\n",
         "assets.yaml, line 2, forms entry 1, fields: there is no lead field 'gone'."),
        ("forms:\n  - {name: A, status: open}\n",
         "assets.yaml, line 2, forms entry 1, status: Invalid enum value 'open'."),
        ("smartLists:\n  - {name: A}\n",
         "assets.yaml, line 2, smartLists entry 1, rule: a new smart list needs one."),
        ("smartLists:\n  - {name: A, rule: {all: []}}\n",
         "assets.yaml, line 2, smartLists entry 1, rule: it has no rule, so it would pick"
         " everybody."),
        ("smartLists:\n  - {name: A, rule: {field: country, operator: like, values: [x]}}\n",
         "assets.yaml, line 2, smartLists entry 1, rule: rule on 'field': Invalid enum value"
         " 'like' - at `$.operator`."),
        ("smartLists:\n  - {name: A, rule: {all: [{field: gone, operator: is, values: [x]}]}}\n",
         "assets.yaml, line 2, smartLists entry 1, rule: there is no lead field 'gone'."),
        ("smartLists:\n  - {name: A, rule: {field: leadScore, operator: is, values: [x]}}\n",
         "assets.yaml, line 2, smartLists entry 1, rule: 'x' is no integer for 'leadScore'."),
        ("channels:\n  - {name: A, statuses: [{name: X, step: 0}]}\n",
         "assets.yaml, line 2, channels entry 1, statuses: a channel has two or more, the first"
         " for no members."),
        ("channels:\n  - {name: A, type: fair, statuses: []}\n",
         "assets.yaml, line 2, channels entry 1, type: 'fair' is none of program, event, nurture,"
         " email."),
        ("fields:\n  - {name: email, type: integer}\n",
         "assets.yaml, line 2, fields entry 1, type: the lead field 'email' is email."),
        ("fields:\n  - {name: two words}\n",
         "assets.yaml, line 2, fields entry 1, name: A field name is made of letters, digits and"
         " underscores: 'two words' is not."),
        ("programMembers:\n  - {program: Child, lead: 1, status: Asleep}\n",
         "assets.yaml, line 2, programMembers entry 1, status: 'Asleep' is none of the channel's:"
         " 'Not in Program', 'Member', 'Influenced'."),
        ("programMembers:\n  - {program: Child, lead: 1, status: Not in Program}\n",
         "assets.yaml, line 2, programMembers entry 1, status: 'Not in Program' is that of leads"
         " that are no members."),
        ("listMembers:\n  - {list: Nothing, lead: 1}\n",
         "assets.yaml, line 2, listMembers entry 1, list: there is no list 'Nothing' outside"
         " programs."),
    ],
)  # fmt: skip
def test_bad_entry__is_named_and_nothing_is_stored(load: Loader, text: str, reason: str) -> None:
    assert load.refusal(text) == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name,name\nA,B\n", "lists.csv, line 1: a column is there twice."),
        ("name\nA\nB,C\n", "lists.csv, line 3, lists entry 2: it has 2 cells, the header has 1."),
        ('name,description\n"A\nB",x\nC,"y\n', "lists.csv, line 4: unexpected end of data."),
        ("name,colour\nA,red\n",
         "lists.csv, line 2, lists entry 1: Object contains unknown field 'colour'."),
        ("name,id\nA,x\n", "lists.csv, line 2, lists entry 1, id: Expected 'int', got 'str'."),
    ],
)  # fmt: skip
def test_bad_csv__is_named_and_nothing_is_stored(load: Loader, text: str, reason: str) -> None:
    assert load.refusal(text, "lists.csv") == reason


def test_bytes_that_are_no_text__are_refused(
    load: Loader, application: Application, tmp_path: Path
) -> None:
    path = tmp_path / "lists.csv"
    path.write_bytes(b"name\n\xff\n")
    with pytest.raises(AdministrationError, match="byte 5 is not UTF-8"):
        load_assets(application, [path])


def test_yaml_that_grows_out_of_aliases__is_refused(load: Loader) -> None:
    rules = ["&a0 [x, x, x, x, x, x, x, x, x, x]"]
    rules += [f"&a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 9)]
    text = f"smartLists:\n  - {{name: A, rule: [{', '.join(rules)}]}}\n"
    assert load.refusal(text).endswith("the file has more than 2,000,000 values.")


def test_empty_file__loads_nothing(load: Loader) -> None:
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
