"""What `st run` looks at besides its own checks: errors that are told within an envelope.

Loaded by Schemathesis, which `SCHEMATHESIS_HOOKS` tells of this module.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import schemathesis

if TYPE_CHECKING:
    from schemathesis import Case, CheckContext, Response

#: Of the contract: a system error, and a store or files that cannot be reached.
_SERVER_ERRORS = {"611", "608"}
_ACCESS_TOKEN_INVALID = "601"

#: Operations that were called with a token of nobody.
_called: set[str] = set()


@schemathesis.check
def no_error_of_the_server(context: CheckContext, response: Response, case: Case[Any]) -> None:
    """The server's own errors have HTTP status 200 as well (contract section 2.5)."""
    code = _error_code(response)
    assert code not in _SERVER_ERRORS, f"answered with the code {code}"


@schemathesis.check
def token_of_nobody_is_refused(context: CheckContext, response: Response, case: Case[Any]) -> None:
    """Once an operation: no other answer comes than to whom the token is unknown."""
    label: str = case.operation.label
    if label in _called or "/identity/" in label or case.method != case.operation.method.upper():
        return
    _called.add(label)
    refused = case.call(headers={"Authorization": "Bearer nobody"})
    if refused.content:
        assert _error_code(refused) == _ACCESS_TOKEN_INVALID, refused.text


def _error_code(response: Response) -> str | None:
    (content_type,) = response.headers.get("content-type") or [""]
    if response.status_code != 200 or "json" not in content_type or not response.content:
        return None
    told: dict[str, Any] = json.loads(response.content)
    errors = told.get("errors")
    return str(errors[0]["code"]) if errors else None
