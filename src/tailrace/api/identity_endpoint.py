"""The token endpoint: client credentials in, access token out (contract section 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.api.credentials import client_credentials
from tailrace.api.envelope import json_response
from tailrace.api.error_replies import NO_STORE
from tailrace.domain.errors import MissingGrantTypeError, UnsupportedGrantTypeError

if TYPE_CHECKING:
    from starlette.responses import Response

    from tailrace.api.route import Call

GRANT_TYPE = "client_credentials"


def grant_token(call: Call) -> Response:
    """The service's live access token, in the form of RFC 6749 section 5.1."""
    client_id, client_secret = client_credentials(call.request)
    grant_type = call.request.parameters.first("grant_type")
    if grant_type is None:
        raise MissingGrantTypeError
    if grant_type != GRANT_TYPE:
        raise UnsupportedGrantTypeError(grant_type)
    token = call.application.identity.grant(client_id, client_secret)
    document = {
        "access_token": token.text,
        "token_type": "bearer",
        "expires_in": token.expires_in_seconds,
        "scope": token.scope,
    }
    return json_response(document, headers=NO_STORE)
