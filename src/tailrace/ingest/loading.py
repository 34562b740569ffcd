"""What loading files of leads and of activities have in common: options, progress, the report."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import file_digest
from typing import TYPE_CHECKING, Protocol

from tailrace.ingest.rejections import RejectFile
from tailrace.ingest.source_format import SourceFile, SourceFormat, source_file

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from tailrace.app import Application
    from tailrace.domain.export_job import SubscriptionId


class Progress(Protocol):
    """Watches a load; it may be called in another thread than the caller's."""

    def __call__(self, rows: int, bytes_done: int, bytes_total: int, /) -> None:
        """Rows dealt with so far, bytes of the files read so far, bytes of the files in all."""


def no_progress(rows: int, bytes_done: int, bytes_total: int) -> None:
    """For callers who do not watch."""


@dataclass(frozen=True, slots=True)
class LoadOptions:
    #: None is the home's first.
    subscription_id: SubscriptionId | None = None
    #: None is what each file's name says.
    format: SourceFormat | None = None
    #: Where rejected rows go; None is a new file in the home's `rejects`.
    reject_path: Path | None = None
    #: Activities: whether unknown type ids are registered instead of rejected.
    register_types: bool = False
    #: Leads: whether unknown columns become string fields instead of refusing the file.
    create_fields: bool = False


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What became of the rows of all files."""

    loaded: int
    rejected: int
    #: Rows that the home held already, the same in every value or, activities, by their GUID.
    already_there: int
    #: Of the loaded leads: new ones.
    created: int
    #: Of the loaded leads: those that another value was there for.
    updated: int
    seconds: float
    #: The rejected rows with their reasons; None when there are none.
    reject_file: Path | None

    @property
    def rows_per_second(self) -> float:
        """Rows dealt with, loaded or not."""
        rows = self.loaded + self.rejected + self.already_there
        return rows / self.seconds if self.seconds else 0.0


@dataclass(slots=True)
class Loading:
    """A load under way."""

    application: Application
    subscription_id: SubscriptionId
    options: LoadOptions
    sources: Sequence[SourceFile]
    rejects: RejectFile
    progress: Progress
    created: int = 0
    updated: int = 0
    already_there: int = 0
    #: Bytes of the files that are done with.
    bytes_before: int = 0
    bytes_total: int = 0
    began: float = field(default_factory=time.perf_counter)

    def report_progress(self, bytes_done: int) -> None:
        """Tell the watcher; `bytes_done` is how much of the current file was read."""
        rows = self.created + self.updated + self.already_there + self.rejects.count
        self.progress(rows, self.bytes_before + bytes_done, self.bytes_total)

    def report(self) -> LoadReport:
        return LoadReport(
            loaded=self.created + self.updated,
            rejected=self.rejects.count,
            already_there=self.already_there,
            created=self.created,
            updated=self.updated,
            seconds=time.perf_counter() - self.began,
            reject_file=self.rejects.path,
        )


@contextmanager
def loading(
    application: Application,
    kind: str,
    files: Sequence[Path],
    options: LoadOptions | None,
    progress: Progress | None,
) -> Generator[Loading]:
    """A load of `files`, its reject file open. Raises AdministrationError for a missing file."""
    options = options or LoadOptions()
    sources = [source_file(path, options.format) for path in files]
    default_id = application.subscriptions.default_id
    with RejectFile(options.reject_path or _reject_path(application, kind)) as rejects:
        yield Loading(
            application=application,
            subscription_id=options.subscription_id or default_id(),
            options=options,
            sources=sources,
            rejects=rejects,
            progress=progress or no_progress,
            bytes_total=sum(source.size_bytes for source in sources),
        )


def sha256_of(source: SourceFile) -> str:
    """The SHA-256 of the file's bytes, by which a second load knows it."""
    with source.path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _reject_path(application: Application, kind: str) -> Path:
    moment = f"{application.clock():%Y%m%dT%H%M%S%fZ}"
    return application.settings.home / "rejects" / f"{kind}-{moment}.csv"
