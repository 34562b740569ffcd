"""An error as an answer: looked up in the tables of `wire_errors`, the rest logged and hidden."""

from __future__ import annotations

import traceback

import structlog
from starlette.responses import Response

from tailrace.api.envelope import failure_response, json_response
from tailrace.api.wire_errors import (
    ENVELOPE_ERRORS,
    FILE_ERRORS,
    OAUTH_ERRORS,
    SYSTEM_ERROR,
    FileError,
    OAuthError,
    fill,
    find_entry,
)
from tailrace.domain.errors import TailraceError

PLAIN_TEXT = "text/plain;charset=UTF-8"

#: Tokens must not rest in caches, nor the errors of asking for one (RFC 6749 section 5.1).
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}

log = structlog.stdlib.get_logger("tailrace.api")


def error_response(error: Exception, request_id: str, *, is_of_assets: bool = False) -> Response:
    """What the client sees of `error`; whatever no table knows becomes 611 and a log entry.

    `is_of_assets` says that the call was one of the asset API, whose envelope is another.
    """
    if isinstance(error, TailraceError):
        wire_error = find_entry(ENVELOPE_ERRORS, error)
        if wire_error is not None:
            return failure_response(
                request_id,
                wire_error.code,
                fill(wire_error.template, error),
                http_status=wire_error.http_status,
                is_of_assets=is_of_assets,
            )
        oauth_error = find_entry(OAUTH_ERRORS, error)
        if oauth_error is not None:
            return _in_oauth_form(oauth_error, error)
        file_error = find_entry(FILE_ERRORS, error)
        if file_error is not None:
            return _in_plain_text(file_error, error)
    return system_error_response(error, request_id, is_of_assets=is_of_assets)


def envelope_code(error: Exception) -> str | None:
    """The code that the client sees of `error`; None where it sees no envelope."""
    if not isinstance(error, TailraceError):
        return SYSTEM_ERROR.code
    wire_error = find_entry(ENVELOPE_ERRORS, error)
    if wire_error is not None:
        return wire_error.code
    is_plain = find_entry(FILE_ERRORS, error) or find_entry(OAUTH_ERRORS, error)
    return None if is_plain else SYSTEM_ERROR.code


def system_error_response(
    error: BaseException, request_id: str, *, is_of_assets: bool = False
) -> Response:
    """Code 611; the details go to the log beside the request id, and nowhere else."""
    # As text, because log renderers add the values of local variables, and those hold secrets.
    details = "".join(traceback.format_exception(error))
    log.error("system error", request_id=request_id, exception=details)
    return failure_response(
        request_id,
        SYSTEM_ERROR.code,
        SYSTEM_ERROR.template,
        http_status=SYSTEM_ERROR.http_status,
        is_of_assets=is_of_assets,
    )


def _in_oauth_form(entry: OAuthError, error: TailraceError) -> Response:
    document = {"error": entry.error, "error_description": fill(entry.template, error)}
    headers = dict(NO_STORE)
    if entry.http_status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="identity"'
    return json_response(document, http_status=entry.http_status, headers=headers)


def _in_plain_text(entry: FileError, error: TailraceError) -> Response:
    headers = {name: fill(template, error) for name, template in entry.headers.items()}
    return Response(entry.text, entry.http_status, headers=headers, media_type=PLAIN_TEXT)
