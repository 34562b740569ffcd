"""What the client sends is what the server reads: one request value, there and back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tailrace.client.request_body import request_body
from tailrace.domain.activity_types import DELETE_LEAD, standard_activity_types
from tailrace.domain.export_request import (
    ACTIVITY_FIELDS,
    DEFAULT_ACTIVITY_FIELDS,
    ActivityFilter,
    Column,
    CreatedLeads,
    ExportRequest,
    InstantRange,
    RequestRules,
    SmartListMembers,
    SmartListMembersByName,
    StaticListMembers,
    StaticListMembersByName,
    UpdatedLeads,
    parse_activity_request,
    parse_lead_request,
)
from tailrace.domain.file_format import FileFormat
from tailrace.domain.lead_fields import LeadFieldCatalogue, standard_lead_fields
from tailrace.domain.subscription_settings import effective_settings

RULES = RequestRules(
    settings=effective_settings({"audience_sharing": True}, is_strict=False),
    lead_fields=LeadFieldCatalogue.of(()),
    activity_types={one.id: one for one in standard_activity_types()},
)

starts = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - Hypothesis takes naive bounds
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)


def range_of(start: datetime, seconds: int) -> InstantRange:
    return InstantRange(start, start + timedelta(seconds=seconds))


ranges = st.builds(range_of, starts, st.integers(0, 31 * 86_400))
headers = st.none() | st.text()
ids = st.integers(1, 2**63 - 1)
names = st.text(min_size=1)
plain_type_ids = sorted({one.id for one in standard_activity_types()} - {DELETE_LEAD})


def column_of(field: str, header: str | None) -> Column:
    return Column(field, field if header is None else header)


def columns_of(fields: tuple[str, ...], *, minimum: int) -> st.SearchStrategy[tuple[Column, ...]]:
    """Some of the fields, each under its own name or another header."""
    column = st.builds(column_of, st.sampled_from(fields), headers)
    return st.lists(column, min_size=minimum, max_size=8, unique_by=lambda one: one.field).map(
        tuple
    )


activity_filters = st.one_of(
    st.builds(
        ActivityFilter,
        ranges,
        st.lists(st.sampled_from(plain_type_ids), unique=True).map(tuple),
    ),
    st.builds(
        ActivityFilter,
        ranges,
        st.sampled_from([(13,), (13, 22), (104,), (24, 25), (2,)]),
        st.lists(ids, min_size=1, max_size=50, unique=True).map(tuple),
    ),
    st.builds(
        ActivityFilter,
        ranges,
        st.sampled_from([(13,), (13, 22), (104,), (24, 25), (2,)]),
        st.just(()),
        st.lists(names, min_size=1, max_size=50).map(tuple),
    ),
)
lead_filters = st.one_of(
    st.builds(CreatedLeads, ranges),
    st.builds(UpdatedLeads, ranges),
    st.builds(StaticListMembers, ids),
    st.builds(StaticListMembersByName, names),
    st.builds(SmartListMembers, ids),
    st.builds(SmartListMembersByName, names),
)
formats = st.sampled_from(FileFormat)
lead_field_names = tuple(field.name for field in standard_lead_fields())


def over_the_wire(request: ExportRequest) -> object:
    return json.loads(json.dumps(request_body(request)))


@given(st.builds(ExportRequest, formats, columns_of(lead_field_names, minimum=1), lead_filters))
def test_lead_request__arrives_as_it_was_meant(request: ExportRequest) -> None:
    assert parse_lead_request(over_the_wire(request), RULES) == request


@given(st.builds(ExportRequest, formats, columns_of(ACTIVITY_FIELDS, minimum=0), activity_filters))
def test_activity_request__arrives_as_it_was_meant(request: ExportRequest) -> None:
    arrived = parse_activity_request(over_the_wire(request), RULES)
    defaults = tuple(Column(name, name) for name in DEFAULT_ACTIVITY_FIELDS)
    assert arrived.columns == (request.columns or defaults)
    assert (arrived.format, arrived.filter) == (request.format, request.filter)
