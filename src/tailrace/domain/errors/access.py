"""Errors of whoever calls: token requests, access tokens and permissions (contract section 1)."""

from __future__ import annotations

from dataclasses import dataclass

from tailrace.domain.errors.tree import AccessError, ParameterError


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


class AccessTokenInvalidError(AccessError):
    """The access token is missing or was never given out (contract section 10, row 11)."""


class AccessTokenExpiredError(AccessError):
    """The access token was good once."""


class AccessDeniedError(AccessError):
    """The API user's role lacks the permission."""
