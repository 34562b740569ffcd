"""Errors of the activity log: of reading it and of writing to it."""

from __future__ import annotations

from dataclasses import dataclass

from tailrace.domain.errors.tree import ParameterError


@dataclass(eq=False)
class ListTooLargeError(ParameterError):
    """A static list of too many leads to look up the activities of."""

    maximum: int


@dataclass(eq=False)
class IdempotencyKeyError(ParameterError):
    """An idempotency key that is too long, or no plain text."""

    maximum: int


class IdempotencyKeyReusedError(ParameterError):
    """An idempotency key that came with another body before."""


@dataclass(eq=False)
class StandardActivityTypeError(ParameterError):
    """A standard activity type where one of the subscription's own is wanted."""

    activity_type_id: int


@dataclass(eq=False)
class ActivityAttributesError(ParameterError):
    """Attributes that an activity of this type cannot have; `reason` names the offending one."""

    reason: str


@dataclass(eq=False)
class AttributesTooLargeError(ParameterError):
    """Attributes of an activity that are too long together."""

    maximum: int


@dataclass(eq=False)
class ActivityTypeExistsError(ParameterError):
    """An activity type under a name that another one has."""

    name: str


@dataclass(eq=False)
class ActivityAttributeExistsError(ParameterError):
    """An attribute under a name that the activity type has already."""

    name: str


@dataclass(eq=False)
class ActivityTypeWithoutDraftError(ParameterError):
    """Approving or discarding a draft that is not there, or has nothing behind it."""

    api_name: str


@dataclass(eq=False)
class TooManyActivityTypesError(ParameterError):
    """More activity types of its own than a subscription may have."""

    maximum: int


@dataclass(eq=False)
class TooManyActivityAttributesError(ParameterError):
    """More attributes than an activity type may have."""

    maximum: int
