"""Result files on object storage: what no other place for them does."""

from __future__ import annotations

import hashlib
import hmac
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

import httpx
import pytest

from tailrace.app import open_application
from tailrace.domain.errors import ExportFileNotFoundError, FilesUnavailableError, HomeError
from tailrace.domain.export_job import ExportId, ResultFile, SubscriptionId
from tailrace.files.result_files import part_name, result_name
from tailrace.settings import Settings
from tests.support.deadlines import DEADLINE_SECONDS, wait_until
from tests.support.object_storage import PART_BYTES, SECRET, Bucket, files_in
from tests.support.storage_line import line_to_storage

if TYPE_CHECKING:
    from pathlib import Path

    from tailrace.files.object_store import ObjectStoreFiles

SUBSCRIPTION = SubscriptionId(3)
EXPORT = ExportId("5fd8a7f4-7a57-4f4b-9a4f-3a8d1ad7a9c1")
PIECE = bytes(range(256)) * (PART_BYTES // 256)
KEY = f"{SUBSCRIPTION}/{result_name(EXPORT, 1)}"


@pytest.fixture
def files(bucket: Bucket) -> ObjectStoreFiles:
    return files_in(bucket.address)


def publish(files: ObjectStoreFiles, content: bytes = b"0123456789") -> ResultFile:
    with files.writer(SUBSCRIPTION, EXPORT, 1) as out:
        out.write(content)
        return out.publish()


def leave_an_upload(files: ObjectStoreFiles) -> None:
    """What a killed writer leaves: parts, and nobody who completes or aborts them."""
    files.writer(SUBSCRIPTION, EXPORT, 1).write(PIECE + b"more")


def test_large_file__goes_up_in_parts_and_appears_whole(
    files: ObjectStoreFiles, bucket: Bucket
) -> None:
    with files.writer(SUBSCRIPTION, EXPORT, 1) as out:
        for _ in range(4):
            out.write(PIECE)
        out.write(b"end")
        assert (bucket.keys(), bucket.upload_keys()) == (set(), {KEY})
        assert files.names(SUBSCRIPTION) == {part_name(EXPORT, 1)}
        result = out.publish()
    assert (bucket.keys(), bucket.upload_keys()) == ({KEY}, set())
    assert result.sha256 == hashlib.sha256(PIECE * 4 + b"end").hexdigest()
    with files.open(SUBSCRIPTION, result.name) as file:
        assert file.size_bytes == result.size_bytes == 4 * len(PIECE) + 3
        assert file.begin_read(2 * len(PIECE) - 2, 4).result() == b"\xfe\xff\x00\x01"


def test_large_file_left_unpublished__leaves_no_part(
    files: ObjectStoreFiles, bucket: Bucket
) -> None:
    with files.writer(SUBSCRIPTION, EXPORT, 1) as out:
        out.write(PIECE * 2)
    with pytest.raises(KeyError), files.writer(SUBSCRIPTION, EXPORT, 2) as out:
        out.write(PIECE * 2)
        raise KeyError
    assert (bucket.keys(), bucket.upload_keys()) == (set(), set())


def test_unfinished_upload__is_deleted_as_the_part_that_it_is(
    files: ObjectStoreFiles, bucket: Bucket
) -> None:
    leave_an_upload(files)
    assert files.names(SUBSCRIPTION) == {part_name(EXPORT, 1)}
    assert files.names(SubscriptionId(4)) == set()
    files.delete(SUBSCRIPTION, part_name(EXPORT, 2))
    assert bucket.upload_keys() == {KEY}
    files.delete(SUBSCRIPTION, part_name(EXPORT, 1))
    assert bucket.upload_keys() == set()


def test_upload_aborted_by_another__breaks_off(bucket: Bucket) -> None:
    files = files_in(bucket.address, retry_seconds=0.1)
    with files.writer(SUBSCRIPTION, EXPORT, 1) as out:
        out.write(PIECE + b"more")
        files.delete(SUBSCRIPTION, part_name(EXPORT, 1))
        with pytest.raises(FilesUnavailableError):
            out.publish()
    assert (bucket.keys(), bucket.upload_keys()) == (set(), set())


def test_upload_of_which_less_is_stored__is_not_published(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    with line_to_storage(bucket.base_url) as line:
        monkeypatch.setenv("AWS_ENDPOINT", line.base_url)
        line.told_bytes = 9
        with pytest.raises(FilesUnavailableError, match="stored 9 bytes"):
            publish(files_in(bucket.address), b"0123456789")


def test_request_that_the_library_has_no_call_for__is_signed_as_amazon_does(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    with line_to_storage(bucket.base_url) as line:
        monkeypatch.setenv("AWS_ENDPOINT", line.base_url)
        leave_an_upload(files_in(bucket.address))
        files_in(bucket.address).delete(SUBSCRIPTION, part_name(EXPORT, 1))
        (aborting,) = [one for one in line.requests if one[0] == "DELETE"]
        assert aborting[1].endswith(signature(*aborting, line.base_url.removeprefix("http://")))


def signature(method: str, target: str, host: str) -> str:
    """What Amazon makes of a request by its documentation (Signature Version 4 in the query)."""
    path, _, query = target.partition("?")
    parameters = dict(parse_qsl(query, keep_blank_values=True))
    given = sorted((quote(k, safe=""), quote(v, safe="")) for k, v in parameters.items())
    canonical_query = "&".join(f"{k}={v}" for k, v in given if k != "X-Amz-Signature")
    canonical = f"{method}\n{path}\n{canonical_query}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD"
    date = parameters["X-Amz-Date"]
    scope = f"{date[:8]}/us-east-1/s3/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{SECRET}".encode()
    for step in scope.split("/"):
        key = hmac.digest(key, step.encode(), "sha256")
    return hmac.digest(key, f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{digest}".encode(), "sha256").hex()


def test_deleted_file__stays_as_long_as_it_is_open(files: ObjectStoreFiles, bucket: Bucket) -> None:
    name = publish(files).name
    with files.open(SUBSCRIPTION, name) as first, files.open(SUBSCRIPTION, name) as second:
        files.delete(SUBSCRIPTION, name)
        first.close()
        files.delete(SUBSCRIPTION, name)
        assert second.read(0, 10) == b"0123456789"
        with pytest.raises(ExportFileNotFoundError):
            files.open(SUBSCRIPTION, name)
        assert bucket.keys() == {KEY}
    wait_until(lambda: not bucket.keys(), "the object is deleted after its last reader")


def test_deleted_file__is_left_to_the_readers_of_other_servers_for_a_while(
    files: ObjectStoreFiles, bucket: Bucket
) -> None:
    janitors = files_in(bucket.address, grace_seconds=0.5)
    name = publish(files).name
    with files.open(SUBSCRIPTION, name) as file:
        janitors.delete(SUBSCRIPTION, name)
        with pytest.raises(ExportFileNotFoundError):
            janitors.open(SUBSCRIPTION, name)
        assert janitors.names(SUBSCRIPTION) == {name}
        assert file.read(0, 10) == b"0123456789"

    def is_gone_after_another_round() -> bool:
        janitors.delete(SUBSCRIPTION, name)
        return not janitors.names(SUBSCRIPTION)

    wait_until(is_gone_after_another_round, "the time of grace to end")


def test_place__is_one_homes_alone(files: ObjectStoreFiles) -> None:
    files.claim("this home")
    files.claim("this home")
    with pytest.raises(HomeError, match="another home"):
        files.claim("that home")
    assert files.names(SUBSCRIPTION) == set()


def test_server_of_another_home__does_not_start_on_the_same_place(
    bucket: Bucket, tmp_path: Path
) -> None:
    one, other = (
        open_application(Settings(home=tmp_path / name, files=bucket.address))
        for name in ("one", "other")
    )
    with closing(one), closing(other):
        with one.serving():
            pass
        with pytest.raises(HomeError, match="another home"), other.serving():
            raise AssertionError


@pytest.mark.parametrize("address", ["s3://bucket", "gs://bucket/a/b", "az://container/a"])
def test_address_of_object_storage__is_taken(address: str) -> None:
    assert Settings(files=address).files == address


@pytest.mark.parametrize("address", ["bucket", "s3://", "s3://key:secret@bucket", "ftp://a/b"])
def test_other_address__is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="an address is s3://"):
        Settings(files=address)


@pytest.mark.parametrize("address", ["s3://no-such-bucket/x", "az://account-is-not-named/x"])
def test_place_that_is_not_there__is_told_at_once(bucket: Bucket, address: str) -> None:
    with pytest.raises(HomeError, match="cannot be"):
        files_in(address).claim("this home")


def test_address_for_clients__has_the_bytes_for_a_while(bucket: Bucket) -> None:
    files = files_in(bucket.address, address_seconds=60)
    name = publish(files).name
    with files.open(SUBSCRIPTION, name) as file:
        address = file.address()
    assert address is not None
    assert SECRET not in address
    headers = {"Range": "bytes=2-4"}
    answer = httpx.get(address, headers=headers, timeout=DEADLINE_SECONDS, trust_env=False)
    assert (answer.status_code, answer.content) == (206, b"234")
    assert answer.headers["Content-Type"] == "text/csv;charset=UTF-8"


def test_storage_that_is_down_for_a_moment__is_asked_again(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    with line_to_storage(bucket.base_url) as line:
        monkeypatch.setenv("AWS_ENDPOINT", line.base_url)
        files = files_in(bucket.address, retry_seconds=DEADLINE_SECONDS)
        line.refusals = 3
        name = publish(files).name
        line.refusals = 3
        with files.open(SUBSCRIPTION, name) as file:
            line.cut_after, line.most_cuts, line.refusals = 3, 2, 2
            assert file.read(0, 10) == b"0123456789"


def test_storage_that_stays_down__is_told_without_a_secret(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = publish(files_in(bucket.address)).name
    with line_to_storage(bucket.base_url) as line:
        monkeypatch.setenv("AWS_ENDPOINT", line.base_url)
        files = files_in(bucket.address, retry_seconds=0.1)
        with files.open(SUBSCRIPTION, name) as file:
            line.is_unavailable = True
            for attempt in (
                lambda: file.read(0, 10),
                lambda: files.open(SUBSCRIPTION, name),
                lambda: files.names(SUBSCRIPTION),
                lambda: files.delete(SUBSCRIPTION, "other.csv"),
                lambda: publish(files),
            ):
                with pytest.raises(FilesUnavailableError, match="503") as caught:
                    attempt()
                assert SECRET not in str(caught.value)
