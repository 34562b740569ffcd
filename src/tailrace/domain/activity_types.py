"""The types of activity, their attributes, and the asset groups of the primary attribute filters."""

from __future__ import annotations

from enum import Enum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection

NEW_LEAD = 12
CHANGE_DATA_VALUE = 13
DELETE_LEAD = 37

#: Ids of a subscription's own types are this and above (contract section 6.2).
FIRST_CUSTOM_TYPE_ID = 100_000


class ActivityAttribute(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    name: str
    data_type: str = "string"
    api_name: str | None = None


def api_name_of(definition: ActivityAttribute | ActivityType) -> str:
    """The API name: its own, or one made of its name where an administrator gave none."""
    if definition.api_name is not None:
        return definition.api_name
    words = "".join(one if one.isascii() and one.isalnum() else " " for one in definition.name)
    first, *others = words.split() or ["type"]
    return first[:1].lower() + first[1:] + "".join(one[:1].upper() + one[1:] for one in others)


class ActivityType(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    id: int
    name: str
    description: str = ""
    #: What `primaryAttributeValue` is about; New Lead and some others have none.
    primary_attribute: ActivityAttribute | None = None
    attributes: tuple[ActivityAttribute, ...] = ()
    api_name: str | None = None


def taken_name(definition: ActivityAttribute | ActivityType, taken: Collection[str]) -> str | None:
    """Which of its two names is among those that are taken, all in lower case; None if neither."""
    names = (definition.name, api_name_of(definition))
    return next((name for name in names if name.lower() in taken), None)


class AssetGroup(Enum):
    """Types whose primary attribute names one kind of thing (contract section 5.3)."""

    ATTRIBUTE_NAME = frozenset({13, 22})
    MARKETING_PROGRAM = frozenset({104})
    STATIC_LIST = frozenset({24, 25})
    WEB_FORM = frozenset({2})


def asset_group_of(activity_type_ids: frozenset[int]) -> AssetGroup | None:
    """The one group that holds all these types, if there is one."""
    for group in AssetGroup:
        if activity_type_ids <= group.value:
            return group
    return None


@cache
def standard_activity_types() -> tuple[ActivityType, ...]:
    """The types of contract section 8.1, by id."""
    text = files("tailrace.domain.data").joinpath("activity_types.json").read_bytes()
    return tuple(msgspec.json.decode(text, type=list[ActivityType]))
