"""Multipart uploads to S3 that nobody completed: listed and aborted, for which obstore has no call.

Theory of operation: a killed writer leaves parts that no listing of objects shows, and that cost
money all the same. The library can sign a request for any object with whatever credentials it
has found, but adds no query of ours; so a store is made whose endpoint is the request's address
with its query, up to a parameter `x-key=` that takes in the path which the library appends. S3
ignores parameters that begin with `x-`. Where this is refused, a lifecycle rule of the bucket has
to do it; the janitor must not fail for that.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import quote
from xml.etree import ElementTree

import httpx
import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import S3Store

from tailrace.object_storage import reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNED_FOR = timedelta(minutes=1)
_TIMEOUT_SECONDS = 20
_NOT_FOUND = 404

_log = structlog.get_logger(__name__)


class _Upload(NamedTuple):
    #: Below the store's prefix.
    key: str
    upload_id: str


class UnfinishedUploads:
    """Those of one store; its name of a key begins after the store's prefix."""

    def __init__(self, store: S3Store) -> None:
        self._bucket = str(store.config.get("bucket"))
        self._prefix = f"{store.prefix}/" if store.prefix else ""
        self._store = store
        self._was_refused = False

    def keys(self, folder: str) -> set[str]:
        """Keys in `folder` with at least one unfinished upload; a thousand uploads at most."""
        return {upload.key for upload in self._listed(folder)}

    def abort(self, key: str) -> None:
        """Abort all unfinished uploads of `key`: what is being written to it breaks off."""
        for upload in self._listed(key):
            if upload.key == key:
                query = f"uploadId={quote(upload.upload_id, safe='')}"
                self._send("DELETE", self._address_of(key), query)

    def _listed(self, prefix: str) -> list[_Upload]:
        text = self._send(
            "GET",
            self._bucket_address(),
            f"uploads=&prefix={quote(self._prefix + prefix, safe='')}",
        )
        return list(self._uploads_in(text)) if text else []

    def _uploads_in(self, text: str) -> Iterator[_Upload]:
        document = ElementTree.fromstring(text)  # noqa: S314 - the operator's own storage wrote it
        for one in document.iterfind("{*}Upload"):
            key, upload_id = one.findtext("{*}Key"), one.findtext("{*}UploadId")
            if key and upload_id and key.startswith(self._prefix):
                yield _Upload(key.removeprefix(self._prefix), upload_id)

    def _bucket_address(self) -> str:
        return self._signed_address(S3Store(self._bucket), "x").removesuffix("/x")

    def _address_of(self, key: str) -> str:
        return self._signed_address(self._store, key)

    def _signed_address(self, store: S3Store, key: str) -> str:
        return obstore.sign(store, "GET", key, _SIGNED_FOR).partition("?")[0]

    def _send(self, method: Literal["GET", "DELETE"], address: str, query: str) -> str:
        """The body of the answer; empty if the request was refused."""
        try:
            store = S3Store(
                self._bucket,
                # Of all that may name an endpoint, this comes first.
                aws_endpoint_url_s3=f"{address}?{query}&x-key=",
                virtual_hosted_style_request=True,
            )
            signed = obstore.sign(store, method, "none", _SIGNED_FOR)
            answer = httpx.request(method, signed, timeout=_TIMEOUT_SECONDS)
            if answer.status_code != _NOT_FOUND:
                answer.raise_for_status()
        except httpx.HTTPStatusError as error:
            # Its text is the signed address.
            self._tell_once(f"status {error.response.status_code}")
        except (BaseError, httpx.HTTPError) as error:
            self._tell_once(reason_of(error))
        else:
            return answer.text
        return ""

    def _tell_once(self, reason: str) -> None:
        if not self._was_refused:
            _log.warning("unfinished_uploads_not_swept", reason=reason)
        self._was_refused = True
