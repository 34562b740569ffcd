"""Bulk lead import: upload, status, failed rows, side effects (contract section 7.4)."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.support.api_user import ApiUser
from tests.support.deadlines import DEADLINE_SECONDS, wait_until
from tests.support.imports import (
    PATH,
    ended,
    failures,
    finished,
    imported,
    status,
    submitted,
    upload,
)
from tests.support.lead_calls import last_guid, lead, logged_since, records
from tests.support.server import running_server
from tests.support.world import TEST_LIST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.home import Home
    from tests.support.server import Server
    from tests.support.world import World

MEGABYTE = 1024 * 1024
HEADER = "email,firstName,leadScore\n"


@pytest.fixture(scope="module")
def token_user(make_world: Callable[[], World]) -> Iterator[ApiUser]:
    """A caller of a server that takes the token as a parameter."""
    other = make_world()
    with (
        running_server(other.home, "--accept-token-parameter") as server,
        ApiUser(server.base_url, other.main) as user,
    ):
        yield user


def lead_by_email(user: ApiUser, email: str, *fields: str) -> dict[str, object]:
    asked = f"&fields={','.join(fields)}" if fields else ""
    path = f"/rest/v1/leads.json?filterType=email&filterValues={email}{asked}"
    (found,) = records(user.call("GET", path))
    return found


def test_csv__is_imported_and_counted(main: ApiUser) -> None:
    content = HEADER + "in-1@example.com,One,1\nin-2@example.com,Two,2\nADA@example.com,Ada,11\n"
    record = imported(main, content)
    assert record == ended(record["batchId"], 3)
    assert lead_by_email(main, "in-2@example.com", "firstName", "leadScore")["leadScore"] == 2
    assert lead(main, 1, "leadScore") == {"id": 1, "leadScore": 11}


@pytest.mark.parametrize(
    ("name", "mark"), [("tsv", "\t"), ("TSV", "\t"), ("ssv", ";"), ("Ssv", ";")]
)
def test_other_formats__have_their_delimiters(main: ApiUser, name: str, mark: str) -> None:
    content = f'email{mark}firstName\n{name}@example.com{mark}"a{mark}b"\n'
    record = imported(main, content, format=name)
    assert record == ended(record["batchId"], 1)
    assert lead_by_email(main, f"{name}@example.com", "firstName")["firstName"] == f"a{mark}b"


def test_ssv_of_one_column__may_hold_blanks(main: ApiUser) -> None:
    record = imported(main, "cookies\nid: 1 & token\n", format="ssv", lookupField="cookies")
    assert record == ended(record["batchId"], 1)


def test_cookie__is_another_word_for_cookies(main: ApiUser) -> None:
    record = imported(main, "COOKIES\nid:8\n", lookupField="cookie")
    assert record == ended(record["batchId"], 1)
    again = imported(main, "cookie,title\nid:8,Dr\n", lookupField="cookies")
    assert again == ended(again["batchId"], 1)
    path = "/rest/v1/leads.json?filterType=cookies&filterValues=id:8&fields=title"
    assert [one["title"] for one in records(main.call("GET", path))] == ["Dr"]


def test_parameters__may_be_form_fields(main: ApiUser) -> None:
    fields = {"format": "csv", "lookupField": "email", "partitionName": "Default"}
    (record,) = records(upload(main, "email\nform@example.com\n", fields=fields))
    assert finished(main, int(str(record["batchId"])))["status"] == "Complete"


def test_token__may_be_a_form_field(token_user: ApiUser) -> None:
    response = httpx.post(
        str(token_user.http.base_url.join(PATH)),
        data={"format": "csv", "access_token": token_user.token},
        files={"file": ("x.csv", b"email\nt@example.com\n")},
        timeout=DEADLINE_SECONDS,
        trust_env=False,
    )
    assert response.json()["result"][0]["status"] == "Queued"


def test_failed_rows__are_told_with_their_reasons(main: ApiUser) -> None:
    main.call(
        "POST",
        "/rest/v1/leads.json",
        json={"action": "createDuplicate", "input": [{"email": "pair@example.com"}] * 2},
    )
    rows = [
        "good@example.com,Good,1",
        "nonsense,Bad,2",
        ",Nobody,3",
        "score@example.com,Score,many",
        'quoted@example.com,"a,b",x',
        "short@example.com",
        "pair@example.com,Pair,4",
        "fine@example.com,Fine,5",
    ]
    record = imported(main, HEADER + "\n".join(rows) + "\n")
    assert record == ended(record["batchId"], 2, 6)
    answer = failures(main, record["batchId"])
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/csv;charset=UTF-8"
    assert answer.text.splitlines() == [
        "email,firstName,leadScore,Import Failure Reason",
        "nonsense,Bad,2,Field 'email' is not of type email: nonsense",
        ",Nobody,3,Value for lookup field 'email' not found",
        "score@example.com,Score,many,Field 'leadScore' is not of type integer: many",
        "quoted@example.com,\"a,b\",x,Field 'leadScore' is not of type integer: x",
        "short@example.com,1 columns instead of 3",
        "pair@example.com,Pair,4,Multiple leads match lookup criteria",
    ]


def test_damaged_rows__fail_alone(main: ApiUser) -> None:
    content = (
        b"email,firstName\n"
        b"utf-1@example.com,One\n"
        b"utf-2@example.com,\xff\n"
        b'quote@example.com,"open\n'
        b"utf-3@example.com,nul\0here\n"
    )
    record = imported(main, content)
    assert record == ended(record["batchId"], 2, 2)
    shown = failures(main, record["batchId"]).text.splitlines()
    assert shown[1:] == [
        "utf-2@example.com,\\xff,the text is not UTF-8",
        'quote@example.com,"open,a quoted text does not end',
    ]
    assert lead_by_email(main, "utf-3@example.com", "firstName")["firstName"] == "nulhere"


def test_same_key_twice__is_imported_in_order(main: ApiUser) -> None:
    content = "email,firstName\nagain@example.com,One\nAgain@example.com,Two\n"
    record = imported(main, content)
    assert record == ended(record["batchId"], 2)
    assert lead_by_email(main, "again@example.com", "firstName")["firstName"] == "Two"


def test_lookup_by_id__updates_only(main: ApiUser) -> None:
    record = imported(main, "id,title\n2,Builder\n99999,Nobody\nx,Bad\n", lookupField="id")
    assert record == ended(record["batchId"], 1, 2)
    assert lead(main, 2, "title")["title"] == "Builder"
    assert failures(main, record["batchId"]).text == (
        "id,title,Import Failure Reason\n"
        "99999,Nobody,Lead not found\n"
        "x,Bad,Field 'id' is not of type integer: x\n"
    )


def test_import__is_told_to_the_log(main: ApiUser, home: Home) -> None:
    before = last_guid(home)
    content = (
        "email,firstName,leadScore,lastName\nlog@example.com,Lo,1,G\nbob@example.com,Bob,25,\n"
    )
    record = imported(main, content, listId="1016")
    assert record["status"] == "Complete"
    new = lead_by_email(main, "log@example.com")
    name = "API Test Program.List 1"
    source = "List import"
    assert logged_since(home, before) == [
        (
            new["id"],
            12,
            new["id"],
            "Lo G",
            {
                "Created Date": str(new["createdAt"])[:10],
                "List Name": "List 1",
                "Source Type": source,
            },
        ),
        (
            2,
            13,
            146,
            "Lead Score",
            {"New Value": "25", "Old Value": "20", "Reason": source, "Source": source},
        ),
        (
            2,
            22,
            146,
            "Lead Score",
            {"Change Value": "+5", "New Value": 25, "Old Value": 20, "Reason": source},
        ),
        # Lead 2 was in the list before.
        (new["id"], 24, 1016, name, {"Source": source}),
    ]
    member = main.call("GET", f"/rest/v1/lists/1016/leads/ismember.json?id={new['id']}")
    assert records(member)[0]["status"] == "memberof"


@pytest.mark.parametrize(
    ("content", "parameters", "expected"),
    [
        ("", {}, ("1003", "Empty file")),
        ("\n\n", {}, ("1003", "Empty file")),
        ("email\n", {"format": ""}, ("1002", "Missing value for the required parameter 'format'")),
        (
            "email\n",
            {"format": "xml"},
            (
                "1003",
                "Invalid value 'xml' for attribute 'format'. Valid values are CSV, TSV, SSV",
            ),
        ),
        ("email,foo\n", {}, ("1006", "Field 'foo' not found")),
        ("email,firstName\n", {"format": "tsv"}, ("1006", "Field 'email,firstName' not found")),
        ("email firstName\n", {"format": "ssv"}, ("1006", "Field 'email firstName' not found")),
        ("email,createdAt\n", {}, ("1003", "Field 'createdAt' is read only")),
        (
            "email,id\n",
            {},
            ("1003", "Field 'id' is not allowed when action is 'createOrUpdate'"),
        ),
        ("email,EMAIL\n", {}, ("1003", "Duplicate field: email")),
        ("firstName\n", {}, ("1003", "Value for lookup field 'email' not found")),
        ("email\n", {"lookupField": "title"}, ("1011", "Lookup field 'title' not supported")),
        ("email\n", {"listId": "999"}, ("1013", "Object not found")),
        ("email\n", {"listId": "x"}, ("1001", "Invalid value 'x'. Required of type 'Integer'")),
        ("email\n", {"partitionName": "No"}, ("1008", "Access denied to partition 'No'")),
        (b"\xff\xfe\n", {}, ("1006", "Field '\ufffd\ufffd' not found")),
        ('"open\n', {}, ("1006", "Field '\"open' not found")),
    ],
)
def test_bad_upload__is_refused_as_a_whole(
    main: ApiUser, content: bytes | str, parameters: dict[str, str], expected: tuple[str, str]
) -> None:
    assert upload(main, content, {"format": "csv", **parameters}).error() == expected


def test_header_alone__imports_nothing(main: ApiUser) -> None:
    record = imported(main, "email,firstName")
    assert record == ended(record["batchId"], 0)


def test_file_of_ten_megabytes__is_taken_and_a_byte_more_is_not(main: ApiUser) -> None:
    # Comments in one long field: many rows would only take time.
    lines = b"email,address\nlong@example.com,"
    content = lines + b"x" * (10 * MEGABYTE - len(lines) - 1) + b"\n"
    assert len(content) == 10 * MEGABYTE
    batch_id = submitted(main, content)
    answer = upload(main, content + b"y", {"format": "csv"})
    assert answer.status == 413
    assert answer.plain_json()["errors"] == [
        {"code": "413", "message": "Request Entity Too Large: the body is over 10 MB"}
    ]
    assert finished(main, batch_id)["status"] == "Complete"


def test_other_body__is_no_multipart_request(main: ApiUser) -> None:
    expected = ("613", "Invalid Multipart Request")
    assert main.call("POST", f"{PATH}?format=csv", json={}).error() == expected
    assert main.call("POST", f"{PATH}?format=csv").error() == expected
    for content_type in ("multipart/form-data", "multipart/form-data; boundary=x"):
        headers = {"Content-Type": content_type}
        for content in (b"", b"nonsense", b"--x\r\n", b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nemail\n'):  # fmt: skip
            answer = main.call("POST", f"{PATH}?format=csv", headers=headers, content=content)
            assert answer.error() == expected, (content_type, content)


def test_upload_without_a_file__misses_it(main: ApiUser) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="format"\r\n\r\ncsv\r\n--x--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = main.call("POST", PATH, headers=headers, content=body)
    assert answer.error() == ("1002", "Missing value for the required parameter 'file'")


def test_packed_file__is_no_text(main: ApiUser) -> None:
    answer = upload(main, gzip.compress(b"email\nx@example.com\n"), {"format": "csv"})
    assert answer.error()[0] == "1006"


@pytest.mark.parametrize("batch_id", ["999", "x"])
def test_unknown_import__is_not_found(main: ApiUser, batch_id: str) -> None:
    answer = main.call("GET", f"/bulk/v1/leads/batch/{batch_id}.json")
    assert answer.error() == ("1013", "Object not found")
    for kind in ("failures", "warnings"):
        answer = main.call("GET", f"/bulk/v1/leads/batch/{batch_id}/{kind}.json")
        assert (answer.status, answer.text) == (404, "Import report not found")
        assert answer.headers["Content-Type"] == "text/plain;charset=UTF-8"


def test_import_without_failed_rows__has_no_failures_file(main: ApiUser) -> None:
    record = imported(main, "email\nclean@example.com\n")
    for kind in ("failures", "warnings"):
        answer = main.call("GET", f"/bulk/v1/leads/batch/{record['batchId']}/{kind}.json")
        assert (answer.status, answer.text) == (404, "Import report not found")


def test_eleventh_unfinished_import__is_refused(main: ApiUser, home: Home) -> None:
    with home.sql() as connection:
        connection.executemany(
            "INSERT INTO lead_import (subscription_id, id, api_user_id, state, format, lookup_field,"
            " header, created_at, fence, attempts, lease_expires_at, records_done, rows_imported,"
            " rows_failed) VALUES (1, ?, 1, 'Importing', 'CSV', 'email', 'email', 0, 0, 0, ?, 0, 0, 0)",
            [(number, 2**52) for number in range(9001, 9003)],
        )
    try:
        batch_ids = [submitted(main, f"email\nqueue-{number}@example.com\n") for number in range(8)]
        answer = upload(main, "email\nx@example.com\n", {"format": "csv"})
        assert answer.error() == (
            "1016",
            "There are 10 imports currently being processed. Please try again later",
        )
        # Two are running, as many as may.
        assert {status(main, batch_id)["status"] for batch_id in batch_ids} == {"Queued"}
    finally:
        home.change("DELETE FROM lead_import WHERE id > 9000")
    for batch_id in batch_ids:
        assert finished(main, batch_id)["status"] == "Complete"


def test_list_deleted_meanwhile__fails_the_import(main: ApiUser, home: Home) -> None:
    with home.sql() as connection:
        connection.execute(
            "INSERT INTO static_list (subscription_id, id, name, created_at, updated_at)"
            " VALUES (1, 5000, 'Going', 0, 0)"
        )
        connection.executemany(
            "INSERT INTO lead_import (subscription_id, id, api_user_id, state, format, lookup_field,"
            " header, created_at, fence, attempts, lease_expires_at, records_done, rows_imported,"
            " rows_failed) VALUES (1, ?, 1, 'Importing', 'CSV', 'email', 'email', 0, 0, 0, ?, 0, 0, 0)",
            [(number, 2**52) for number in range(9001, 9003)],
        )
    batch_id = submitted(main, "email\ngoing@example.com\n", listId="5000")
    home.change("DELETE FROM static_list WHERE id = 5000")
    home.change("DELETE FROM lead_import WHERE id > 9000")
    assert finished(main, batch_id) == {
        "batchId": batch_id,
        "importId": str(batch_id),
        "status": "Failed",
        "message": "List not found",
    }


def test_upload__is_gone_once_it_is_imported(main: ApiUser, home: Home) -> None:
    imported(main, "email\nupload@example.com\n")
    directory = home.path / "imports" / "1"
    wait_until(lambda: not list(directory.iterdir()), "uploads deleted")


def test_old_import__is_forgotten_with_its_failures(main: ApiUser, home: Home) -> None:
    record = imported(main, "email\nnonsense\n")
    seven_days = 7 * 86_400 * 1_000_000
    home.change(
        "UPDATE lead_import SET finished_at = finished_at - ? WHERE id = ?",
        seven_days,
        record["batchId"],
    )
    path = f"/bulk/v1/leads/batch/{record['batchId']}.json"
    wait_until(
        lambda: main.call("GET", path).envelope()["success"] is False, "the import forgotten"
    )
    assert failures(main, record["batchId"]).status == 404
    with home.sql() as connection:
        query = "SELECT count(*) FROM lead_import_failure WHERE import_id = ?"
        assert connection.execute(query, (record["batchId"],)).fetchone() == (0,)


def test_reading_permission__is_not_enough(server: Server, world: World) -> None:
    credentials = world.home.create_service("import-reader@example.com", "Read-Only Lead")
    with ApiUser(server.base_url, credentials) as reader:
        assert upload(reader, "email\nx@y.z\n", {"format": "csv"}).error() == (
            "603",
            "Access denied",
        )


def test_members_of_the_list__are_counted_as_records(main: ApiUser) -> None:
    record = imported(main, "email\nmember@example.com\nada@example.com\n", listId=str(TEST_LIST))
    assert record["message"] == "Import succeeded, 2 records imported (2 members)"
