"""Section 3.5: listing one's export jobs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.api_user import ApiUser, Parameters, export_ids
from tests.support.job_states import BODIES, backdate, job_in, slots_taken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.home import Home
    from tests.support.server import Server

STATES = ("Created", "Queued", "Processing", "Completed", "Failed", "Cancelled")


@pytest.fixture
def lister(home: Home, server: Server, request: pytest.FixtureRequest) -> Iterator[ApiUser]:
    """An API user who has made nothing yet."""
    email = f"{abs(hash(request.node.name))}@example.com"
    with ApiUser(server.base_url, home.create_service(email)) as user:
        yield user


@pytest.fixture(scope="module")
def one_of_each(home: Home, main: ApiUser, other: ApiUser) -> Iterator[dict[str, str]]:
    """One of main's lead exports in each state; nobody else makes any for main here."""
    made = {state: job_in(state, home, main, "leads") for state in STATES if state != "Queued"}
    with slots_taken(home, other):
        made["Queued"] = job_in("Queued", home, main, "leads")
        yield made


def states(user: ApiUser, *status: str) -> list[str]:
    """The states that are listed for these values of `status`, in the order of the life cycle."""
    answer = user.list("leads", tuple(("status", value) for value in status))
    return sorted((job["status"] for job in answer.jobs()), key=STATES.index)


def test_list_without_jobs__is_an_empty_result(lister: ApiUser) -> None:
    assert lister.list("leads").jobs() == []
    assert lister.list("activities").jobs() == []
    assert lister.list("leads").next_page_token() is None


def test_list__holds_the_jobs_of_its_family_newest_first(lister: ApiUser) -> None:
    made = [lister.created("leads", BODIES["leads"]) for _ in range(5)]
    lister.created("activities", BODIES["activities"])
    assert export_ids(lister.list("leads").jobs()) == made[::-1]
    assert len(lister.list("activities").jobs()) == 1


def test_list__shows_jobs_as_their_status_calls_do(
    main: ApiUser, one_of_each: dict[str, str]
) -> None:
    listed = {job["exportId"]: job for job in main.list("leads").jobs()}
    assert listed == {
        export_id: main.status("leads", export_id).job() for export_id in one_of_each.values()
    }


def test_list_without_status__holds_every_state(main: ApiUser, one_of_each: dict[str, str]) -> None:
    assert states(main) == sorted(one_of_each, key=STATES.index)


@pytest.mark.usefixtures("one_of_each")
@pytest.mark.parametrize("state", STATES)
def test_status_filter__holds_that_state_in_any_letter_case(main: ApiUser, state: str) -> None:
    for spelling in (state, state.lower(), state.upper()):
        assert states(main, spelling) == [state]


@pytest.mark.usefixtures("one_of_each")
@pytest.mark.parametrize("spelling", ["Canceled", "canceled", "CANCELED", "Cancelled"])
def test_status_filter__takes_both_spellings_of_cancelled(main: ApiUser, spelling: str) -> None:
    assert states(main, spelling) == ["Cancelled"]


@pytest.mark.usefixtures("one_of_each")
@pytest.mark.parametrize(
    "values",
    [
        ("Created", "Queued", "Completed"),
        ("Created,Queued,Completed",),
        ("created , queued,, completed ,",),
        ("Created,Queued", "Completed"),
        ("Created", "Queued,Completed", "Created"),
    ],
)
def test_status_filter__is_repeated_or_comma_separated_or_both(
    main: ApiUser, values: tuple[str, ...]
) -> None:
    assert states(main, *values) == ["Created", "Queued", "Completed"]


@pytest.mark.usefixtures("one_of_each")
@pytest.mark.parametrize("values", [("",), (" , ",)])
def test_empty_status_filter__is_none(main: ApiUser, values: tuple[str, ...]) -> None:
    assert states(main, *values) == list(STATES)


@pytest.mark.parametrize("values", [("Done",), ("Created,Done",), ("Created", "Done")])
def test_unknown_status__is_refused(main: ApiUser, values: tuple[str, ...]) -> None:
    answer = main.list("leads", tuple(("status", value) for value in values))
    assert answer.error() == ("1003", "Invalid value 'Done' for parameter 'status'")


