"""One client's own HTTP, byte for byte: the headers that it sends, and answers as it reads them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from tests.support.answers import JSON_TYPE, Answer, Job
from tests.support.deadlines import wait_for
from tests.support.raw_http import raw_request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.home import Credentials
    from tests.support.server import Server

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


class ClientCalls:
    """Sends each request as the client does: `headers` and a Bearer token, unless told otherwise."""

    def __init__(
        self, server: Server, credentials: Credentials, headers: Mapping[str, str] | None = None
    ) -> None:
        self.server = server
        self.credentials = credentials
        self.headers = dict(headers or {})
        self.token = ""

    def sign_in(self, more: str = "", *, path: str = "/identity/oauth/token") -> dict[str, Any]:
        """The token call by GET, as most clients make it; `more` is appended to its query."""
        target = f"{path}?{self.identity_form}{more}"
        answer = raw_request(self.server, target, headers=self.headers)
        assert answer.status == 200, answer.text
        granted = answer.plain_json()
        self.token = str(granted["access_token"])
        return granted

    @property
    def identity_form(self) -> str:
        return (
            f"grant_type=client_credentials&client_id={self.credentials.client_id}"
            f"&client_secret={self.credentials.client_secret}"
        )

    def send(
        self,
        method: str,
        target: str,
        body: str | object = None,
        *,
        content_type: str | None = None,
        headers: Mapping[str, str] | None = None,
        is_signed: bool = True,
    ) -> Answer:
        """One request; a body that is no text is sent as JSON."""
        text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        sent = {**self.headers, **(headers or {})}
        if content_type is not None:
            sent["Content-Type"] = content_type
        if is_signed:
            sent["Authorization"] = f"Bearer {self.token}"
        return raw_request(
            self.server, target, method=method, headers=sent, body=text.encode("utf-8")
        )

    def read(self, method: str, target: str, body: str | object = None, **more: Any) -> Any:
        """The members of a success."""
        answer = self.send(method, target, body, **more)
        assert answer.headers["Content-Type"] == JSON_TYPE
        members = cast("dict[str, Any]", answer.envelope())
        assert members["success"] is True, members
        return members

    def poll(self, look: Callable[[], Job], status: str = "Completed") -> Job:
        """The job once it has this status."""

        def seen() -> Job | None:
            job = look()
            return job if job["status"] == status else None

        return wait_for(seen, f"status {status}")
