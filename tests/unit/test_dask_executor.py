"""Exports rendered on a cluster: the same file as on one machine, shared fairly, in bounded memory."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import dask
import pytest
import trustme

from tailrace.domain.cluster_state import ClusterState
from tailrace.domain.errors import HomeError
from tailrace.extract.dask_executor import DaskExecutor, DaskLimits
from tailrace.lake.activity_log import ActivityLog
from tailrace.lake.object_storage import LakePlace
from tailrace.lake.table_lock import TableLock, locked_file
from tests.support.activities import (
    START,
    SUBSCRIPTION,
    activity_request,
    export,
    random_activities,
)
from tests.support.dask_cluster import running_cluster
from tests.support.held_export import FRAGMENT_BYTES, data_rows, held_export, works_of
from tests.support.object_storage import SECRET

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from pathlib import Path

    from tailrace.extract.executor import Work
    from tests.support.dask_cluster import Cluster
    from tests.support.object_storage import Bucket


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Generator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster"), workers=2) as running:
        yield running


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> ActivityLog:
    made = ActivityLog.in_directory(tmp_path_factory.mktemp("lake") / "activities")
    made.append(random_activities(1500, seed=1))
    made.append(random_activities(500, seed=2, first_guid=5000))
    return made


@pytest.mark.parametrize(
    ("filters", "delimiter"),
    [
        ({}, ","),
        ({"type_ids": (1, 13)}, "\t"),
        ({"type_ids": (2,), "primary_ids": (10, 12)}, ";"),
        ({"fields": ("activityDate", "primaryAttributeValue")}, " "),
        ({"start": START + timedelta(hours=7), "end": START + timedelta(hours=40)}, ","),
        ({"type_ids": (999,)}, ","),
    ],
)
def test_file__is_that_of_one_machine(
    cluster: Cluster, log: ActivityLog, tmp_path: Path, filters: dict[str, Any], delimiter: str
) -> None:
    request = activity_request(**filters)
    here, result = export(
        log, request, tmp_path / "here", fragment_bytes=FRAGMENT_BYTES, delimiter=delimiter
    )
    there, result_there = export(
        log,
        request,
        tmp_path / "there",
        fragment_bytes=FRAGMENT_BYTES,
        delimiter=delimiter,
        executor=cluster.executor(),
    )
    assert there == here
    assert result_there == result


def test_export__has_no_more_on_the_cluster_than_its_window(
    cluster: Cluster, log: ActivityLog
) -> None:
    asked: list[int] = []

    def noting(works: Iterable[Work[int]]) -> Iterator[Work[int]]:
        for work in works:
            asked.append(work.item)
            yield work

    with held_export(noting(works_of(log)), cluster.executor(window=3)) as held:
        assert asked == [0, 1, 2]
        assert cluster.task_count() <= 3
        held.finish()
    assert asked == [work.item for work in works_of(log)]


def test_small_export_beside_a_large_one__is_finished_first(
    cluster: Cluster, log: ActivityLog, tmp_path: Path
) -> None:
    expected, _ = export(log, activity_request(), tmp_path / "1")
    day = activity_request(end=START + timedelta(hours=5))
    with held_export(works_of(log), cluster.executor()) as large:
        small, result = export(log, day, tmp_path / "2", executor=cluster.executor())
        assert result.row_count > 0
        assert large.content == b""
        assert large.finish() == data_rows(expected)
    assert data_rows(expected).startswith(data_rows(small))


def test_cluster__says_what_it_has(cluster: Cluster) -> None:
    assert cluster.look() == ClusterState(workers=2, threads=2)


def test_lake_in_a_bucket__is_read_with_the_credentials_of_the_workers(
    bucket: Bucket, tmp_path: Path
) -> None:
    storage = LakePlace(bucket.address, owner="", retry_seconds=2).table(SUBSCRIPTION)
    log = ActivityLog(storage, TableLock(partial(locked_file, tmp_path / "lock")))
    log.append(random_activities(50))
    assert not [work for work in works_of(log) if SECRET.encode() in (work.packed_task or b"")]
    here, _ = export(log, activity_request(), tmp_path / "here")
    with running_cluster(tmp_path, workers=1) as cluster:
        there, _ = export(log, activity_request(), tmp_path / "there", executor=cluster.executor())
    assert there == here


def test_cluster_behind_tls__renders_for_who_has_a_certificate(
    log: ActivityLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = export(log, activity_request(), tmp_path / "here")
    settings: dict[str, str] = {}
    for name, path in certificate_files(tmp_path).items():
        monkeypatch.setenv(name, path)
        setting = name.removeprefix("DASK_").lower().replace("__", ".").replace("_", "-")
        settings[setting] = path
    # Dask has read the environment of this process long ago.
    with (
        cast("Any", dask).config.set(settings),
        running_cluster(tmp_path, workers=1, protocol="tls") as cluster,
    ):
        there, _ = export(log, activity_request(), tmp_path / "there", executor=cluster.executor())
    assert there == here


def test_cluster_behind_tls__is_refused_without_certificates() -> None:
    with pytest.raises(HomeError, match="asks for TLS"):
        DaskExecutor("tls://scheduler.example.com:8786", DaskLimits(patience_seconds=1))


def certificate_files(directory: Path) -> dict[str, str]:
    """Where Dask finds a certificate for everybody, by the variables that say so."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    names = ("ca.pem", "cert.pem", "key.pem")
    authority_file, certificate_file, key_file = (str(directory / name) for name in names)
    authority.cert_pem.write_to_path(authority_file)
    certificate.cert_chain_pems[0].write_to_path(certificate_file)
    certificate.private_key_pem.write_to_path(key_file)
    prefix = "DASK_DISTRIBUTED__COMM__TLS__"
    found = {f"{prefix}CA_FILE": authority_file}
    for role in ("SCHEDULER", "WORKER", "CLIENT"):
        found[f"{prefix}{role}__CERT"] = certificate_file
        found[f"{prefix}{role}__KEY"] = key_file
    return found