@pytest.mark.parametrize("size", ["0", "-1", "x", "1.5", "\u0663", "1e2"])
def test_batch_size_below_one_or_no_integer__is_refused(main: ApiUser, size: str) -> None:
    answer = main.list("leads", (("batchSize", size),))
    code, message = answer.error()
    assert code == "1001"
    # The contract leaves open what the type is called.
    assert re.fullmatch(rf"Invalid value '{re.escape(size)}'\. Required of type '[\w ]+'", message)


def test_pages__follow_each_other_without_gap_or_repetition(lister: ApiUser) -> None:
    made = [lister.created("leads", BODIES["leads"]) for _ in range(10)]
    for index in (1, 4, 5):
        lister.cancel("leads", made[index])
    assert pages_of(lister, 3) == [made[:-4:-1], made[-4:-7:-1], made[-7:-10:-1], made[:1]]
    kept = [export_id for index, export_id in enumerate(made) if index not in (1, 4, 5)][::-1]
    pages = pages_of(lister, 3, ("status", "Created"))
    assert pages == [kept[:3], kept[3:6], kept[6:]]


def test_last_page__has_no_token_even_when_it_is_full(lister: ApiUser) -> None:
    for _ in range(4):
        lister.created("leads", BODIES["leads"])
    assert [len(page) for page in pages_of(lister, 2)] == [2, 2]


def test_new_jobs__do_not_move_the_pages(lister: ApiUser) -> None:
    made = [lister.created("leads", BODIES["leads"]) for _ in range(4)]
    token = lister.list("leads", (("batchSize", "2"),)).next_page_token()
    assert token is not None
    lister.created("leads", BODIES["leads"])
    answer = lister.list("leads", (("batchSize", "2"), ("nextPageToken", token)))
    assert export_ids(answer.jobs()) == [made[1], made[0]]


def test_page_token__may_come_back_raw_or_encoded(lister: ApiUser) -> None:
    made = [lister.created("leads", BODIES["leads"]) for _ in range(2)]
    token = lister.list("leads", (("batchSize", "1"),)).next_page_token()
    assert token is not None
    path = "/bulk/v1/leads/export.json?batchSize=1&nextPageToken="
    for spelling in (token, token.replace("=", "%3D")):
        assert export_ids(lister.call("GET", path + spelling).jobs()) == [made[0]]


@pytest.mark.parametrize("token", ["nonsense", "AAAA", "ORSXG5A=", "%00", "PMRHAIR2EJ4CE7I="])
def test_page_token_that_was_never_given_out__is_refused(main: ApiUser, token: str) -> None:
    answer = main.list("leads", (("nextPageToken", token),))
    assert answer.error() == ("1003", "Invalid paging token")


def test_batch_size__is_300_at_most_and_by_default(lister: ApiUser) -> None:
    for _ in range(302):
        lister.created("leads", BODIES["leads"])
    for parameters in ((), (("batchSize", "301"),), (("batchSize", "99999999999999999999"),)):
        answer = lister.list("leads", parameters)
        assert len(answer.jobs()) == 300
        assert answer.next_page_token() is not None


def test_job_older_than_seven_days__is_not_listed_but_has_a_status(
    lister: ApiUser, home: Home
) -> None:
    export_id = lister.created("leads", BODIES["leads"])
    backdate(home, export_id, days=6.99)
    assert export_ids(lister.list("leads").jobs()) == [export_id]
    backdate(home, export_id, days=0.02)
    assert lister.list("leads").jobs() == []
    assert lister.status("leads", export_id).job()["status"] == "Created"


def test_list_window__follows_its_setting(lister: ApiUser, home: Home) -> None:
    export_id = lister.created("leads", BODIES["leads"])
    backdate(home, export_id, days=8)
    assert lister.list("leads").jobs() == []
    with home.setting("list_window_days", 9):
        assert export_ids(lister.list("leads").jobs()) == [export_id]


def pages_of(user: ApiUser, size: int, *parameters: tuple[str, str]) -> list[list[str]]:
    """Export ids page by page, until no next page is announced."""
    pages: list[list[str]] = []
    chosen: Parameters = (("batchSize", str(size)), *parameters)
    token: str | None = None
    while len(pages) < 20:
        following = () if token is None else (("nextPageToken", token),)
        answer = user.list("leads", (*chosen, *following))
        pages.append(export_ids(answer.jobs()))
        token = answer.next_page_token()
        if token is None:
            return pages
    raise AssertionError("pages without end")
