"""Request paths in the one spelling that routes are written in (contract section 2.1)."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes


def normalise_path(raw_path: bytes) -> str:
    """The path that `raw_path`, as it stood in the request line, means.

    Percent-decoded once, empty and `.` segments dropped, `..` resolved, no slash at the end.
    Clients build `/rest/../bulk/v1/...` and double slashes, and not every HTTP library of theirs
    resolves them (contract section 11.1). Bytes that are not UTF-8 match no route.
    """
    text = unquote_to_bytes(raw_path).decode("utf-8", errors="replace")
    segments: list[str] = []
    for segment in text.split("/"):
        if segment == "..":
            # Above the root is the root (RFC 3986 section 5.2.4).
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    return "/" + "/".join(segments)
