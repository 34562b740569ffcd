"""The only reader of the environment: every setting of a server process, a sentence each.

Settings of a subscription (limits, quota, features) live in the store instead; see
`domain.subscription_settings`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

#: No place for credentials: those are read from the environment by the library that uses them.
_ADDRESS = re.compile(r"(s3|gs|az)://[^\s/@?#]+(/[^\s@?#]*)?")

_EXECUTOR_ADDRESS = re.compile(r"(dask|dask\+tls|tcp|tls)://[^\s/@?#]+:\d{1,5}")

_STORE_SCHEMES = ("postgresql://", "postgres://")


class Settings(BaseSettings):
    """Taken from the environment as `TAILRACE_<NAME>`; command-line options win over it."""

    model_config = SettingsConfigDict(env_prefix="TAILRACE_", frozen=True, extra="forbid")

    home: Path = Field(
        default=Path("tailrace-home"),
        description="Directory that holds everything the server keeps.",
    )
    store: SecretStr | None = Field(
        default=None,
        description="Address of a PostgreSQL database that keeps what else a file of the home does.",
    )
    store_answer_seconds: float = Field(
        default=60.0,
        ge=1,
        description="Seconds that PostgreSQL may take for a statement before a call is given up.",
    )
    files: str | None = Field(
        default=None,
        description="Address of object storage that keeps the result files, not the home.",
    )
    lake: str | None = Field(
        default=None,
        description="Address of object storage that keeps the lake, not the home.",
    )
    executor: str | None = Field(
        default=None,
        description="Address of a Dask scheduler whose workers render exports, not this process.",
    )
    executor_patience_seconds: float = Field(
        default=600.0,
        gt=0,
        description="Seconds without progress on the cluster after which an export fails.",
    )
    executor_window: int = Field(
        default=0,
        ge=0,
        description="Parts of one export on the cluster at once; 0 is two for each of its threads.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(
        default=8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one."
    )
    tls_cert: Path | None = Field(
        default=None, description="Certificate chain in PEM form; with a key, HTTPS is spoken."
    )
    tls_key: Path | None = Field(
        default=None, description="Private key of the certificate, in PEM form, not encrypted."
    )
    accept_token_parameter: bool = Field(
        default=False, description="Whether the legacy access_token parameter is accepted."
    )
    strict: bool = Field(
        default=False,
        description="Whether unset subscription settings take Marketo's own pace and call limits.",
    )
    stalled_client_seconds: int = Field(
        default=300,
        ge=1,
        le=86_400,
        description="Seconds after which a client that takes nothing is cut off (Linux only).",
    )
    token_lifetime_seconds: int = Field(
        default=3600, ge=1, description="Seconds that an access token is good for."
    )
    runner_threads: int = Field(
        default=4, ge=1, le=64, description="Export jobs that this process runs at once, all told."
    )
    lease_seconds: int = Field(
        default=60, ge=2, description="Seconds without a heartbeat after which a job is taken over."
    )
    maximum_attempts: int = Field(
        default=5, ge=1, description="Runners that may claim one job before it is failed for good."
    )
    poll_seconds: float = Field(
        default=0.5, gt=0, description="Seconds between looks for work made by another process."
    )
    janitor_seconds: float = Field(
        default=60.0, gt=0, description="Seconds between rounds of the janitor."
    )
    settle_seconds: float = Field(
        default=60.0, gt=0, description="Seconds that new activities wait to be put in the lake."
    )
    settle_rows: int = Field(
        # So many fill a file of the lake, and settling competes with whoever is writing.
        default=200_000,
        ge=1,
        description="New activities that are put in the lake without waiting.",
    )
    maximum_hot_rows: int = Field(
        default=500_000,
        ge=1,
        description="New activities above which a batch of more waits until they are in the lake.",
    )
    compact_seconds: float = Field(
        default=60.0,
        ge=0,
        description="Seconds between looks for small files of the lake to merge; 0 leaves them.",
    )
    files_part_megabytes: int = Field(
        # A store takes 10,000 parts of a file, so this is good for 156 GB.
        default=16,
        ge=5,
        le=512,
        description="Megabytes of each part of an upload to object storage; files have 10,000.",
    )
    files_retry_seconds: float = Field(
        default=30.0,
        ge=0,
        description="Seconds for which what object storage does not do is tried again.",
    )
    files_redirect_seconds: int = Field(
        default=0,
        ge=0,
        le=604_800,
        description="Seconds that signed addresses of files are good for; 0 sends files itself.",
    )
    least_free_megabytes: int = Field(
        default=100,
        ge=0,
        description="Megabytes of free disk below which the server says that it is not ready.",
    )
    drain_seconds: float = Field(
        default=0.0,
        ge=0,
        description="Seconds after a stop signal that it still takes calls, but is not ready.",
    )
    stop_seconds: int = Field(
        default=5,
        ge=0,
        description="Seconds that downloads and export jobs under way may then take to finish.",
    )
    metrics: str = Field(
        default="off",
        pattern=r"^(off|on|[^:\s].*:\d{1,5})$",
        description="Where Prometheus reads: off, on (`/metrics`), or an ADDRESS:PORT of its own.",
    )
    tracing: bool = Field(
        default=False,
        description="Whether OpenTelemetry traces are sent, to where OTEL_* variables say.",
    )
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto",
        description="Form of the logs: json, console, or auto: a terminal's is console.",
    )
    known_fragments: int = Field(
        default=10_000,
        ge=0,
        description="Parts of result files that later exports of the same rows copy; 0 is none.",
    )
    log_level: str = Field(
        default="info", description="Least level that is logged: debug to error."
    )

    @field_validator("files", "lake")
    @classmethod
    def _is_object_storage(cls, address: str | None) -> str | None:
        if address is not None and not _ADDRESS.fullmatch(address):
            raise ValueError("an address is s3://BUCKET/PREFIX, or of gs:// or az://")
        return address

    @field_validator("executor")
    @classmethod
    def _is_scheduler(cls, executor: str | None) -> str | None:
        if executor is not None and not _EXECUTOR_ADDRESS.fullmatch(executor):
            raise ValueError("an address is dask://HOST:PORT, or of dask+tls://")
        return executor

    @field_validator("store")
    @classmethod
    def _is_postgresql(cls, store: SecretStr | None) -> SecretStr | None:
        # Its text is in no message: it holds a password.
        if store is not None and not store.get_secret_value().startswith(_STORE_SCHEMES):
            raise ValueError("an address begins with postgresql://")
        return store
