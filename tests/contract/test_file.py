"""Section 3.8: downloading a result file, whole and in parts."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, get_args

import httpx
import pytest

from tests.support.answers import Answer, Job, assert_text_404
from tests.support.api_user import CompletedExport, Family
from tests.support.deadlines import DEADLINE_SECONDS
from tests.support.job_states import BODIES
from tests.support.object_storage import Bucket
from tests.support.server import Server, running_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.api_user import ApiUser
    from tests.support.world import World

CSV_TYPE = "text/csv;charset=UTF-8"


@pytest.fixture(scope="module", params=["directory", "object storage"])
def server(world: World, request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server of each kind that there is: what it keeps files on must make no difference."""
    environment: dict[str, str] = {}
    if request.param == "object storage":
        bucket = Bucket(request.getfixturevalue("s3_server"))
        bucket.make()
        environment = {**bucket.environment, "TAILRACE_FILES": bucket.address}
    with running_server(world.home, environment=environment) as running:
        yield running


@pytest.fixture(scope="module")
def done(main: ApiUser) -> CompletedExport:
    return main.export("activities", {"filter": BODIES["activities"]["filter"]})


def path_of(job: Job) -> str:
    return f"/bulk/v1/activities/export/{job['exportId']}/file.json"


def fetch(user: ApiUser, job: Job, method: str = "GET", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return user.call(method, path_of(job), headers=named)


def assert_whole(answer: Answer, done: CompletedExport) -> None:
    assert answer.status == 200
    assert answer.content == done.content
    assert "Content-Range" not in answer.headers


def assert_part(answer: Answer, done: CompletedExport, first: int, last: int) -> None:
    assert answer.status == 206
    assert answer.content == done.content[first : last + 1]
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(done.content)}"
    assert answer.headers["Content-Length"] == str(last - first + 1)
    assert answer.headers["Content-Type"] == CSV_TYPE


def test_whole_file__is_exactly_what_the_job_said(main: ApiUser, done: CompletedExport) -> None:
    answer = fetch(main, done.job)
    assert_whole(answer, done)
    assert answer.headers["Content-Type"] == CSV_TYPE
    assert answer.headers["Content-Length"] == str(done.job["fileSize"]) == str(len(done.content))
    assert answer.headers["Accept-Ranges"] == "bytes"
    digest = hashlib.sha256(answer.content).hexdigest()
    assert done.job["fileChecksum"] == f"sha256:{digest}"


@pytest.mark.parametrize("family", get_args(Family))
@pytest.mark.parametrize("file_format", ["CSV", "TSV", "SSV"])
def test_content_type__is_text_csv_whatever_the_format(
    main: ApiUser, family: Family, file_format: str
) -> None:
    export_id = main.enqueued(family, {**BODIES[family], "format": file_format})
    main.finished(family, export_id)
    assert main.file(family, export_id).headers["Content-Type"] == CSV_TYPE


def test_file__is_never_compressed(main: ApiUser, done: CompletedExport) -> None:
    answer = fetch(main, done.job, Accept_Encoding="gzip, br")
    assert "Content-Encoding" not in answer.headers
    assert_whole(answer, done)


def test_file__stays_the_same_bytes(main: ApiUser, done: CompletedExport) -> None:
    assert all(fetch(main, done.job).content == done.content for _ in range(5))


def test_same_export_again__gives_the_same_bytes(main: ApiUser, done: CompletedExport) -> None:
    again = main.export("activities", {"filter": BODIES["activities"]["filter"]})
    assert again.job["fileChecksum"] == done.job["fileChecksum"]
    assert again.content == done.content


# Ranges. `n` stands for the size of the file.


@pytest.mark.parametrize(
    ("byte_range", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-", 0, -1),
        ("bytes=0-9", 0, 9),
        ("bytes=5-9", 5, 9),
        ("bytes=7-", 7, -1),
        ("bytes=-1", -1, -1),
        ("bytes=-10", -10, -1),
        ("bytes=-999999999", 0, -1),
        ("bytes=3-999999999", 3, -1),
        ("bytes=3-99999999999999999999999999", 3, -1),
        ("bytes=00003-0009", 3, 9),
        ("Bytes=0-9", 0, 9),
    ],
)
def test_one_satisfiable_range__is_206(
    main: ApiUser, done: CompletedExport, byte_range: str, first: int, last: int
) -> None:
    size = len(done.content)
    answer = fetch(main, done.job, Range=byte_range)
    assert_part(answer, done, first % size, last % size)
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_last_byte_alone__is_206(main: ApiUser, done: CompletedExport) -> None:
    last = len(done.content) - 1
    assert_part(fetch(main, done.job, Range=f"bytes={last}-{last}"), done, last, last)


