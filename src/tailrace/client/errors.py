"""What can go wrong with a call to the API, by what the caller can do about it.

    ClientError
    ├── CredentialsError    show another client id or secret
    ├── ApiError            the API refused; its code says why
    ├── UnreachableError    no usable answer came, however often it was tried
    ├── JobEndedError       the export job ended without a file: create it again
    ├── WaitTimeoutError    the export job is still on its way
    └── DownloadError       the file is gone, or is not what the job reported

These are not in `domain.errors`: those are what a server raises, these what a caller of one meets.
"""

from __future__ import annotations

from dataclasses import dataclass

#: The token is missing, wrong or too old: a new one may help (contract section 2.5).
TOKEN_CODES = frozenset({"600", "601", "602"})

#: The same call may succeed a little later: time-out, rate limit, maintenance, concurrency limit.
BUSY_CODES = frozenset({"604", "606", "608", "615"})


class ClientError(Exception):
    """Anything this client raises on purpose."""


@dataclass(eq=False)
class CredentialsError(ClientError):
    """The identity endpoint gave no token; both texts are the server's own."""

    error: str
    description: str

    def __str__(self) -> str:
        return f"No access token: {self.description} ({self.error})."


@dataclass(eq=False)
class ApiError(ClientError):
    """The first error of an answer with `success: false`."""

    code: str
    message: str
    #: For whoever runs the server: it stands in the log.
    request_id: str

    def __str__(self) -> str:
        return f"The API answered {self.code}: {self.message} (request {self.request_id})."


@dataclass(eq=False)
class UnreachableError(ClientError):
    """The server did not answer, or not in the form of this API; `reason` says what happened."""

    url: str
    reason: str

    def __str__(self) -> str:
        return f"No usable answer from {self.url}: {self.reason}."


@dataclass(eq=False)
class JobEndedError(ClientError):
    """An export job that will never have a file."""

    export_id: str
    status: str
    #: What the server gave as the reason; empty where it gave none.
    reason: str

    def __str__(self) -> str:
        reason = f": {self.reason}" if self.reason else ""
        return f"Export job {self.export_id} ended as {self.status}{reason}."


@dataclass(eq=False)
class WaitTimeoutError(ClientError):
    """The export job was not finished within the time its caller gave it."""

    export_id: str
    status: str
    waited_seconds: float

    def __str__(self) -> str:
        return (
            f"Export job {self.export_id} is {self.status} after {self.waited_seconds:.0f} seconds."
        )


@dataclass(eq=False)
class DownloadError(ClientError):
    """No file, or another one than the job reported; `reason` says which."""

    export_id: str
    reason: str

    def __str__(self) -> str:
        return f"File of export job {self.export_id}: {self.reason}."
