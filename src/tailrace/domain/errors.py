"""The one exception tree, by what the caller can do about an error.

    TailraceError
    ├── RequestError          change the request
    │   ├── AccessError           show another credential
    │   ├── TransportError        send another kind of request
    │   ├── ParameterError        give other values
    │   ├── JobStateError         the job is past that
    │   └── NotFoundError         name something that exists
    ├── RetryLaterError       wait, then send the same request again
    └── OperatorError         call whoever runs the server

Errors carry fields, never wire texts: `api.wire_errors` alone maps a class to the code and
message that a client sees (contract sections 1 and 2.5).
"""

from __future__ import annotations

from dataclasses import dataclass, fields


class TailraceError(Exception):
    """Anything this product raises on purpose."""

    def __str__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self.details().items())
        return f"{type(self).__name__}({values})"

    def details(self) -> dict[str, object]:
        """The fields of this error by name: what a message may mention."""
        if not hasattr(self, "__dataclass_fields__"):
            return {}
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]


class RequestError(TailraceError):
    """The caller must change the request."""


class AccessError(RequestError):
    """The credential does not allow this call."""


class TransportError(RequestError):
    """The request is not of the form that the endpoint takes."""


class ParameterError(RequestError):
    """A value of the request breaks a rule."""


class JobStateError(RequestError):
    """The export job is in a state that does not allow this."""


class NotFoundError(RequestError):
    """What the request names does not exist, or not for this caller."""


class RetryLaterError(TailraceError):
    """The same request may succeed later."""


class OperatorError(TailraceError):
    """Something that only whoever runs the server can mend."""


# Identity (contract section 1): answered in OAuth form, not in the envelope.


class MissingCredentialsError(AccessError):
    """No client id or secret was sent."""


@dataclass(eq=False)
class UnknownClientError(AccessError):
    """No live custom service has this client id."""

    client_id: str


class WrongClientSecretError(AccessError):
    """The secret is not this client's."""


class MissingGrantTypeError(ParameterError):
    """The token request names no grant type."""


@dataclass(eq=False)
class UnsupportedGrantTypeError(ParameterError):
    """The token request names a grant type other than client credentials."""

    grant_type: str


# Access tokens and permissions.


class AccessTokenInvalidError(AccessError):
    """The access token is missing or was never given out (contract section 10, row 11)."""


class AccessTokenExpiredError(AccessError):
    """The access token was good once."""


class AccessDeniedError(AccessError):
    """The API user's role lacks the permission."""


# Transport.


@dataclass(eq=False)
class MethodNotSupportedError(TransportError):
    """The path exists, the method does not."""

    method: str


class PathNotFoundError(TransportError):
    """No endpoint has this path."""


class ContentTypeError(TransportError):
    """The body is of a media type that the endpoint does not take."""


class MultipartError(TransportError):
    """A multipart body that cannot be taken apart."""


@dataclass(eq=False)
class BodyTooLargeError(TransportError):
    """The body is over the endpoint's limit."""

    maximum_megabytes: int


class UriTooLongError(TransportError):
    """The request target is longer than 8 KB."""


class InvalidJsonError(TransportError):
    """The body is not a JSON object in UTF-8."""


@dataclass(eq=False)
class AttributeTypeError(TransportError):
    """A JSON member has the wrong JSON type."""

    attribute: str


# Parameters.


@dataclass(eq=False)
class ScalarTypeError(ParameterError):
    """A scalar that is not of its type, such as a date-time that is none."""

    value: str
    type_name: str


@dataclass(eq=False)
class MissingParameterError(ParameterError):
    """A required parameter or member is absent or empty."""

    parameter: str


@dataclass(eq=False)
class UnknownFormatError(ParameterError):
    """A file format other than CSV, TSV and SSV."""

    value: str


@dataclass(eq=False)
class UnknownExportFieldsError(ParameterError):
    """Fields that the object family does not have, in the caller's spelling."""

    names: str


@dataclass(eq=False)
class DuplicateFieldError(ParameterError):
    """The same field twice, whatever its case."""

    field: str


