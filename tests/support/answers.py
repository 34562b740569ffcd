"""One HTTP answer, and the envelope that every JSON answer must have (contract section 2.4)."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict, cast

if TYPE_CHECKING:
    import httpx

JSON_TYPE = "application/json;charset=UTF-8"
_REQUEST_ID = re.compile(r"[0-9a-f]{1,5}#([0-9a-f]+)")


class Job(TypedDict):
    """The job object of contract section 3.2.

    Which members are there depends on the state: a test that reads one expects it to be there.
    """

    exportId: str
    format: str
    status: str
    createdAt: str
    queuedAt: str
    startedAt: str
    finishedAt: str
    numberOfRecords: int
    fileSize: int
    fileChecksum: str
    errorMsg: str


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: httpx.Headers
    content: bytes

    @classmethod
    def of(cls, response: httpx.Response) -> Answer:
        return cls(response.status_code, response.headers, response.content)

    @property
    def text(self) -> str:
        return self.content.decode()

    def plain_json(self) -> dict[str, object]:
        """The body of a JSON answer outside the envelope (identity)."""
        assert self.headers["Content-Type"] == JSON_TYPE
        return cast("dict[str, object]", json.loads(self.content))

    def envelope(self) -> dict[str, object]:
        """The body, once HTTP status, content type and request id are as the contract says."""
        assert self.status == 200, self.text
        body = self.plain_json()
        request_id = _REQUEST_ID.fullmatch(str(body["requestId"]))
        assert request_id is not None, body
        assert abs(int(request_id[1], 16) / 1000 - time.time()) < 600
        return body

    def error(self) -> tuple[str, str]:
        """Code and message of a failure whose body holds exactly what it must, in order."""
        return self._only_error(["requestId", "success", "errors"])

    def asset_error(self) -> tuple[str, str]:
        """The same of the asset API, whose envelope is another (contract section 6)."""
        code_and_message = self._only_error(["success", "errors", "requestId", "warnings"])
        assert self.envelope()["warnings"] == []
        return code_and_message

    def _only_error(self, members: list[str]) -> tuple[str, str]:
        body = self.envelope()
        assert list(body) == members, body
        assert body["success"] is False
        (error,) = cast("list[dict[str, str]]", body["errors"])
        assert list(error) == ["code", "message"], body
        return error["code"], error["message"]

    def jobs(self) -> list[Job]:
        """The result of a success; a next page's token is the only other member allowed."""
        body = self.envelope()
        assert [name for name in body if name != "nextPageToken"] == [
            "requestId",
            "result",
            "success",
        ], body
        assert body["success"] is True
        return cast("list[Job]", body["result"])

    def job(self) -> Job:
        """The only job of a success that has no next page."""
        assert "nextPageToken" not in self.envelope()
        (job,) = self.jobs()
        return job

    def next_page_token(self) -> str | None:
        token = self.envelope().get("nextPageToken")
        return None if token is None else str(token)


def assert_text_404(answer: Answer) -> None:
    """A file that is not there: plain text, not the envelope (contract section 0 rule 9)."""
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "text/plain;charset=UTF-8"
    assert answer.text == "Export file not found"
