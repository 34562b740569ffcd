"""The parts of a home that its settings choose: what is in it or elsewhere, and who renders.

Libraries for what is elsewhere are imported only where it is: most homes need none of them, and
commands are to start at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.domain.errors import HomeError
from tailrace.extract.rendered import RenderedFragments
from tailrace.files.directory import FileDirectory
from tailrace.home_directory import DATABASE_NAME
from tailrace.lake.home_lake import lake_of, lake_owner

if TYPE_CHECKING:
    from pathlib import Path

    from tailrace.extract.executor import FragmentExecutor
    from tailrace.files.result_files import ResultFiles
    from tailrace.lake.home_lake import Lake
    from tailrace.settings import Settings

#: How long a result file on object storage outlives its retention for downloads on other servers.
_OTHERS_READ_SECONDS = 3600


def store_location(settings: Settings) -> Path | str:
    """The file of SQLite, or the address of PostgreSQL with its password."""
    if settings.store is None:
        return settings.home / DATABASE_NAME
    return settings.store.get_secret_value()


def lake(settings: Settings, key: bytes) -> Lake:
    """The lake of the home with this key."""
    return lake_of(
        settings.home,
        settings.lake,
        owner=lake_owner(key),
        retry_seconds=settings.files_retry_seconds,
    )


def result_files(settings: Settings) -> ResultFiles:
    """Where result files are kept."""
    if settings.files is None:
        return FileDirectory(settings.home / "files")
    from tailrace.files.object_store import ObjectStoreFiles, ObjectStoreLimits

    limits = ObjectStoreLimits(
        part_bytes=settings.files_part_megabytes * 1024 * 1024,
        retry_seconds=settings.files_retry_seconds,
        address_seconds=settings.files_redirect_seconds,
        # A store of its own has one server, which knows of every download.
        grace_seconds=_OTHERS_READ_SECONDS if settings.store is not None else 0,
    )
    return ObjectStoreFiles(settings.files, limits)


def rendered_fragments(files: ResultFiles, settings: Settings) -> RenderedFragments:
    """What is known of fragments in result files."""
    # Fetching bytes from object storage takes longer than rendering them.
    return RenderedFragments(files, settings.known_fragments if settings.files is None else 0)


def fragment_executor(settings: Settings) -> FragmentExecutor | None:
    """Who renders elsewhere; None if this process does. Raises HomeError without its library."""
    if settings.executor is None:
        return None
    try:
        from tailrace.extract.dask_executor import DaskExecutor, DaskLimits, dask_address
    except ModuleNotFoundError as error:
        reason = "TAILRACE_EXECUTOR needs the extra dask: pip install 'tailrace[dask]'."
        raise HomeError(reason) from error
    limits = DaskLimits(settings.executor_patience_seconds, settings.executor_window)
    return DaskExecutor(dask_address(settings.executor), limits)