@dataclass(eq=False)
class HeaderOfUnexportedFieldError(ParameterError):
    """A column header for a field that is not exported."""

    field: str


class SeveralFilterTypesError(ParameterError):
    """A lead export with more than one filter."""


@dataclass(eq=False)
class UnknownFilterError(ParameterError):
    """A filter that the object family does not have."""

    filter: str


@dataclass(eq=False)
class DuplicateFilterError(ParameterError):
    """The same filter in two elements of a filter array."""

    filter: str


@dataclass(eq=False)
class FilterSwitchedOffError(ParameterError):
    """A filter that this subscription has switched off."""

    filter: str


class ReversedRangeError(ParameterError):
    """A range that ends before it starts."""


@dataclass(eq=False)
class RangeTooLongError(ParameterError):
    """A range of more days than one export may span."""

    maximum_days: int


@dataclass(eq=False)
class UnknownActivityTypeError(ParameterError):
    """An activity type id that the subscription does not have."""

    activity_type_id: int


@dataclass(eq=False)
class ActivityTypeNotExportableError(ParameterError):
    """An activity type that bulk extract never hands out."""

    name: str


@dataclass(eq=False)
class TooManyValuesError(ParameterError):
    """A list of values longer than its maximum."""

    parameter: str
    maximum: int


class PrimaryAttributeFiltersExclusiveError(ParameterError):
    """Both primary attribute filters in one export."""


class MixedAssetGroupsError(ParameterError):
    """Activity types that have no asset group in common for a primary attribute filter."""


class SmartListWithoutRulesError(ParameterError):
    """A smart list that would select everybody."""


@dataclass(eq=False)
class SmartListRuleError(ParameterError):
    """A smart list rule that makes no sense; `reason` names the offending part."""

    reason: str


@dataclass(eq=False)
class AmbiguousNameError(ParameterError):
    """A name that several lists carry."""

    name: str


@dataclass(eq=False)
class ParameterValueError(ParameterError):
    """A query parameter outside its set of values."""

    value: str
    parameter: str


class PagingTokenError(ParameterError):
    """A paging token that this server never gave out."""


# Administration: shown by the command line as they are.


@dataclass(eq=False)
class AdministrationError(RequestError):
    """A command that cannot be carried out; `reason` is a sentence for its user."""

    reason: str

    def __str__(self) -> str:
        return self.reason


@dataclass(eq=False)
class AssetEntryError(RequestError):
    """What an administrator says of an asset cannot be; `reason` says why, `field` where."""

    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}."


# Look-ups and the life of an export job.


class ObjectNotFoundError(NotFoundError):
    """No such list, program or export job for this caller."""


class ExportFileNotFoundError(NotFoundError):
    """The export job has no file to download (now, or for this caller)."""


class JobAlreadyQueuedError(JobStateError):
    """Enqueue of a job that is queued, processing or completed."""


class JobFailedError(JobStateError):
    """Enqueue of a failed job."""


class JobCancelledError(JobStateError):
    """Enqueue of a cancelled job."""


class JobCompletedError(JobStateError):
    """Cancel of a completed job."""


@dataclass(eq=False)
class UnsatisfiableRangeError(RequestError):
    """A byte range that starts after the file's last byte."""

    size_bytes: int


# Assets and members of programs.


class AssetNotFoundError(NotFoundError):
    """No asset has this id."""


@dataclass(eq=False)
class BlankParameterError(ParameterError):
    """A parameter that the asset API requires is absent or blank."""

    parameter: str


class ReversedAssetDatesError(ParameterError):
    """An asset date range that ends before it starts."""


class AssetDateError(ParameterError):
    """An asset date parameter that is no date-time."""


class ParentFolderNotFoundError(NotFoundError):
    """The folder or program that an asset shall lie in does not exist."""


@dataclass(eq=False)
class AssetNameTakenError(ParameterError):
    """Another asset of the kind has this name in the same place."""

    name: str


class AssetInUseError(RequestError):
    """An asset that others need cannot be deleted."""


class ProgramStatusNotFoundError(NotFoundError):
    """The program's channel has no such status."""


