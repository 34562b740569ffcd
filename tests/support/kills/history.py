"""What clients did and what came of it, call by call: the record that is examined after a run."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Action(StrEnum):
    #: `value` is what is asked for: see `Export`.
    CREATE = "create"
    ENQUEUE = "enqueue"
    CANCEL = "cancel"
    #: `value` is the job's status.
    STATUS = "status"
    #: `value` is the SHA-256 of what came, `marks` what was found in it.
    DOWNLOAD = "download"
    #: `subject` is the lead's address, `value` its first name.
    WRITE_LEAD = "write lead"
    READ_LEAD = "read lead"
    #: `subject` is the batch's key, `marks` name its activities.
    INGEST = "ingest"
    #: `subject` is the import's id where it is known, `marks` are the addresses in the file.
    IMPORT = "import"
    #: `value` is the import's status.
    IMPORT_STATUS = "import status"


class Outcome(StrEnum):
    #: Acknowledged: it has happened.
    DONE = "done"
    #: It has not happened; `value` is the code.
    REFUSED = "refused"
    #: Nobody has said whether it has happened.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Call:
    client: int
    action: Action
    subject: str
    outcome: Outcome
    #: Nanoseconds of one clock: of two calls the earlier one ended before the later one began.
    began: int
    ended: int
    value: str = ""
    #: Checksum and size that a status told of its file.
    sha256: str = ""
    size_bytes: int = 0
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Export:
    """What an export job is asked for, as the text that its creation is recorded with."""

    family: str
    first_day: int
    last_day: int

    def __str__(self) -> str:
        return f"{self.family} {self.first_day} {self.last_day}"

    @classmethod
    def of(cls, text: str) -> Export:
        family, first_day, last_day = text.split()
        return cls(family, int(first_day), int(last_day))

    def holds(self, mark: str) -> bool:
        """Whether what is marked so falls into it: the day is the end of an activity's mark."""
        if self.family == "leads":
            return True
        return self.first_day <= int(mark.rpartition("-d")[2]) <= self.last_day


class History:
    """Calls in the order of their ends; any number of threads may add to it."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._acknowledged = 0
        self._changed = threading.Condition()

    def add(self, call: Call) -> None:
        with self._changed:
            self._calls.append(call)
            self._acknowledged += call.outcome is Outcome.DONE
            self._changed.notify_all()

    def calls(self) -> list[Call]:
        with self._changed:
            return list(self._calls)

    @property
    def acknowledged(self) -> int:
        return self._acknowledged

    def wait_for(self, acknowledged: int, seconds: float) -> bool:
        """Whether so many calls have been acknowledged, within so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._acknowledged >= acknowledged, seconds)

    def save(self, path: Path) -> None:
        """Write it as JSON lines, for reading by eye."""
        with path.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(asdict(call)) + "\n" for call in self.calls())
