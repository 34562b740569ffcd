"""The one place that says what a client sees of an error: its code, its text, its HTTP status.

A message is a template over the error's own fields, so no text of ours is ever built elsewhere.
The most specific class in a table wins; what is in none of them is a system error, of which
nothing but code 611 leaves the server (contract sections 1, 2.5, 3.3 to 3.8).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from tailrace.domain import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Characters of a caller's own text that a message repeats.
MAXIMUM_SHOWN_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class WireError:
    """An error in the envelope."""

    code: str
    template: str
    http_status: int = 200


@dataclass(frozen=True, slots=True)
class OAuthError:
    """An error of the identity endpoint (RFC 6749 section 5.2)."""

    error: str
    template: str
    http_status: int


@dataclass(frozen=True, slots=True)
class FileError:
    """An error of the file endpoint, in plain text."""

    text: str
    http_status: int
    #: Header name to template over the error's fields.
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


SYSTEM_ERROR = WireError("611", "System error")

ENVELOPE_ERRORS: dict[type[errors.TailraceError], WireError] = {
    # Access.
    errors.AccessTokenInvalidError: WireError("601", "Access token invalid"),
    errors.AccessTokenExpiredError: WireError("602", "Access token expired"),
    errors.AccessDeniedError: WireError("603", "Access denied"),
    # Transport.
    errors.BodyTooLargeError: WireError(
        "413", "Request Entity Too Large: the body is over {maximum_megabytes} MB", http_status=413
    ),
    errors.UriTooLongError: WireError(
        "414", "Request-URI Too Long: the URI is over 8 KB", http_status=414
    ),
    errors.MethodNotSupportedError: WireError("605", "Request method '{method}' not supported"),
    errors.InvalidJsonError: WireError("609", "Invalid JSON"),
    errors.AttributeTypeError: WireError(
        "609", "Invalid value specified for attribute '{attribute}'"
    ),
    errors.PathNotFoundError: WireError("610", "Requested resource not found"),
    errors.ContentTypeError: WireError("612", "Invalid Content Type"),
    errors.MultipartError: WireError("613", "Invalid Multipart Request"),
    # Call limits.
    errors.CallRateError: WireError(
        "606", "Max rate limit '{calls}' exceeded with in '{window_seconds}' secs"
    ),
    errors.DailyCallsError: WireError("607", "Daily quota reached"),
    errors.CallConcurrencyError: WireError("615", "Concurrent access limit reached"),
    errors.ServerBusyError: WireError("608", "API Temporarily Unavailable"),
    errors.StoreUnavailableError: WireError("608", "API Temporarily Unavailable"),
    errors.FilesUnavailableError: WireError("608", "API Temporarily Unavailable"),
    errors.LakeUnavailableError: WireError("608", "API Temporarily Unavailable"),
    # Parameters.
    errors.ScalarTypeError: WireError(
        "1001", "Invalid value '{value}'. Required of type '{type_name}'"
    ),
    errors.MissingParameterError: WireError(
        "1002", "Missing value for the required parameter '{parameter}'"
    ),
    errors.UnknownFormatError: WireError(
        "1003", "Invalid value '{value}' for attribute 'format'. Valid values are CSV, TSV, SSV"
    ),
    errors.UnknownExportFieldsError: WireError("1003", "Invalid field(s): {names}"),
    errors.DuplicateFieldError: WireError("1003", "Duplicate field: {field}"),
    errors.HeaderOfUnexportedFieldError: WireError(
        "1003", "columnHeaderNames key '{field}' is not an exported field"
    ),
    errors.SeveralFilterTypesError: WireError("1003", "Only one filter type may be specified"),
    errors.UnknownFilterError: WireError("1003", "Invalid filter type: {filter}"),
    errors.DuplicateFilterError: WireError("1003", "Duplicate filter type: {filter}"),
    errors.FilterSwitchedOffError: WireError(
        "1035", "Unsupported filter type for target subscription: {filter}"
    ),
    errors.ReversedRangeError: WireError("1003", "startAt must not be after endAt"),
    errors.RangeTooLongError: WireError("1003", "Date range must not exceed {maximum_days} days"),
    errors.UnknownActivityTypeError: WireError(
        "1003", "Invalid activity type id: {activity_type_id}"
    ),
    errors.ActivityTypeNotExportableError: WireError(
        "1003", "Activity type '{name}' is not supported"
    ),
    errors.TooManyValuesError: WireError(
        "1003", "{parameter} must not hold more than {maximum} values"
    ),
    errors.PrimaryAttributeFiltersExclusiveError: WireError(
        "1003", "primaryAttributeValueIds and primaryAttributeValues must not be used together"
    ),
    errors.MixedAssetGroupsError: WireError(
        "1003", "activityTypeIds do not match a single asset group"
    ),
    errors.SmartListWithoutRulesError: WireError("1003", "The smart list has no rules"),
    errors.SmartListRuleError: WireError("1003", "The smart list has an invalid rule: {reason}"),
    errors.AmbiguousNameError: WireError(
        "1003", "More than one list is named '{name}'. Specify the list by id"
    ),
    errors.ParameterValueError: WireError(
        "1003", "Invalid value '{value}' for parameter '{parameter}'"
    ),
    errors.PagingTokenError: WireError("1003", "Invalid paging token"),
    # Assets and members of programs.
    errors.AssetNotFoundError: WireError("610", "Requested resource not found"),
    errors.BlankParameterError: WireError("701", "{parameter} cannot be blank"),
    errors.ReversedAssetDatesError: WireError("701", "End date should always be after start date"),
    errors.AssetDateError: WireError("704", "Invalid date format"),
    errors.AssetNameTakenError: WireError("709", "An asset with the name '{name}' already exists"),
    errors.AssetInUseError: WireError("709", "The asset is in use by other assets"),
    errors.ParentFolderNotFoundError: WireError("710", "Parent folder not found"),
    errors.ProgramStatusNotFoundError: WireError("1025", "Program status not found"),
    errors.LeadPastStatusError: WireError(
        "1037", "Lead skipped because it is already in or past this status"
    ),
    errors.LeadNotInProgramError: WireError("1037", "Lead not in program"),
    errors.MembershipNotFoundError: WireError("1013", "Membership not found"),
    errors.TooManyMembersError: WireError("1003", "Too many program members match the filter"),
    # Leads: their fields, look-ups, lists and imports.
    errors.LeadNotFoundError: WireError("1004", "Lead not found"),
    errors.NamedLeadNotFoundError: WireError("1004", "Lead '{lead_id}' not found"),
    errors.LeadExistsError: WireError("1005", "Lead already exists"),
    errors.FieldNotFoundError: WireError("1006", "Field '{field}' not found"),
    errors.SeveralLeadsError: WireError("1007", "Multiple leads match lookup criteria"),
    errors.PartitionError: WireError("1008", "Access denied to partition '{partition}'"),
    errors.PartitionChangeError: WireError("1010", "Partition update not allowed"),
    errors.LookupFieldError: WireError("1011", "Lookup field '{field}' not supported"),
    errors.LeadNotInListError: WireError("1015", "Lead not in list"),
    errors.FieldNotAllowedError: WireError(
        "1003", "Field '{field}' is not allowed when action is '{action}'"
    ),
    errors.LookupValueMissingError: WireError("1003", "Value for lookup field '{field}' not found"),
    errors.ReadOnlyFieldError: WireError("1003", "Field '{field}' is read only"),
    errors.FieldValueError: WireError(
        "1003", "Invalid value for field '{field}' and value '{value}'"
    ),
    errors.TooManyMatchesError: WireError("1003", "Too many results match the filter"),
    errors.LeadFieldExistsError: WireError("1003", "Field '{field}' already exists"),
    errors.TooManyLeadFieldsError: WireError(
        "1003", "At most {maximum} fields can be created through the API"
    ),
    errors.EmptyFileError: WireError("1003", "Empty file"),
    errors.ImportQueueFullError: WireError(
        "1016", "There are {imports} imports currently being processed. Please try again later"
    ),
    # The activity log.
    errors.ListTooLargeError: WireError("1003", "The list has {maximum} leads or more"),
    errors.IdempotencyKeyError: WireError(
        "1003", "Idempotency-Key must be plain text of at most {maximum} characters"
    ),
    errors.IdempotencyKeyReusedError: WireError(
        "1003", "Idempotency-Key was used with another body before"
    ),
    errors.StandardActivityTypeError: WireError(
        "1003", "Activity type {activity_type_id} is not a custom activity type"
    ),
    errors.ActivityAttributesError: WireError("1003", "Invalid attributes: {reason}"),
    errors.AttributesTooLargeError: WireError(
        "1049", "The attributes must not be longer than {maximum} bytes"
    ),
    errors.ActivityTypeExistsError: WireError("1003", "Activity type '{name}' already exists"),
    errors.ActivityAttributeExistsError: WireError("1003", "Attribute '{name}' already exists"),
    errors.ActivityTypeWithoutDraftError: WireError(
        "1003", "Activity type '{api_name}' has no draft to approve or discard"
    ),
    errors.TooManyActivityTypesError: WireError(
        "1027", "At most {maximum} custom activity types are allowed"
    ),
    errors.TooManyActivityAttributesError: WireError(
        "1028", "At most {maximum} attributes are allowed per activity type"
    ),
    # Export jobs.
    errors.ObjectNotFoundError: WireError("1013", "Object not found"),
    errors.JobAlreadyQueuedError: WireError("1029", "Job already queued"),
    errors.JobFailedError: WireError("1003", "Export job has failed and must be recreated"),
    errors.JobCancelledError: WireError("1003", "Export job has been cancelled"),
    errors.JobCompletedError: WireError("1003", "Export job already completed"),
    errors.JobQueueFullError: WireError("1029", "Too many jobs in queue"),
    # Clients match this text from its start (contract section 0, rule 10).
    errors.ExportQuotaError: WireError("1029", "Export daily quota {quota_megabytes}MB exceeded."),
}

OAUTH_ERRORS: dict[type[errors.TailraceError], OAuthError] = {
    errors.MissingCredentialsError: OAuthError(
        "unauthorized", "Full authentication is required to access this resource", 401
    ),
    errors.UnknownClientError: OAuthError(
        "unauthorized", "No client with requested id: {client_id}", 401
    ),
    errors.WrongClientSecretError: OAuthError("invalid_client", "Bad client credentials", 401),
    errors.MissingGrantTypeError: OAuthError("invalid_request", "Missing grant type", 400),
    errors.UnsupportedGrantTypeError: OAuthError(
        "unsupported_grant_type", "Unsupported grant type: {grant_type}", 400
    ),
}

FILE_ERRORS: dict[type[errors.TailraceError], FileError] = {
    errors.ExportFileNotFoundError: FileError("Export file not found", 404),
    errors.ImportReportNotFoundError: FileError("Import report not found", 404),
    errors.UnsatisfiableRangeError: FileError(
        "Requested range not satisfiable", 416, {"Content-Range": "bytes */{size_bytes}"}
    ),
}

#: Answers a condition of the request that does not hold, without any error of ours.
PRECONDITION_FAILED = FileError("Precondition failed", 412)

#: Raised to people at the command line only; a system error if one ever got here.
NEVER_ON_THE_WIRE: frozenset[type[errors.TailraceError]] = frozenset(
    {errors.AdministrationError, errors.AssetEntryError}
)

Entry = TypeVar("Entry")


def find_entry(
    table: Mapping[type[errors.TailraceError], Entry], error: BaseException
) -> Entry | None:
    """What `table` says of the most specific class of `error` that it holds."""
    for error_class in type(error).__mro__:
        if error_class in table:
            return table[error_class]
    return None


def fill(template: str, error: errors.TailraceError) -> str:
    """`template` with the error's fields in it, cut to a length that any client can show."""
    return template.format_map({name: _shown(value) for name, value in error.details().items()})


def _shown(value: object) -> str:
    text = str(value)
    if len(text) <= MAXIMUM_SHOWN_CHARACTERS:
        return text
    return text[:MAXIMUM_SHOWN_CHARACTERS] + "…"
