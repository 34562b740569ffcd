"""Calls with a token, sent again when nothing but time stood in the way.

A call is repeated after a broken connection, an HTTP 5xx or a code that asks to come back later,
with growing pauses, until the client's patience is over. A refused token is renewed once.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import stamina

from tailrace.client.answer import answer_of
from tailrace.client.errors import BUSY_CODES, TOKEN_CODES, ApiError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from tailrace.client.access_tokens import AccessToken, AccessTokens
    from tailrace.client.answer import Answer


class Transport:
    def __init__(self, http: httpx.Client, tokens: AccessTokens, patience_seconds: float) -> None:
        self._http = http
        self._tokens = tokens
        self._patience_seconds = patience_seconds

    def call(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        body: object = None,
        is_repeatable: bool = True,
    ) -> Answer:
        """The successful answer to one call.

        A call that is not repeatable is sent again only when it surely never arrived. Raises
        ApiError for a refusal and UnreachableError when patience ran out.
        """

        def send(token: AccessToken) -> Answer:
            response = self._http.request(
                method, path, params=parameters, json=body, headers=_bearer(token)
            )
            _raise_for_trouble(response)
            return answer_of(response)

        may_repeat = is_transient if is_repeatable else _never_arrived
        retrying = stamina.RetryingCaller(attempts=None, timeout=self._patience_seconds)
        try:
            return retrying.on(may_repeat)(self._with_token, send)
        except httpx.HTTPError as error:
            raise UnreachableError(f"{self._http.base_url}{path}", describe(error)) from error

    def token(self) -> AccessToken:
        """The token in use. Raises CredentialsError or UnreachableError."""
        retrying = stamina.RetryingCaller(attempts=None, timeout=self._patience_seconds)
        try:
            return retrying.on(is_transient)(self._tokens.current)
        except httpx.HTTPError as error:
            raise UnreachableError(str(self._http.base_url), describe(error)) from error

    @contextmanager
    def stream(self, path: str, headers: Mapping[str, str]) -> Generator[httpx.Response]:
        """The head of an answer, its body still to be read; nothing is sent again.

        Raises ApiError when the answer is an envelope, and what `httpx` raises.
        """
        token = self._tokens.current()
        every_header = {**headers, **_bearer(token), "Accept-Encoding": "identity"}
        # A server may send us to its storage for the bytes; the token does not go along.
        with self._http.stream(
            "GET", path, headers=every_header, follow_redirects=True
        ) as response:
            _raise_for_trouble(response)
            if "json" in response.headers.get("Content-Type", ""):
                response.read()
                self._raise_refusal(response, token)
            yield response

    def _with_token(self, send: Any) -> Answer:
        token = self._tokens.current()
        try:
            return send(token)
        except ApiError as error:
            if error.code not in TOKEN_CODES:
                raise
        self._tokens.forget(token)
        return send(self._tokens.current())

    def _raise_refusal(self, response: httpx.Response, token: AccessToken) -> None:
        try:
            answer_of(response)
        except ApiError as error:
            if error.code in TOKEN_CODES:
                self._tokens.forget(token)
            raise
        raise UnreachableError(str(response.url), "JSON in place of a file")


def is_transient(error: Exception) -> bool:
    """Whether the same call may succeed a little later."""
    if isinstance(error, ApiError):
        return error.code in BUSY_CODES
    return isinstance(error, httpx.TransportError | httpx.HTTPStatusError)


def describe(error: httpx.HTTPError) -> str:
    """What happened, in words: some errors of httpx carry none."""
    return str(error) or type(error).__name__


def _never_arrived(error: Exception) -> bool:
    if isinstance(error, ApiError):
        return error.code in BUSY_CODES
    return isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)


def _bearer(token: AccessToken) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.text}"}


def _raise_for_trouble(response: httpx.Response) -> None:
    if response.is_server_error:
        response.raise_for_status()
