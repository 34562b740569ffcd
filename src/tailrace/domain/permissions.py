"""Permissions of the API, and the roles that come with every subscription."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """A permission under the name that the custom-service pages show (contract section 10.28)."""

    READ_ONLY_ACTIVITY = "Read-Only Activity"
    READ_WRITE_ACTIVITY = "Read-Write Activity"
    READ_ONLY_ACTIVITY_METADATA = "Read-Only Activity Metadata"
    READ_WRITE_ACTIVITY_METADATA = "Read-Write Activity Metadata"
    READ_ONLY_ASSETS = "Read-Only Assets"
    READ_WRITE_ASSETS = "Read-Write Assets"
    READ_ONLY_CAMPAIGN = "Read-Only Campaign"
    READ_WRITE_CAMPAIGN = "Read-Write Campaign"
    READ_ONLY_CUSTOM_OBJECT = "Read-Only Custom Object"
    READ_WRITE_CUSTOM_OBJECT = "Read-Write Custom Object"
    READ_ONLY_LEAD = "Read-Only Lead"
    READ_WRITE_LEAD = "Read-Write Lead"


#: The role of an API user for whom none was named: everything.
DEFAULT_ROLE = "Read-Write"

_READ_ONLY = frozenset(one for one in Permission if one.value.startswith("Read-Only"))

#: Role name to permissions. Each permission's own name is a role with that permission alone.
BUILT_IN_ROLES: dict[str, frozenset[Permission]] = {
    DEFAULT_ROLE: frozenset(Permission),
    "Read-Only": _READ_ONLY,
    **{one.value: frozenset({one}) for one in Permission},
}
