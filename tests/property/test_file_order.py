"""The order of an export's rows is the same however it is found."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.extract.file_order import in_file_order
from tests.support.activities import START, activity, frame

GUIDS = st.one_of(st.integers(1, 9), st.integers(1, 2**63 - 1), st.integers(2**40, 2**40 + 9))


@pytest.mark.parametrize(
    "step", [timedelta(seconds=1), timedelta(days=400), timedelta(microseconds=7)]
)
@given(st.lists(st.tuples(st.integers(0, 4), GUIDS), max_size=12, unique_by=lambda key: key[1]))
def test_file_order__is_by_date_then_guid(step: timedelta, keys: list[tuple[int, int]]) -> None:
    rows = frame(activity(guid, activityDate=START + number * step) for number, guid in keys)
    fields = ("activityDate", "leadId", "marketoGUID")
    expected = rows.sort("activityDate", "marketoGUID").select(fields)
    assert in_file_order(rows, fields).equals(expected)
