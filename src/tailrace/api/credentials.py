"""Where a request carries its credentials (contract sections 1 and 2.2)."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from tailrace.domain.errors import AccessTokenInvalidError, MissingCredentialsError

if TYPE_CHECKING:
    from starlette.datastructures import Headers

    from tailrace.api.request import ApiRequest


def presented_token(request: ApiRequest, *, accept_parameter: bool) -> str:
    """The access token: from the Authorization header, else, if accepted, from a parameter.

    Raises AccessTokenInvalidError where there is none (contract section 10, row 11).
    """
    token = _authorization(request.headers, "bearer")
    if token is None and accept_parameter:
        token = request.parameters.first("access_token")
    if not token:
        raise AccessTokenInvalidError
    return token


def client_credentials(request: ApiRequest) -> tuple[str, str]:
    """Client id and secret, from parameters or HTTP Basic.

    Raises MissingCredentialsError unless there are both.
    """
    client_id = request.parameters.first("client_id")
    client_secret = request.parameters.first("client_secret")
    if client_id is None or client_secret is None:
        client_id, client_secret = _basic_credentials(request.headers)
    if not client_id or not client_secret:
        raise MissingCredentialsError
    return client_id, client_secret


def _basic_credentials(headers: Headers) -> tuple[str, str]:
    encoded = _authorization(headers, "basic") or ""
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError):
        return "", ""
    client_id, _, client_secret = text.partition(":")
    return client_id, client_secret


def _authorization(headers: Headers, scheme: str) -> str | None:
    """What follows the scheme in the Authorization header, if it is this scheme's."""
    given_scheme, _, credentials = headers.get("authorization", "").strip().partition(" ")
    return credentials.strip() if given_scheme.lower() == scheme else None