@pytest.mark.parametrize("byte_range", ["bytes={size}-", "bytes={size}-{size}", "bytes=-0"])
def test_range_that_starts_after_the_end__is_416(
    main: ApiUser, done: CompletedExport, byte_range: str
) -> None:
    size = len(done.content)
    answer = fetch(main, done.job, Range=byte_range.format(size=size))
    assert answer.status == 416
    assert answer.headers["Content-Range"] == f"bytes */{size}"
    assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize(
    "byte_range",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=9-5",
        "bytes=0--5",
        "bytes=--5",
        "bytes=1.0-2",
        "bytes=+1-2",
        "bytes=0x0-0x9",
        "bytes:0-9",
        "lines=0-9",
        "0-9",
        "bytes=0-9;",
        "bytes=0-9 10",
    ],
)
def test_range_of_another_unit_or_syntax__is_ignored(
    main: ApiUser, done: CompletedExport, byte_range: str
) -> None:
    assert_whole(fetch(main, done.job, Range=byte_range), done)


@pytest.mark.parametrize(
    "byte_range", ["bytes=0-0,2-2", "bytes=0-9, 20-29", "bytes=0-0,-1", "bytes=0-" + ",0-" * 500]
)
def test_several_ranges__give_the_whole_file(
    main: ApiUser, done: CompletedExport, byte_range: str
) -> None:
    assert_whole(fetch(main, done.job, Range=byte_range), done)


def test_slices_in_parallel__join_to_the_whole_file(main: ApiUser, done: CompletedExport) -> None:
    step = 97
    ranges = [f"bytes={start}-{start + step - 1}" for start in range(0, len(done.content), step)]

    def slice_of(byte_range: str) -> Answer:
        return fetch(main, done.job, Range=byte_range)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(slice_of, ranges))
    assert {answer.status for answer in answers} == {206}
    assert b"".join(answer.content for answer in answers) == done.content


# Conditions.


def test_etag__is_the_checksum_in_quotes(main: ApiUser, done: CompletedExport) -> None:
    etag = fetch(main, done.job).headers["ETag"]
    checksum = done.job["fileChecksum"]
    assert etag in (f'"{checksum}"', f'"{checksum.removeprefix("sha256:")}"')


def test_if_range_with_the_etag__gives_the_range(main: ApiUser, done: CompletedExport) -> None:
    etag = fetch(main, done.job).headers["ETag"]
    answer = fetch(main, done.job, Range="bytes=2-4", If_Range=etag)
    assert_part(answer, done, 2, 4)


@pytest.mark.parametrize(
    "condition", ['"other"', 'W/"other"', "Fri, 22 Nov 2030 03:00:00 GMT", "nonsense", ""]
)
def test_if_range_with_anything_else__gives_the_whole_file(
    main: ApiUser, done: CompletedExport, condition: str
) -> None:
    assert_whole(fetch(main, done.job, Range="bytes=2-4", If_Range=condition), done)


def test_if_range_with_the_etag_as_a_weak_one__gives_the_whole_file(
    main: ApiUser, done: CompletedExport
) -> None:
    etag = fetch(main, done.job).headers["ETag"]
    assert_whole(fetch(main, done.job, Range="bytes=2-4", If_Range=f"W/{etag}"), done)


# HEAD.


def test_head__has_the_headers_of_get_and_no_body(main: ApiUser, done: CompletedExport) -> None:
    got, head = fetch(main, done.job), fetch(main, done.job, "HEAD")
    assert (head.status, head.content) == (200, b"")
    for name in ("Content-Type", "Content-Length", "Accept-Ranges", "ETag"):
        assert head.headers[name] == got.headers[name]


def test_head_of_a_file_that_is_not_there__is_404(main: ApiUser) -> None:
    export_id = main.created("activities", BODIES["activities"])
    answer = main.call("HEAD", f"/bulk/v1/activities/export/{export_id}/file.json")
    assert (answer.status, answer.content) == (404, b"")


# Not there.


def test_file_of_an_unknown_id__is_404_in_plain_text(main: ApiUser) -> None:
    assert_text_404(main.file("activities", "unknown"))
    assert_text_404(main.file("leads", "00000000-0000-4000-8000-000000000000", "bytes=0-0"))


def test_file_of_another_user__is_404_even_by_its_etag(
    main: ApiUser, other: ApiUser, done: CompletedExport
) -> None:
    assert_text_404(fetch(other, done.job))
    etag = fetch(main, done.job).headers["ETag"]
    assert_text_404(fetch(other, done.job, If_None_Match=etag))


def test_interrupted_download__is_resumed_where_it_broke_off(
    main: ApiUser, done: CompletedExport
) -> None:
    headers = {"Authorization": f"Bearer {main.token}"}
    with httpx.Client(
        base_url=main.http.base_url, timeout=DEADLINE_SECONDS, trust_env=False
    ) as client:
        request = client.build_request("GET", path_of(done.job), headers=headers)
        response = client.send(request, stream=True)
        start = next(response.iter_bytes(100))
        response.close()
    rest = fetch(main, done.job, Range=f"bytes={len(start)}-")
    assert start + rest.content == done.content
