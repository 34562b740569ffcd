"""Every text that comes from outside is either understood exactly or refused by its own error."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tailrace.domain.activity_types import standard_activity_types
from tailrace.domain.asset_names import AssetName, stored_names
from tailrace.domain.errors import (
    AdministrationError,
    PagingTokenError,
    RequestError,
    ScalarTypeError,
    SmartListRuleError,
    SmartListWithoutRulesError,
)
from tailrace.domain.export_request import (
    ExportRequest,
    RequestRules,
    parse_activity_request,
    parse_lead_request,
)
from tailrace.domain.instants import format_instant, parse_instant
from tailrace.domain.lead_fields import LeadFieldCatalogue
from tailrace.domain.paging import position_of, position_token
from tailrace.domain.quota import quota_day_start
from tailrace.domain.smart_list import OPERATOR_VALUES, decode_rule, encode_rule, parse_rule
from tailrace.domain.subscription_settings import SETTINGS, effective_settings, parse_setting

if TYPE_CHECKING:
    from collections.abc import Callable

RULES = RequestRules(
    settings=effective_settings({}, is_strict=False),
    lead_fields=LeadFieldCatalogue.of(()),
    activity_types={one.id: one for one in standard_activity_types()},
)

seconds = st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29)).map(  # noqa: DTZ001 - Hypothesis wants naive bounds
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timedelta(minutes=minutes))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


# Instants.


@given(seconds, offsets, st.sampled_from(["", ".5", ".999999", ",1"]), st.sampled_from("T "))
def test_instant_with_offset__is_the_same_instant_in_utc(
    moment: datetime, offset: timedelta, fraction: str, separator: str
) -> None:
    local = moment.astimezone(timezone(offset)).replace(tzinfo=None).isoformat(separator)
    sign = "-" if offset < timedelta() else "+"
    hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    for zone in (f"{sign}{hours:02}:{minutes:02}", f"{sign}{hours:02}{minutes:02}"):
        assert parse_instant(f"{local}{fraction}{zone}") == moment


@given(seconds)
def test_instant_as_written__is_read_back(moment: datetime) -> None:
    text = format_instant(moment)
    assert parse_instant(text) == moment
    assert text == moment.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


@given(st.dates())
def test_date_alone__is_midnight_utc(day: date) -> None:
    assert parse_instant(day.isoformat()) == datetime(day.year, day.month, day.day, tzinfo=UTC)


@given(seconds, st.data())
def test_cut_instant__is_never_another_one(moment: datetime, data: st.DataObject) -> None:
    text = format_instant(moment)
    position = data.draw(st.integers(0, len(text) - 1))
    damaged = text[:position] + text[position + 1 :]
    try:
        read = parse_instant(damaged)
    except ScalarTypeError:
        return
    # Only the mark of the zone and the blank before it may be left out.
    assert read == moment


@given(st.text() | json_values)
@example("2024-02-30")
@example("٢٠٢٤-03-01")
@example("0001-01-01T00:00:00+14:00")
@example("9999-12-31T23:59:59-14:00")
def test_anything_else__is_no_instant(value: object) -> None:
    try:
        moment = parse_instant(value)
    except ScalarTypeError as error:
        assert error.type_name == "DateTime"
    else:
        assert (moment.tzinfo, moment.microsecond) == (UTC, 0)


# Paging tokens.


@given(st.text())
def test_paging_token__gives_its_position_back(position: str) -> None:
    token = position_token(position)
    assert position_of(token) == position
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567=")


@given(st.text() | st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ234567="))
def test_any_other_paging_token__is_refused(token: str) -> None:
    try:
        position = position_of(token)
    except PagingTokenError:
        return
    assert position_token(position) == token.strip()


# Settings.


@given(st.sampled_from(sorted(SETTINGS)), st.text() | st.integers().map(str))
def test_setting__is_of_its_type_and_within_its_rule_or_refused(name: str, text: str) -> None:
    setting = SETTINGS[name]
    try:
        value = parse_setting(name, text)
    except AdministrationError as error:
        assert name in str(error)
        return
    assert type(value) is type(setting.default)
    if isinstance(value, int) and not isinstance(value, bool):
        assert value == int(text) >= setting.minimum
    if setting.choices:
        assert value in setting.choices


@given(st.text().filter(lambda name: name not in SETTINGS), st.text())
def test_unknown_setting__is_refused(name: str, text: str) -> None:
    with pytest.raises(AdministrationError):
        parse_setting(name, text)


@given(st.sampled_from(sorted(SETTINGS)), st.booleans())
def test_chosen_setting__wins_over_every_default(name: str, is_strict: bool) -> None:
    default = SETTINGS[name].default
    chosen = effective_settings({name: default}, is_strict=is_strict)
    assert getattr(chosen, name) == default


# Smart lists.

values = st.text(max_size=5) | st.integers(-(2**53), 2**53) | st.booleans()
rules = st.recursive(
    st.sampled_from(sorted(OPERATOR_VALUES)).flatmap(
        lambda operator: st.fixed_dictionaries(
            {
                "field": st.text(min_size=1, max_size=5),
                "operator": st.just(operator.value),
                "values": st.lists(
                    values,
                    min_size=OPERATOR_VALUES[operator][0],
                    max_size=min(3, OPERATOR_VALUES[operator][1]),
                ),
            }
        )
    )
    | st.fixed_dictionaries({"list": st.integers(1, 10**9), "isMember": st.booleans()})
    | st.fixed_dictionaries(
        {
            "activityTypeId": st.integers(1, 10**6),
            "inLastDays": st.integers(1, 10_000),
            "has": st.booleans(),
            "atLeast": st.integers(1, 100),
        }
    ),
    lambda inner: (
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)})
        | st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)})
    ),
    max_leaves=6,
)


@given(rules)
def test_smart_list_rule__is_kept_without_loss(document: object) -> None:
    rule = parse_rule(document)
    assert decode_rule(encode_rule(rule)) == rule
    assert msgspec.json.decode(encode_rule(rule)) == document


@given(json_values)
def test_any_other_rule__is_refused_by_name(document: object) -> None:
    with pytest.raises((SmartListRuleError, SmartListWithoutRulesError)):
        parse_rule(document)


@given(st.binary() | st.text())
def test_text_that_is_no_rule__is_refused_by_name(text: str | bytes) -> None:
    with pytest.raises((SmartListRuleError, SmartListWithoutRulesError)):
        decode_rule(text)


# Asset names. Names may hold dots, so spellings of different assets may be the same.

names = st.text(alphabet="ab.", min_size=1, max_size=4)
assets = st.builds(
    AssetName,
    program_chain=st.lists(names, max_size=2).map(tuple),
    name=names,
    is_program=st.booleans(),
)


@given(st.lists(assets, max_size=4), st.lists(names | assets.map(lambda one: one.stored)))
def test_stored_names__are_those_given_and_those_of_assets_they_may_mean(
    known: list[AssetName], given_names: list[str]
) -> None:
    wanted = stored_names(given_names, known)
    for name in given_names:
        assert name in wanted
    for stored in wanted - set(given_names):
        meant = [asset for asset in known if asset.stored == stored]
        assert any(set(given_names) & set(spellings_of(asset)) for asset in meant)


@given(assets)
def test_asset__answers_to_its_spellings_and_no_other(asset: AssetName) -> None:
    assert asset.spellings == set(spellings_of(asset))


def spellings_of(asset: AssetName) -> list[str]:
    """From contract section 5.3, for chains of at most two programs."""
    if not asset.program_chain:
        return [asset.name]
    whole = ".".join((*asset.program_chain, asset.name))
    direct = f"{asset.program_chain[-1]}.{asset.name}"
    return [whole, direct, asset.name] if asset.is_program else [whole, direct]


# Create bodies.

bodies = st.fixed_dictionaries(
    {},
    optional={
        "format": st.sampled_from(["CSV", "tsv", "XML"]) | json_values,
        "fields": st.lists(st.sampled_from(["id", "leadId", "ID", "email", ""])) | json_values,
        "columnHeaderNames": st.dictionaries(st.sampled_from(["id", "leadId"]), st.text())
        | json_values,
        "filter": st.dictionaries(
            st.sampled_from(
                [
                    "createdAt",
                    "updatedAt",
                    "staticListId",
                    "smartListName",
                    "activityTypeIds",
                    "primaryAttributeValueIds",
                    "primaryAttributeValues",
                ]
            ),
            st.dictionaries(
                st.sampled_from(["startAt", "endAt"]),
                st.sampled_from(["2024-01-01", "2024-01-05T00:00:00Z"]) | json_values,
            )
            | st.lists(st.sampled_from([2, 13, "22", "", 37, 2**70, -1]) | json_values)
            | json_values,
        )
        | json_values,
    },
)


@pytest.mark.parametrize("parse", [parse_activity_request, parse_lead_request])
@given(body=bodies | json_values)
def test_create_body__is_understood_or_refused_and_what_is_understood_is_kept(
    parse: Callable[[object, RequestRules], ExportRequest], body: object
) -> None:
    try:
        request = parse(body, RULES)
    except RequestError:
        return
    assert msgspec.json.decode(msgspec.json.encode(request), type=ExportRequest) == request


# The day of the quota.


@given(seconds.filter(lambda moment: moment.year > 1970))
def test_quota_day__begins_at_the_last_midnight_in_chicago(now: datetime) -> None:
    start = quota_day_start(now)
    chicago = ZoneInfo("America/Chicago")
    local_start, local_now = start.astimezone(chicago), now.astimezone(chicago)
    assert start <= now
    assert local_start.date() == local_now.date()
    assert (local_start.hour, local_start.minute, local_start.second) == (0, 0, 0)
    assert (start - timedelta(seconds=1)).astimezone(chicago).date() < local_now.date()
