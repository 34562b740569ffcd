"""Schemas of the OpenAPI description, and its reference tables, read off the domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.api.identity_endpoint import GRANT_TYPE
from tailrace.api.job_document import JOB_MEMBERS
from tailrace.api.wire_errors import ENVELOPE_ERRORS, SYSTEM_ERROR
from tailrace.domain.activity_types import DELETE_LEAD, standard_activity_types
from tailrace.domain.export_request import (
    ACTIVITY_FIELDS,
    DEFAULT_ACTIVITY_FIELDS,
    MAXIMUM_PRIMARY_VALUES,
)
from tailrace.domain.file_format import FileFormat
from tailrace.domain.job_state import JobState
from tailrace.domain.lead_fields import standard_lead_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

Schema = dict[str, object]


def schemas() -> dict[str, object]:
    """Every schema by the name that Marketo's own description gives it."""
    return {
        "ExportActivityRequest": _activity_request(),
        "ExportActivityFilter": _activity_filter(),
        "ExportLeadRequest": _lead_request(),
        "ExportLeadFilter": _lead_filter(),
        "DateRange": _DATE_RANGE,
        "ColumnHeaderNames": _COLUMN_HEADER_NAMES,
        "FileFormat": _FILE_FORMAT,
        "ExportResponse": _export_response(),
        "ResponseOfExportResponse": _envelope({"result": _JOBS}),
        "ResponseOfExportResponseWithToken": _envelope(
            {"result": _JOBS},
            {"nextPageToken": _text("Only where another page exists; ask for it with this.")},
        ),
        "ResponseOfErrors": _RESPONSE_OF_ERRORS,
        "Error": _ERROR,
        "IdentityRequest": _IDENTITY_REQUEST,
        "ResponseOfIdentity": _RESPONSE_OF_IDENTITY,
        "ResponseOfPagingToken": _RESPONSE_OF_PAGING_TOKEN,
        "OAuthError": _OAUTH_ERROR,
    }


def reference_tables() -> dict[str, object]:
    """What to choose from: extension members of the description, shown by its page."""
    known = [*ENVELOPE_ERRORS.values(), SYSTEM_ERROR]
    return {
        "x-error-codes": [
            {"code": code, "message": message}
            for code, message in sorted({(one.code, one.template) for one in known}, key=_numbered)
        ],
        "x-activity-types": [
            {
                "id": one.id,
                "name": one.name,
                "primaryAttribute": one.primary_attribute.name if one.primary_attribute else "",
            }
            for one in standard_activity_types()
            if one.id != DELETE_LEAD
        ],
        "x-lead-fields": [
            {"name": one.name, "displayName": one.display_name, "dataType": one.data_type.value}
            for one in standard_lead_fields()
        ],
    }


def _numbered(entry: tuple[str, str]) -> tuple[int, str]:
    code, message = entry
    return int(code), message


def _text(description: str, **more: object) -> Schema:
    return {"type": "string", "description": description, **more}


def _instant(description: str) -> Schema:
    return _text(description, format="date-time", examples=["2026-07-01T00:00:00Z"])


def _reference(name: str, description: str = "") -> Schema:
    reference: Schema = {"$ref": f"#/components/schemas/{name}"}
    return reference | ({"description": description} if description else {})


def _object(properties: Mapping[str, object], required: tuple[str, ...], **more: object) -> Schema:
    return {"type": "object", "required": list(required), "properties": dict(properties), **more}


# What a create call says.

_DATE_RANGE = _object(
    {
        "startAt": _instant("First second of the range."),
        "endAt": _instant("Last second of the range, inclusive."),
    },
    ("startAt", "endAt"),
    description=(
        "From startAt to endAt, both inclusive, at most 31 days. Date-times of ISO 8601; without "
        "an offset they are UTC."
    ),
)

_COLUMN_HEADER_NAMES: Schema = {
    "type": ["object", "null"],
    "description": "What the header line says for a field: exported field name to text.",
    "additionalProperties": {"type": "string"},
    "examples": [{"firstName": "First Name"}],
}

_FILE_FORMAT: Schema = {
    "type": "string",
    "description": "Comma, tab or space separated, in any letter case.",
    "enum": [one.value for one in FileFormat],
    "default": FileFormat.CSV.value,
}


def _activity_request() -> Schema:
    fields: Schema = {
        "type": ["array", "null"],
        "description": (
            "Columns, in this order. Left out or empty: all but actionResult, in the order of "
            "the default."
        ),
        "items": {"type": "string", "enum": list(ACTIVITY_FIELDS)},
        "default": list(DEFAULT_ACTIVITY_FIELDS),
    }
    return _request("ExportActivityFilter", fields, ("filter",))


def _lead_request() -> Schema:
    fields: Schema = {
        "type": "array",
        "description": (
            "Columns, in this order: REST names of lead fields, in any letter case. The header "
            "line repeats them as written here."
        ),
        "items": {"type": "string"},
        "minItems": 1,
        "examples": [["id", "email", "firstName", "lastName"]],
    }
    return _request("ExportLeadFilter", fields, ("fields", "filter"))


