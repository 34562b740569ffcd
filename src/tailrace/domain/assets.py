"""Assets: what leads belong to and activities speak of, and the folder that each lies in.

There is no table of folders. An asset lies in a program, or in the one folder that every
subscription has under the same id and name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

#: The only workspace (contract section 6.6).
WORKSPACE_ID = 1
WORKSPACE_NAME = "Default"

MAXIMUM_NAME_CHARACTERS = 255


@dataclass(frozen=True, slots=True)
class FolderReference:
    """A folder or program as a request names it; whether there is one is not settled."""

    id: int
    is_program: bool = False


@dataclass(frozen=True, slots=True)
class AssetFolder:
    """What an asset lies in."""

    id: int
    name: str
    #: Whether it is a program; else it is the one folder.
    is_program: bool = False

    @property
    def reference(self) -> FolderReference:
        return FolderReference(self.id, self.is_program)


#: Ids of assets start at 1001, so no program is taken for it.
DEFAULT_FOLDER = AssetFolder(1, "Default")


class ProgramType(StrEnum):
    """Types of program by their names in the asset API (contract section 6.9)."""

    DEFAULT = "Default"
    EVENT = "Event"
    WEBINAR = "Event with Webinar"
    ENGAGEMENT = "Engagement"
    EMAIL = "Email"


#: Statuses that a program of each type may have; the first is that of a new one.
PROGRAM_STATUSES: dict[ProgramType, tuple[str, ...]] = {
    ProgramType.DEFAULT: ("",),
    ProgramType.EVENT: ("",),
    ProgramType.WEBINAR: ("",),
    ProgramType.ENGAGEMENT: ("off", "on"),
    ProgramType.EMAIL: ("unlocked", "locked", "completed"),
}


_TYPE_OF_CHANNEL = {
    "event": ProgramType.EVENT,
    "nurture": ProgramType.ENGAGEMENT,
    "email": ProgramType.EMAIL,
}


def default_program_type(applicable_program_type: str) -> ProgramType:
    """The type of a program of a channel for programs of this kind."""
    return _TYPE_OF_CHANNEL.get(applicable_program_type, ProgramType.DEFAULT)


class CampaignType(StrEnum):
    BATCH = "batch"
    TRIGGER = "trigger"


class FormStatus(StrEnum):
    APPROVED = "approved"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Tag:
    """What a program is filed under."""

    type: str
    value: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What a program cost in a period."""

    #: `YYYY-MM-DD`.
    start_date: str
    #: In whole units of the subscription's currency.
    cost: int
    note: str


@dataclass(frozen=True, slots=True)
class Asset:
    id: int
    name: str
    description: str | None
    created_at: datetime
    updated_at: datetime
    folder: AssetFolder


@dataclass(frozen=True, slots=True)
class Program(Asset):
    #: Name of its channel.
    channel: str
    type: ProgramType
    status: str
    tags: tuple[Tag, ...]
    costs: tuple[Cost, ...]


@dataclass(frozen=True, slots=True)
class StaticList(Asset):
    """A list that leads are put on one by one."""


@dataclass(frozen=True, slots=True)
class SmartList(Asset):
    #: JSON text of a `smart_list.Rule`; one with no rule at all is kept, too.
    rule: str


@dataclass(frozen=True, slots=True)
class Form(Asset):
    status: FormStatus
    #: REST names of the lead fields that it asks for.
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Campaign(Asset):
    """A smart campaign: described here, not run."""

    type: CampaignType
    is_active: bool