class LeadPastStatusError(RequestError):
    """A member cannot go to its own status or an earlier one."""


class LeadNotInProgramError(NotFoundError):
    """The lead is no member of the program."""


class MembershipNotFoundError(NotFoundError):
    """The lead has no membership whose values could change."""


class TooManyMembersError(ParameterError):
    """A filter that more than 100,000 members of a program match."""


# Leads: their fields, look-ups, lists and imports.


class LeadNotFoundError(NotFoundError):
    """No lead has this id, or none this value of the lookup field."""


@dataclass(eq=False)
class NamedLeadNotFoundError(NotFoundError):
    """No lead has the id in the path."""

    lead_id: str


class LeadExistsError(ParameterError):
    """A lead to be created is there already."""


@dataclass(eq=False)
class FieldNotFoundError(ParameterError):
    """The subscription has no such lead field."""

    field: str


class SeveralLeadsError(ParameterError):
    """More than one lead has this value of the lookup field."""


@dataclass(eq=False)
class PartitionError(ParameterError):
    """The subscription has no such lead partition."""

    partition: str


class PartitionChangeError(ParameterError):
    """A lead cannot move to another partition."""


@dataclass(eq=False)
class LookupFieldError(ParameterError):
    """A field by which leads are not looked up."""

    field: str


class LeadNotInListError(NotFoundError):
    """The lead to be removed is no member of the list."""


@dataclass(eq=False)
class FieldNotAllowedError(ParameterError):
    """A field that a record of this action must not name."""

    field: str
    action: str


@dataclass(eq=False)
class LookupValueMissingError(ParameterError):
    """A record without a value of the lookup field."""

    field: str


@dataclass(eq=False)
class ReadOnlyFieldError(ParameterError):
    """A field that the API does not write."""

    field: str


@dataclass(eq=False)
class FieldValueError(ParameterError):
    """A value that is not of its field's type, or too long for it."""

    field: str
    value: str


class TooManyMatchesError(ParameterError):
    """A filter that more leads match than one look-up hands out."""


@dataclass(eq=False)
class LeadFieldExistsError(ParameterError):
    """A field to be created is there already."""

    field: str


@dataclass(eq=False)
class TooManyLeadFieldsError(ParameterError):
    """As many fields as may be were created through the API."""

    maximum: int


class EmptyFileError(ParameterError):
    """An uploaded file without a byte, or without a header line."""


class ImportReportNotFoundError(NotFoundError):
    """The import has no such rows, is not finished, or is no longer kept."""


# The activity log: reading it and writing to it.


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


# Wait and try again.


class JobQueueFullError(RetryLaterError):
    """The subscription's queue holds as many jobs as it may."""


@dataclass(eq=False)
class ImportQueueFullError(RetryLaterError):
    """The subscription has as many unfinished imports as it may."""

    imports: int


@dataclass(eq=False)
class ExportQuotaError(RetryLaterError):
    """The day's quota of exported bytes is used up."""

    quota_megabytes: int


@dataclass(eq=False)
class CallRateError(RetryLaterError):
    """More calls within the window than the subscription may make."""

    calls: int
    window_seconds: int


class DailyCallsError(RetryLaterError):
    """More calls since midnight US Central than the subscription may make."""


class CallConcurrencyError(RetryLaterError):
    """More calls in flight than the subscription may have."""


class StoreUnavailableError(RetryLaterError):
    """The store is busy or its disk full for longer than a call may wait."""


# The operator's.


@dataclass(eq=False)
class HomeError(OperatorError):
    """A home directory that cannot be used; `reason` is a sentence for the operator."""

    reason: str

    def __str__(self) -> str:
        return self.reason


@dataclass(eq=False)
class ExportFailedError(OperatorError):
    """An export that can never succeed as it stands; `reason` becomes the job's errorMsg."""

    reason: str

    def __str__(self) -> str:
        return self.reason


class ExportInterruptedError(OperatorError):
    """An export broke off for a reason that may be gone the next time."""


class LeaseLostError(OperatorError):
    """The runner no longer holds the job: it was cancelled, or another runner has taken it."""
