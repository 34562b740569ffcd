"""Parameters, responses and security schemes of the OpenAPI description."""

from __future__ import annotations

from tailrace.api.identity_endpoint import GRANT_TYPE
from tailrace.api.paging import MAXIMUM_BATCH_SIZE
from tailrace.domain.file_format import CONTENT_TYPE
from tailrace.domain.job_state import JobState

_UUID = {"type": "string", "format": "uuid"}
_TEXT = {"type": "string"}


def _query(name: str, description: str, schema: object, *, required: bool = False) -> object:
    parameter: dict[str, object] = {
        "name": name,
        "in": "query",
        "description": description,
        "schema": schema,
    }
    return parameter | ({"required": True} if required else {})


def _header(name: str, description: str, example: str) -> object:
    return {
        "name": name,
        "in": "header",
        "description": description,
        "schema": _TEXT,
        "example": example,
    }


PARAMETERS: dict[str, object] = {
    "exportId": {
        "name": "exportId",
        "in": "path",
        "required": True,
        "description": "Id of the export job, as the create call gave it.",
        "schema": _UUID,
    },
    "status": _query(
        "status",
        "Only jobs in these states: comma separated, repeated, or both, in any letter case.",
        {"type": "array", "items": {"type": "string", "enum": [one.value for one in JobState]}},
    ),
    "batchSize": _query(
        "batchSize",
        f"Jobs per page. More than {MAXIMUM_BATCH_SIZE} means {MAXIMUM_BATCH_SIZE}.",
        {"type": "integer", "minimum": 1, "default": MAXIMUM_BATCH_SIZE},
    ),
    "nextPageToken": _query(
        "nextPageToken", "From the answer before: the page that follows it.", _TEXT
    ),
    "Range": _header(
        "Range",
        "One range of bytes. Several ranges, another unit or a malformed header mean the whole "
        "file.",
        "bytes=0-9999",
    ),
    "If-Range": _header(
        "If-Range",
        "The ETag of the file that Range continues; else all of it is sent.",
        '"fac0ffee"',
    ),
    "If-None-Match": _header("If-None-Match", "ETags of files that you have: 304.", '"fac0ffee"'),
    "Idempotency-Key": _header(
        "Idempotency-Key",
        "Names the batch: sent again with the same body, it is not taken again.",
        "visits-2026-07-01-17",
    ),
    "If-Match": _header("If-Match", "ETags of files that you accept: else 412.", '"fac0ffee"'),
    "grant_type": _query(
        "grant_type", "The kind of grant.", {"type": "string", "const": GRANT_TYPE}, required=True
    ),
    "client_id": _query("client_id", "Id of the custom service.", _TEXT, required=True),
    "client_secret": _query("client_secret", "Secret of the custom service.", _TEXT, required=True),
}


def _json(description: str, *schema_names: str) -> dict[str, object]:
    references = [{"$ref": f"#/components/schemas/{name}"} for name in schema_names]
    schema: object = references[0] if len(references) == 1 else {"oneOf": references}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _plain(description: str, headers: dict[str, object] | None = None) -> dict[str, object]:
    response: dict[str, object] = {
        "description": description,
        "content": {"text/plain": {"schema": _TEXT}},
    }
    return response | ({"headers": headers} if headers else {})


def _response_header(description: str) -> object:
    return {"description": description, "schema": _TEXT}


_FILE_HEADERS: dict[str, object] = {
    "Accept-Ranges": _response_header("`bytes`"),
    "ETag": _response_header("SHA-256 of the whole file, in quotes."),
    "Content-Disposition": _response_header("A name to save the file under."),
}
_FILE_PART_HEADERS = _FILE_HEADERS | {
    "Content-Range": _response_header("`bytes first-last/size`, both ends inclusive.")
}
# An empty schema: the body is not described by JSON Schema.
_FILE_CONTENT: dict[str, object] = {CONTENT_TYPE: {}}

RESPONSES: dict[str, object] = {
    "Token": _json("The service's access token.", "ResponseOfIdentity"),
    "TokenRefused": _json("No token, in OAuth's own error form.", "OAuthError"),
    "PagingToken": _json("The token, or an error.", "ResponseOfPagingToken", "ResponseOfErrors"),
    "Job": _json("The job, or an error.", "ResponseOfExportResponse", "ResponseOfErrors"),
    "JobPage": _json(
        "A page of jobs, or an error.", "ResponseOfExportResponseWithToken", "ResponseOfErrors"
    ),
    "File": {
        "description": (
            "The whole file in UTF-8 with a header line, or as JSON an error of the token or "
            "permission."
        ),
        "headers": _FILE_HEADERS,
        "content": {
            **_FILE_CONTENT,
            "application/json": {"schema": {"$ref": "#/components/schemas/ResponseOfErrors"}},
        },
    },
    "FilePart": {
        "description": "The range of bytes asked for.",
        "headers": _FILE_PART_HEADERS,
        "content": _FILE_CONTENT,
    },
    "FileNotModified": {"description": "You have this file."},
    "FileNotFound": _plain(
        "No file: the job is not completed, not the caller's, unknown, or its file has expired."
    ),
    "FileChanged": _plain("The file is none of those in If-Match."),
    "RangeNotSatisfiable": _plain(
        "The range begins after the end of the file.",
        {"Content-Range": _response_header("`bytes */size`")},
    ),
    "Refusal": _json("An error, whatever is asked.", "ResponseOfErrors"),
    "TooLarge": _json(
        "The body is over 1 MB (413) or the URI over 8 KB (414).", "ResponseOfErrors"
    ),
}

SECURITY_SCHEMES: dict[str, object] = {
    "accessToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token from `/identity/oauth/token`, as `Authorization: Bearer …`.",
    }
}
