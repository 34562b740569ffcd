"""Taking in activities in bulk (docs/ingest.md)."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.contract.test_activity_pages import all_pages
from tests.support.api_user import ApiUser

if TYPE_CHECKING:
    from tests.support.answers import Answer
    from tests.support.home import Home
    from tests.support.server import Server

PATH = "/tailrace/v1/activities.ndjson"


def line(**members: object) -> dict[str, object]:
    return {
        "leadId": 1,
        "activityDate": "2024-06-01T00:00:00Z",
        "activityTypeId": 1,
        "attributes": {"Webpage URL": "/a"},
        **members,
    }


def body(*lines: object) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in lines)


def send(user: ApiUser, content: bytes, key: str | None = None, **headers: str) -> Answer:
    named = {} if key is None else {"Idempotency-Key": key}
    return user.call(
        "POST",
        PATH,
        content=content,
        headers={"Content-Type": "application/x-ndjson", **named, **headers},
    )


def outcome(answer: Answer) -> dict[str, Any]:
    """The only element of the result."""
    envelope = answer.envelope()
    assert list(envelope) == ["requestId", "result", "success"]
    (result,) = cast("list[dict[str, Any]]", envelope["result"])
    return result


def activities_of(user: ApiUser, lead_id: int, types: str = "1,2,3,10,46") -> list[dict[str, Any]]:
    return all_pages(user, activityTypeIds=types, leadIds=str(lead_id))


def test_batch__is_in_the_log_when_acknowledged(main: ApiUser) -> None:
    taken = outcome(send(main, body(line(leadId=9001), line(leadId=9001, activityTypeId=3))))
    assert list(taken) == ["accepted", "rejected", "firstGuid", "lastGuid", "rejections"]
    assert (taken["accepted"], taken["rejected"], taken["rejections"]) == (2, 0, [])
    assert taken["lastGuid"] == taken["firstGuid"] + 1
    items = activities_of(main, 9001)
    assert [(one["id"], one["activityTypeId"]) for one in items] == [
        (taken["firstGuid"], 1),
        (taken["lastGuid"], 3),
    ]


def test_batch__is_in_the_next_export(main: ApiUser) -> None:
    send(main, body(line(leadId=9002, activityDate="2024-06-02T00:00:00Z", actionResult="failed")))
    window = {"startAt": "2024-06-02T00:00:00Z", "endAt": "2024-06-02T00:00:00Z"}
    exported = main.export(
        "activities",
        {"filter": {"createdAt": window}, "fields": ["leadId", "actionResult", "attributes"]},
    )
    assert exported.text == (
        'leadId,actionResult,attributes\n9002,failed,"{""Webpage URL"":""/a""}"\n'
    )


def test_every_member__is_kept(main: ApiUser) -> None:
    everything = line(
        leadId=9003,
        activityTypeId=46,
        activityDate="2024-06-01T02:00:00.500+02:00",
        campaignId=7,
        primaryAttributeValueId=8,
        primaryAttributeValue="Milestone",
        attributes={"Date": "2024-06-01", "Description": "né\u2028e", "Source": ""},
    )
    send(main, body(everything))
    (item,) = activities_of(main, 9003)
    assert {name: item[name] for name in list(item)[2:]} == {
        "leadId": 9003,
        "activityDate": "2024-06-01T00:00:00Z",
        "activityTypeId": 46,
        "campaignId": 7,
        "primaryAttributeValueId": 8,
        "primaryAttributeValue": "Milestone",
        "attributes": [
            {"name": "Date", "value": "2024-06-01"},
            {"name": "Description", "value": "né\u2028e"},
        ],
    }


def test_lines__are_rejected_alone_with_number_field_and_reason(main: ApiUser) -> None:
    good = json.dumps(line(leadId=9004)).encode()
    lines = [
        good,
        b"",
        b'{"leadId": 9004',
        b"[1]",
        b'{"leadId":"\xff"}',
        b'{"leadId":9004,"activityTypeId":1,"activityDate":"\x00"}',
        json.dumps(line(leadId=0)).encode(),
        json.dumps(line(leadId="x")).encode(),
        json.dumps(line(activityDate="tomorrow")).encode(),
        json.dumps(line(activityTypeId=99_999)).encode(),
        json.dumps(line(attributes=[1])).encode(),
        json.dumps(line(attributes={"Webpage ID": "no number"}, activityTypeId=2)).encode(),
        json.dumps(line(actionResult="maybe")).encode(),
        json.dumps(line(marketoGUID=5)).encode(),
        json.dumps(line(unknown=5)).encode(),
        json.dumps({"leadId": 9004}).encode(),
        good + b"\r",
    ]
    taken = outcome(send(main, b"\n".join(lines)))
    assert (taken["accepted"], taken["rejected"]) == (2, 14)
    assert [(one["line"], one["field"]) for one in taken["rejections"]] == [
        (3, ""),
        (4, ""),
        (5, ""),
        (6, ""),
        (7, "leadId"),
        (8, "leadId"),
        (9, "activityDate"),
        (10, "activityTypeId"),
        (11, "attributes"),
        (12, "attributes"),
        (13, "actionResult"),
        (14, "marketoGUID"),
        (15, "unknown"),
        (16, "activityTypeId"),
    ]
    reasons = {one["line"]: one["reason"] for one in taken["rejections"]}
    assert reasons[5] == "the text is not UTF-8"
    assert reasons[9] == "not of type DateTime: tomorrow"
    assert reasons[10] == "unknown activity type"
    assert len(activities_of(main, 9004)) == 2


def test_line_with_a_member_twice__is_rejected_alone_by_its_name(main: ApiUser) -> None:
    good = json.dumps(line(leadId=9055))
    lines = [
        good,
        good.replace("{", '{"leadId": 1, ', 1),
        good.replace('"attributes": {', '"attributes": {"Webpage URL": "/", "Webpage URL": 2, '),
        json.dumps(line(leadId=9055, attributes={"Query Parameters": '"a": 1, "a": 2'})),
        good.replace("{", '{"colour": 1, "colour": 2, ', 1),
    ]
    taken = outcome(send(main, "\n".join(lines).encode()))
    assert taken["accepted"] == 2
    assert [(one["line"], one["field"], one["reason"]) for one in taken["rejections"]] == [
        (2, "leadId", "member more than once: leadId"),
        (3, "", "member more than once: Webpage URL"),
        (5, "", "member more than once: colour"),
    ]


def test_rejections__are_listed_up_to_a_hundred(main: ApiUser) -> None:
    taken = outcome(send(main, b"x\n" * 250))
    assert (taken["accepted"], taken["rejected"], len(taken["rejections"])) == (0, 250, 100)
    assert list(taken) == ["accepted", "rejected", "rejections"]


@pytest.mark.parametrize("content", [b"", b"\n\n \n"])
def test_batch_of_nothing__is_taken(main: ApiUser, content: bytes) -> None:
    assert outcome(send(main, content)) == {"accepted": 0, "rejected": 0, "rejections": []}


def test_nul_in_a_text__is_left_out(main: ApiUser) -> None:
    send(main, body(line(leadId=9005, primaryAttributeValue="a\0b\r\nc")))
    assert activities_of(main, 9005)[0]["primaryAttributeValue"] == "ab\nc"


def test_same_batch_again__is_answered_as_the_first_time_and_not_taken(main: ApiUser) -> None:
    content = body(line(leadId=9006), line(leadId=9006), {})
    first = outcome(send(main, content, "batch-1"))
    again = outcome(send(main, content, "batch-1"))
    assert again == first
    assert (first["accepted"], first["rejected"]) == (2, 1)
    assert len(activities_of(main, 9006)) == 2


def test_same_batch_many_times_at_once__is_taken_once(main: ApiUser) -> None:
    batch = body(line(leadId=9100))
    assert main.token
    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(send, main, batch, "at once") for _ in range(16)]
        first, *others = (outcome(one.result()) for one in sent)
    assert all(other == first for other in others)
    assert len(activities_of(main, 9100)) == 1


def test_same_batch_without_a_key__is_taken_again(main: ApiUser) -> None:
    content = body(line(leadId=9007))
    for _ in range(2):
        assert outcome(send(main, content))["accepted"] == 1
    assert len(activities_of(main, 9007)) == 2


def test_other_batch_under_the_key__is_refused(main: ApiUser) -> None:
    send(main, body(line(leadId=9008)), "batch-2")
    refused = send(main, body(line(leadId=9008), line(leadId=9008)), "batch-2")
    assert refused.error() == ("1003", "Idempotency-Key was used with another body before")
    assert len(activities_of(main, 9008)) == 1


@pytest.mark.parametrize("key", ["k" * 256, "kéy"])
def test_key_that_is_too_long_or_no_plain_text__is_refused(main: ApiUser, key: str) -> None:
    answer = main.http.post(
        PATH,
        content=body(line()),
        headers=[
            (b"Authorization", f"Bearer {main.token}".encode()),
            (b"Idempotency-Key", key.encode()),
        ],
    )
    assert answer.json()["errors"] == [
        {"code": "1003", "message": "Idempotency-Key must be plain text of at most 255 characters"}
    ]


def test_key__is_forgotten_after_a_day(main: ApiUser, home: Home) -> None:
    from tests.support.deadlines import wait_until

    content = body(line(leadId=9009))
    send(main, content, "batch-3")
    home.change(
        "UPDATE ingested_batch SET created_at = created_at - 86401000000"
        " WHERE idempotency_key = 'batch-3'"
    )

    def is_forgotten() -> bool:
        with home.sql() as connection:
            query = "SELECT 1 FROM ingested_batch WHERE idempotency_key = 'batch-3'"
            return connection.execute(query).fetchone() is None

    wait_until(is_forgotten, "the janitor's round")
    assert outcome(send(main, content, "batch-3"))["accepted"] == 1
    assert len(activities_of(main, 9009)) == 2


def test_body_of_ten_megabytes__is_taken_and_one_byte_more_is_not(main: ApiUser) -> None:
    limit = 10 * 1024 * 1024
    filling = b"\n" * (limit - len(body(line(leadId=9010)))) + body(line(leadId=9010))
    assert outcome(send(main, filling))["accepted"] == 1
    answer = send(main, filling + b"\n")
    assert answer.status == 413
    assert answer.plain_json()["errors"] == [
        {"code": "413", "message": "Request Entity Too Large: the body is over 10 MB"}
    ]


def test_content_type__does_not_matter(main: ApiUser) -> None:
    for name in ("application/json", "application/x-www-form-urlencoded", "text/plain"):
        answer = send(main, body(line(leadId=9011)), **{"Content-Type": name})
        assert outcome(answer)["accepted"] == 1, name


def test_reader__may_not_write(server: Server, home: Home) -> None:
    service = home.create_service("reader@example.com", role="Read-Only")
    with ApiUser(server.base_url, service) as reader:
        assert send(reader, body(line())).error() == ("603", "Access denied")


def test_get__is_no_way_to_write(main: ApiUser) -> None:
    answer = main.call("GET", PATH)
    assert answer.error() == ("605", "Request method 'GET' not supported")
