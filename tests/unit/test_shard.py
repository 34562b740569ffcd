"""Shards and the tasks that make them: what goes from process to process."""

from __future__ import annotations

import pickle
import sys

import pytest

from tailrace.domain.errors import LakeUnavailableError
from tailrace.extract.shard import OtherVersionsError, RenderingError, Shard, render_shard, versions

PIECES = [b"a,b\n" * 1000, b"c,d\n"]


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_shard__arrives_as_it_was_sent(protocol: int) -> None:
    sent = Shard(PIECES, 1001)
    arrived = pickle.loads(pickle.dumps(sent, protocol))
    assert (b"".join(arrived.pieces), arrived.row_count) == (b"".join(PIECES), 1001)


def test_shard__is_sent_without_copies() -> None:
    buffers: list[pickle.PickleBuffer] = []
    pickled = pickle.dumps(Shard(PIECES, 1001), 5, buffer_callback=buffers.append)
    assert len(pickled) < 200
    arrived = pickle.loads(pickled, buffers=[memoryview(one) for one in buffers])
    assert b"".join(arrived.pieces) == b"".join(PIECES)


def test_shard__says_what_it_weighs() -> None:
    assert sys.getsizeof(Shard(PIECES, 1001)) >= 4004


def test_task_of_another_version__is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(OtherVersionsError, match=r"was asked by Tailrace 0\.0\.1"):
        render_shard("Tailrace 0.0.1", b"what only that version understands")


def test_error_of_ours__can_be_sent() -> None:
    arrived = pickle.loads(pickle.dumps(LakeUnavailableError("it says no")))
    assert isinstance(arrived, LakeUnavailableError)
    assert arrived.reason == "it says no"


def test_error__can_be_sent() -> None:
    with pytest.raises(RenderingError) as raised:
        render_shard(versions(), b"no task")
    arrived = pickle.loads(pickle.dumps(raised.value))
    assert str(arrived) == str(raised.value)
    assert arrived.number is None