def _request(filter_name: str, fields: Schema, required: tuple[str, ...]) -> Schema:
    return _object(
        {
            "fields": fields,
            "filter": _reference(filter_name),
            "format": _reference("FileFormat"),
            "columnHeaderNames": _reference("ColumnHeaderNames"),
        },
        required,
    )


def _activity_filter() -> Schema:
    only_with = (
        "Only with activityTypeIds that all belong to one asset group (13 and 22; 104; 24 and "
        "25; 2), and not together with the other primary attribute filter."
    )
    return _object(
        {
            "createdAt": _reference("DateRange", "When the activity happened."),
            "activityTypeIds": {
                "type": "array",
                "description": "Types of activity; all if left out.",
                "items": {"type": "integer", "minimum": 1},
            },
            "primaryAttributeValueIds": {
                "type": "array",
                "description": f"Ids of the asset that the activity is about. {only_with}",
                "items": {"type": "integer"},
                "maxItems": MAXIMUM_PRIMARY_VALUES,
            },
            "primaryAttributeValues": {
                "type": "array",
                "description": (
                    "Names of the asset that the activity is about; `<program>.<asset>` for one "
                    f"inside a program. {only_with}"
                ),
                "items": {"type": "string"},
                "maxItems": MAXIMUM_PRIMARY_VALUES,
            },
        },
        ("createdAt",),
        additionalProperties=False,
        description="Which activities: all conditions must hold.",
    )


def _lead_filter() -> Schema:
    return _object(
        {
            "createdAt": _reference("DateRange", "When the lead was created."),
            "updatedAt": _reference("DateRange", "When any field of the lead last changed."),
            "staticListId": {"type": "integer", "description": "Members of the static list."},
            "staticListName": _text("Members of the static list of this name."),
            "smartListId": {"type": "integer", "description": "Leads that the smart list picks."},
            "smartListName": _text("Leads that the smart list of this name picks."),
        },
        (),
        minProperties=1,
        maxProperties=1,
        additionalProperties=False,
        description="Which leads: exactly one of these. Lists are read when processing begins.",
    )


# What answers say.

_REQUEST_ID = _text(
    "Id of the request, to quote when something went wrong.", pattern="^[0-9a-f]{1,5}#[0-9a-f]+$"
)

_JOBS: Schema = {"type": "array", "items": _reference("ExportResponse")}


def _export_response() -> Schema:
    members: dict[str, Schema] = {
        "exportId": _text("Id of the job.", format="uuid"),
        "format": _reference("FileFormat"),
        "status": _text("State of the job.", enum=[state.value for state in JobState]),
        "createdAt": _instant("When it was created."),
        "queuedAt": _instant("When it was enqueued."),
        "startedAt": _instant("When processing began."),
        "finishedAt": _instant("When it completed or failed."),
        "numberOfRecords": {"type": "integer", "description": "Rows, header line excluded."},
        "fileSize": {"type": "integer", "description": "Bytes of the file."},
        "fileChecksum": _text("SHA-256 of the file.", pattern="^sha256:[0-9a-f]{64}$"),
        "errorMsg": _text("Why the job failed."),
    }
    for name, member in members.items():
        states = [state.value for state in JobState if name in JOB_MEMBERS[state]]
        if len(states) < len(JobState):
            member["description"] = f"{member['description']} In state {', '.join(states)}."
    return _object(members, tuple(sorted(JOB_MEMBERS[JobState.CREATED])))


def _envelope(
    required: Mapping[str, object], optional: Mapping[str, object] | None = None
) -> Schema:
    return _object(
        {
            "requestId": _REQUEST_ID,
            **required,
            "success": {"type": "boolean", "const": True},
            **(optional or {}),
        },
        ("requestId", *required, "success"),
    )


_ERROR = _object(
    {
        "code": _text("Three or four digits; see the table of error codes.", pattern="^[0-9]+$"),
        "message": _text("What is wrong, naming the offender."),
    },
    ("code", "message"),
)

_RESPONSE_OF_ERRORS = _object(
    {
        "requestId": _REQUEST_ID,
        "success": {"type": "boolean", "const": False},
        "errors": {"type": "array", "items": _reference("Error"), "minItems": 1},
    },
    ("requestId", "success", "errors"),
)

_IDENTITY_REQUEST = _object(
    {
        "grant_type": _text("The kind of grant.", const=GRANT_TYPE),
        "client_id": _text("Id of the custom service."),
        "client_secret": _text("Secret of the custom service."),
    },
    ("grant_type", "client_id", "client_secret"),
)

_RESPONSE_OF_IDENTITY = _object(
    {
        "access_token": _text("The token to send with every call."),
        "token_type": _text("How to send it.", const="bearer"),
        "expires_in": {"type": "integer", "description": "Seconds until it expires."},
        "scope": _text("E-mail address of the API user behind the service."),
    },
    ("access_token", "token_type", "expires_in", "scope"),
)

_RESPONSE_OF_PAGING_TOKEN = _envelope(
    {"nextPageToken": _text("The page that begins with that moment.")}
)

_OAUTH_ERROR = _object(
    {"error": _text("Error code of OAuth 2.0."), "error_description": _text("What is wrong.")},
    ("error", "error_description"),
)
