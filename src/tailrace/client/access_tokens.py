"""Access tokens by client credentials, kept until shortly before they expire (contract section 1)."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailrace.client.answer import json_object
from tailrace.client.errors import CredentialsError, UnreachableError

if TYPE_CHECKING:
    import httpx

#: A token with less time left than this is not used for another call.
_MARGIN_SECONDS = 15.0

_SECONDS_WITHOUT_A_STATEMENT = 3600


@dataclass(frozen=True, slots=True)
class AccessToken:
    text: str
    #: The API user whose jobs it shows.
    scope: str
    #: On the monotonic clock.
    expires_at: float

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() < self.expires_at - _MARGIN_SECONDS


class AccessTokens:
    """The one live token of a custom service; safe to use from several threads."""

    def __init__(self, http: httpx.Client, client_id: str, client_secret: str) -> None:
        self._http = http
        self._form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
        }
        self._lock = threading.Lock()
        self._token: AccessToken | None = None

    def current(self) -> AccessToken:
        """Raises CredentialsError, and what `httpx` raises when no answer comes."""
        with self._lock:
            if self._token is None or not self._token.is_fresh:
                self._token = self._fetch()
            return self._token

    def forget(self, token: AccessToken) -> None:
        """Ask anew next time, unless another thread has done so already."""
        with self._lock:
            if self._token is token:
                self._token = None

    def _fetch(self) -> AccessToken:
        asked_at = time.monotonic()
        # In the body, not the query: addresses end up in logs.
        response = self._http.post("/identity/oauth/token", data=self._form)
        members = json_object(response)
        if response.status_code in (400, 401):
            raise CredentialsError(
                str(members.get("error", "")), str(members.get("error_description", ""))
            )
        if "access_token" not in members:
            raise UnreachableError(str(response.url), "the answer holds no access token")
        seconds = float(str(members.get("expires_in", _SECONDS_WITHOUT_A_STATEMENT)))
        return AccessToken(
            text=str(members["access_token"]),
            scope=str(members.get("scope", "")),
            expires_at=asked_at + seconds,
        )
