"""Asset files that cannot be: each is told where and why, and leaves nothing behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tailrace.domain.errors import AdministrationError
from tailrace.ingest.assets import load_assets
from tests.support.application import SteppedApplication
from tests.support.asset_files import AssetLoader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tailrace.app import Application
    from tests.support.world import World


@pytest.fixture
def application(make_world: Callable[[], World]) -> Iterator[Application]:
    """The application on the hand-written world: its leads 1 to 7."""
    opened = SteppedApplication.open(make_world().home.path)
    yield opened.application
    opened.close()


@pytest.fixture
def load(application: Application, tmp_path: Path) -> AssetLoader:
    return AssetLoader(application, tmp_path)


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
        ("smartLists:\n  - {name: A, rule: {any: [{all: [{list: 4711, isMember: false}]}]}}\n",
         "assets.yaml, line 2, smartLists entry 1, rule: there is no static list 4711."),
        (f"smartLists:\n  - {{name: A, rule: {{list: {2**63}}}}}\n",
         f"assets.yaml, line 2, smartLists entry 1, rule: there is no static list {2**63}."),
        ("smartLists:\n  - {name: A, rule: {activityTypeId: 4711, inLastDays: 1}}\n",
         "assets.yaml, line 2, smartLists entry 1, rule: there is no activity type 4711."),
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
def test_bad_entry__is_named_and_nothing_is_stored(
    load: AssetLoader, text: str, reason: str
) -> None:
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
def test_bad_csv__is_named_and_nothing_is_stored(load: AssetLoader, text: str, reason: str) -> None:
    assert load.refusal(text, "lists.csv") == reason


def test_bytes_that_are_no_text__are_refused(
    load: AssetLoader, application: Application, tmp_path: Path
) -> None:
    path = tmp_path / "lists.csv"
    path.write_bytes(b"name\n\xff\n")
    with pytest.raises(AdministrationError, match="byte 5 is not UTF-8"):
        load_assets(application, [path])


def test_yaml_that_grows_out_of_aliases__is_refused(load: AssetLoader) -> None:
    rules = ["&a0 [x, x, x, x, x, x, x, x, x, x]"]
    rules += [f"&a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 9)]
    text = f"smartLists:\n  - {{name: A, rule: [{', '.join(rules)}]}}\n"
    assert load.refusal(text).endswith("the file has more than 2,000,000 values.")
