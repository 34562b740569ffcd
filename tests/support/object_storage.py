"""Real object storage for tests: an S3 server over HTTP, and a bucket each with what is in it."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
import obstore
from obstore.store import from_url

from tailrace.files.object_store import ObjectStoreFiles, ObjectStoreLimits
from tests.support.deadlines import DEADLINE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Generator

#: What must never be seen in a log.
SECRET = "canary-of-the-object-storage"

#: The least that S3 takes, so that small files have parts.
PART_BYTES = 5 * 1024 * 1024

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of its own, and the address of a place in it."""

    base_url: str
    name: str = field(default_factory=lambda: f"bucket-{next(_numbers)}")

    @property
    def address(self) -> str:
        return f"s3://{self.name}/some/place"

    @property
    def environment(self) -> dict[str, str]:
        """What the library reads: where the server is, and who asks."""
        return {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT": self.base_url,
            "AWS_ALLOW_HTTP": "true",
        }

    def make(self) -> None:
        self._call("PUT", "").raise_for_status()

    def keys(self) -> set[str]:
        """Keys of all objects below the address, but for the mark of whose they are."""
        return self._listed("?list-type=2") - {"tailrace-home"}

    def upload_keys(self) -> set[str]:
        """Keys of all unfinished uploads below the address."""
        return self._listed("?uploads")

    def replace(self, key: str, content: bytes) -> None:
        """Put other content in the place of an object."""
        obstore.put(from_url(self.address), key, content)

    def _listed(self, query: str) -> set[str]:
        found = re.findall(r"<Key>([^<]*)</Key>", self._call("GET", query).text)
        return {key.removeprefix("some/place/") for key in found}

    def _call(self, method: str, query: str) -> httpx.Response:
        url = f"{self.base_url}/{self.name}{query}"
        return httpx.request(method, url, timeout=DEADLINE_SECONDS, trust_env=False)


@contextmanager
def running_s3_server() -> Generator[str]:
    """The base URL of a server that runs while the block does."""
    command = [sys.executable, "-m", "tests.support.s3_server"]
    # What a server says of each request is of no use to a test.
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.communicate("", timeout=DEADLINE_SECONDS)


def files_in(
    address: str,
    *,
    retry_seconds: float = 2.0,
    address_seconds: int = 0,
    grace_seconds: float = 0,
) -> ObjectStoreFiles:
    """The product's own files at a place whose environment this process has."""
    limits = ObjectStoreLimits(PART_BYTES, retry_seconds, address_seconds, grace_seconds)
    return ObjectStoreFiles(address, limits)
