"""Defining the subscription's own activity types: what a call asks for, and what comes of it.

Theory of operation: a type has a version that counts and a draft; calls change the draft, and
only approving makes it count (contract section 7.5). Everything here takes a definition and
returns another; keeping them is the store's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

import msgspec

from tailrace.domain.activity_types import (
    ActivityAttribute,
    ActivityType,
    api_name_of,
    taken_name,
)
from tailrace.domain.errors import (
    ActivityAttributeExistsError,
    AttributeTypeError,
    FieldNotFoundError,
    InvalidJsonError,
    MissingParameterError,
    ParameterValueError,
    TooManyActivityAttributesError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAXIMUM_TYPES = 10
MAXIMUM_ATTRIBUTES = 20

DATA_TYPES = (
    *("string", "boolean", "integer", "float", "link", "email", "currency", "date"),
    *("datetime", "phone", "text"),
)

_MAXIMUM_NAME = 255
_API_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9_]{1,255}", re.ASCII)


class OwnActivityType(ActivityType, frozen=True, rename="camel", omit_defaults=True):
    """A definition as it is kept: what counts for activities, and what only people read."""

    trigger_name: str | None = None
    filter_name: str | None = None
    #: ISO 8601, UTC; None for a type that an administrator made.
    created_at: str | None = None
    updated_at: str | None = None

    @property
    def names(self) -> frozenset[str]:
        """What it goes by, in lower case: no two types share one."""
        return frozenset({self.name.lower(), api_name_of(self).lower()})


def new_type(body: object, type_id: int, now: str) -> OwnActivityType:
    """The type that a call asks to be created.

    Raises InvalidJsonError, AttributeTypeError, MissingParameterError or ParameterValueError.
    """
    members = _members(body)
    for name in ("apiName", "name", "triggerName", "filterName", "primaryAttribute"):
        if members.get(name) in (None, ""):
            raise MissingParameterError(name)
    return OwnActivityType(
        id=type_id,
        api_name=_api_name(members),
        name=_required_text(members, "name"),
        description=_text(members, "description") or "",
        trigger_name=_text(members, "triggerName"),
        filter_name=_text(members, "filterName"),
        primary_attribute=_attribute(_object(members, "primaryAttribute")),
        created_at=now,
        updated_at=now,
    )


def changed_type(known: OwnActivityType, body: object, now: str) -> OwnActivityType:
    """The definition with what a call gives in place of what was there. Raises as `new_type`."""
    members = _members(body)
    primary = known.primary_attribute
    if members.get("primaryAttribute") is not None:
        primary = _attribute(_object(members, "primaryAttribute"), primary)
    return msgspec.structs.replace(
        known,
        name=_text(members, "name") or known.name,
        description=_text(members, "description") or known.description,
        trigger_name=_text(members, "triggerName") or known.trigger_name,
        filter_name=_text(members, "filterName") or known.filter_name,
        primary_attribute=primary,
        updated_at=now,
    )


def with_attributes(known: OwnActivityType, body: object, now: str) -> OwnActivityType:
    """The definition with further attributes.

    Raises ActivityAttributeExistsError, TooManyActivityAttributesError, or as `new_type`.
    """
    for record in _attribute_records(body):
        attribute = _attribute(record)
        _check_names(attribute, _every(known))
        known = _placed(known, attribute, is_primary=_is_primary(record))
    if len(known.attributes) > MAXIMUM_ATTRIBUTES:
        raise TooManyActivityAttributesError(MAXIMUM_ATTRIBUTES)
    return msgspec.structs.replace(known, updated_at=now)


def with_changed_attributes(known: OwnActivityType, body: object, now: str) -> OwnActivityType:
    """The definition with attributes changed, each known by its API name.

    Raises FieldNotFoundError for an attribute that is not there, or as `with_attributes`.
    """
    for record in _attribute_records(body):
        before = _find(known, _api_name(record))
        after = _attribute(record, before)
        _check_names(after, (one for one in _every(known) if one is not before))
        is_primary = _is_primary(record) or before is known.primary_attribute
        known = _placed(_without(known, before), after, is_primary=is_primary)
    return msgspec.structs.replace(known, updated_at=now)


def without_attributes(known: OwnActivityType, body: object, now: str) -> OwnActivityType:
    """The definition without some attributes. Raises as `with_changed_attributes`.

    The primary attribute stays: ParameterValueError.
    """
    for record in _attribute_records(body):
        attribute = _find(known, _api_name(record))
        if attribute is known.primary_attribute:
            raise ParameterValueError(api_name_of(attribute), "attributes")
        known = _without(known, attribute)
    return msgspec.structs.replace(known, updated_at=now)


def _every(known: OwnActivityType) -> list[ActivityAttribute]:
    primary = known.primary_attribute
    return [*([] if primary is None else [primary]), *known.attributes]


def _check_names(attribute: ActivityAttribute, others: Iterable[ActivityAttribute]) -> None:
    taken = {name.lower() for one in others for name in (one.name, api_name_of(one))}
    clash = taken_name(attribute, taken)
    if clash is not None:
        raise ActivityAttributeExistsError(clash)


def _find(known: OwnActivityType, api_name: str) -> ActivityAttribute:
    for attribute in _every(known):
        if api_name_of(attribute).lower() == api_name.lower():
            return attribute
    raise FieldNotFoundError(api_name)


def _without(known: OwnActivityType, attribute: ActivityAttribute) -> OwnActivityType:
    if attribute is known.primary_attribute:
        return msgspec.structs.replace(known, primary_attribute=None)
    left = tuple(one for one in known.attributes if one is not attribute)
    return msgspec.structs.replace(known, attributes=left)


def _placed(
    known: OwnActivityType, attribute: ActivityAttribute, *, is_primary: bool
) -> OwnActivityType:
    """With the attribute added; a primary one takes the place of that before, which stays."""
    if not is_primary:
        return msgspec.structs.replace(known, attributes=(*known.attributes, attribute))
    former = known.primary_attribute
    others = known.attributes if former is None else (*known.attributes, former)
    return msgspec.structs.replace(known, primary_attribute=attribute, attributes=others)


def _attribute_records(body: object) -> list[Mapping[str, object]]:
    records = _members(body).get("attributes")
    if records is None:
        raise MissingParameterError("attributes")
    if not isinstance(records, list):
        raise AttributeTypeError("attributes")
    found = cast("list[object]", records)
    if not all(isinstance(one, dict) for one in found):
        raise AttributeTypeError("attributes")
    return cast("list[Mapping[str, object]]", found)


def _attribute(
    members: Mapping[str, object], known: ActivityAttribute | None = None
) -> ActivityAttribute:
    """The attribute that a record describes, as a change of `known` if there is one."""
    data_type = _text(members, "dataType") or ("string" if known is None else known.data_type)
    if data_type.lower() not in DATA_TYPES:
        raise ParameterValueError(data_type, "dataType")
    is_named = known is not None and members.get("apiName") is None
    return ActivityAttribute(
        name=_text(members, "name") or (known.name if known else _required_text(members, "name")),
        api_name=known.api_name if known is not None and is_named else _api_name(members),
        data_type=data_type.lower(),
    )


def _is_primary(members: Mapping[str, object]) -> bool:
    value = members.get("isPrimary")
    if value is not None and not isinstance(value, bool):
        raise AttributeTypeError("isPrimary")
    return value is True


def _api_name(members: Mapping[str, object]) -> str:
    name = _required_text(members, "apiName")
    if _API_NAME.fullmatch(name) is None:
        raise ParameterValueError(name, "apiName")
    return name


def _required_text(members: Mapping[str, object], name: str) -> str:
    text = _text(members, name)
    if text is None:
        raise MissingParameterError(name)
    return text


def _text(members: Mapping[str, object], name: str) -> str | None:
    """A text without blanks around it; None where it is absent or empty."""
    value = members.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise AttributeTypeError(name)
    if len(value) > _MAXIMUM_NAME:
        raise ParameterValueError(value, name)
    return value.strip() or None


def _object(members: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = members.get(name)
    if not isinstance(value, dict):
        raise AttributeTypeError(name)
    return cast("Mapping[str, object]", value)


def _members(body: object) -> Mapping[str, object]:
    if not isinstance(body, dict):
        raise InvalidJsonError
    return cast("Mapping[str, object]", body)
