"""Request paths in every spelling that clients send (contract section 2.1)."""

from __future__ import annotations

import posixpath
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.api.normalise import normalise_path

SEGMENTS = st.lists(
    st.one_of(st.sampled_from(["", ".", "..", "...", "bulk", "v1", "export.json"]), st.text()),
    max_size=8,
)


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        (b"/bulk/v1/leads/export.json", "/bulk/v1/leads/export.json"),
        (b"/rest/../bulk/v1/leads/export.json", "/bulk/v1/leads/export.json"),
        (b"//bulk///v1/leads/export.json", "/bulk/v1/leads/export.json"),
        (b"/bulk/v1/leads/export.json/", "/bulk/v1/leads/export.json"),
        (b"/bulk/./v1/leads/export.json", "/bulk/v1/leads/export.json"),
        (b"/bulk/v1/%6Ceads/export%2ejson", "/bulk/v1/leads/export.json"),
        (b"/rest/%2E%2e/bulk", "/bulk"),
        (b"/bulk%2Fv1", "/bulk/v1"),
        (b"/../../bulk", "/bulk"),
        (b"/Bulk", "/Bulk"),
        (b"/", "/"),
        (b"", "/"),
        (b"/a/..", "/"),
    ],
)
def test_path__means_one_spelling(raw: bytes, normal: str) -> None:
    assert normalise_path(raw) == normal


def test_percent_signs__are_decoded_once() -> None:
    assert normalise_path(b"/%252e%252e/a") == "/%2e%2e/a"


def test_bytes_that_are_not_text__are_no_error() -> None:
    assert normalise_path(b"/%ff\xff/a") == "/\ufffd\ufffd/a"


@given(SEGMENTS)
def test_path__means_what_posix_makes_of_it(segments: list[str]) -> None:
    path = "/" + "/".join(segments)
    # POSIX alone gives two slashes at the start a meaning.
    expected = "/" + posixpath.normpath(path).lstrip("/")
    assert normalise_path(quote(path).encode()) == expected


@given(st.binary(max_size=100))
def test_any_bytes__give_a_path_without_tricks(raw: bytes) -> None:
    segments = normalise_path(raw).split("/")
    assert segments[0] == ""
    assert not {".", ".."} & set(segments)
    assert "" not in segments[1:] or segments == ["", ""]
