"""Sample activities, in order of time, as frames for the activity log."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from tailrace.domain.activity_types import DELETE_LEAD
from tailrace.lake.activity_rows import ACTIVITY_SCHEMA
from tailrace.sample import vocabulary as words
from tailrace.sample.assets import ATTEND_CONFERENCE, REDEEM_VOUCHER, from_start
from tailrace.sample.attribute_values import attributes_document
from tailrace.sample.dice import Dice, chosen
from tailrace.sample.plan import DAY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tailrace.sample.assets import Asset, Assets
    from tailrace.sample.people import People
    from tailrace.sample.plan import SeedPlan

#: Activities of one commit.
FRAME_ROWS = 250_000

#: How often each type happens, compared with the others.
WEIGHTS: dict[int, int] = {
    1: 180, 2: 30, 3: 25, 6: 140, 7: 130, 8: 12, 9: 4, 10: 90, 11: 40, 12: 20, 13: 110, 22: 60,
    23: 3, 24: 25, 25: 10, 27: 6, 32: 1, 34: 3, 38: 5, 46: 15, 47: 12, 104: 25,
    108: 6, 110: 5, 113: 6, 114: 4, 115: 2, 123: 4, 145: 3, 155: 8, ATTEND_CONFERENCE: 6,
    REDEEM_VOUCHER: 4,
}  # fmt: skip

#: One activity of so many is a Delete Lead, each of a lead of its own that nothing else knows.
DELETED_EVERY = 500

#: How much livelier noon is than midnight: 0 is not at all, 1 the most that keeps time ascending.
_DAYTIME = 0.7

#: Types about an asset of the run, and those about a field, a lead or an e-mail.
_PROGRAM_TYPES = (104, 113, 114, 115, 123, 145)
_CAMPAIGN_TYPES = (47, 155)
_LIST_TYPES = (24, 25)
_FORM_TYPES = (2,)
_FIELD_TYPES = (13, 22)
_LEAD_TYPES = (12, DELETE_LEAD)
_MAIL_TYPES = (6, 7, 8, 9, 10, 11, 27, 38)

_CHANGED_FIELDS = ("firstName", "email", "leadStatus", "leadScore", "company", "favouriteProduct")
_SCORES = ("leadScore", "relativeScore")


@dataclass(frozen=True, slots=True)
class Named:
    """Things that a primary attribute names; no ids where it has none."""

    names: Sequence[str]
    ids: Sequence[int] = ()

    def columns(self, place: pl.Expr) -> dict[str, pl.Expr]:
        """Both primary attribute columns, for the thing at a place."""
        ids = pl.lit(pl.Series(list(self.ids), dtype=pl.Int64)).gather(place)
        return {
            "primaryAttributeValueId": ids if self.ids else pl.lit(None, dtype=pl.Int64),
            "primaryAttributeValue": chosen(self.names, place),
        }


@dataclass(frozen=True, slots=True)
class Happenings:
    """The activities of one run: numbers from 0, GUIDs from `first_guid`."""

    plan: SeedPlan
    people: People
    assets: Assets
    first_guid: int

    def frames(self) -> Iterator[pl.DataFrame]:
        for start in range(0, self.plan.activities, FRAME_ROWS):
            yield self.frame(start, min(start + FRAME_ROWS, self.plan.activities))

    def frame(self, start: int, end: int) -> pl.DataFrame:
        """The activities numbered from `start` to before `end`."""
        numbers = pl.select(index=pl.int_range(start, end, dtype=pl.Int64))
        rows = numbers.with_columns(seconds=self._seconds(), activityTypeId=self._type_ids())
        rows = rows.with_columns(lead=self._lead())
        parts = rows.partition_by("activityTypeId", maintain_order=True)
        return pl.concat([self._complete(part) for part in parts])

    def _complete(self, rows: pl.DataFrame) -> pl.DataFrame:
        type_id: int = rows.item(0, "activityTypeId")
        dice = self._dice
        start = pl.lit(self.plan.start).dt.cast_time_unit("us")
        campaigns = _assets(self.assets.campaigns)
        complete = rows.select(
            marketoGUID=pl.col("index") + self.first_guid,
            leadId=pl.col("lead") + self.people.first_id,
            activityDate=start + pl.duration(seconds=pl.col("seconds")),
            activityTypeId="activityTypeId",
            campaignId=pl.when(dice.chance("has campaign", 70)).then(
                campaigns.columns(dice.roll("campaign", len(campaigns.ids)))[
                    "primaryAttributeValueId"
                ]
            ),
            **self._primary_attribute(type_id),
            attributes=attributes_document(self.assets.activity_types[type_id], dice),
            actionResult=_action_result(dice),
        )
        return complete.cast(pl.Schema(ACTIVITY_SCHEMA))

    @property
    def _dice(self) -> Dice:
        return Dice(self.plan.seed)

    def _seconds(self) -> pl.Expr:
        """Seconds after the window begins: ascending, more of them by day than by night."""
        share = (pl.col("index") + self._dice.fraction("moment")) / self.plan.activities
        days = share * self.plan.days
        hour = (days % 1.0) * (2 * math.pi)
        warped = days + hour.sin() * (_DAYTIME / (2 * math.pi))
        last = self.plan.seconds - 1
        return (warped * DAY_SECONDS).floor().cast(pl.Int64).clip(0, last)

    def _type_ids(self) -> pl.Expr:
        bounds = pl.Series(list(WEIGHTS.values())).cum_sum()
        place = pl.lit(bounds).search_sorted(self._dice.roll("type", bounds[-1]), side="right")
        usual = pl.lit(pl.Series(list(WEIGHTS), dtype=pl.Int64)).gather(place)
        is_deletion = pl.col("index") % DELETED_EVERY == DELETED_EVERY - 1
        return pl.when(is_deletion).then(DELETE_LEAD).otherwise(usual)

    def _lead(self) -> pl.Expr:
        """The lead's number: one that exists by then, or for Delete Lead never did in the end."""
        there = self.people.count_by(pl.col("seconds"))
        favour_early = self._dice.fraction("lead").pow(1.3)
        living = (there * favour_early).floor().cast(pl.Int64)
        deleted = pl.col("index") // DELETED_EVERY + self.plan.leads
        is_deleted = pl.col("activityTypeId") == DELETE_LEAD
        return pl.when(is_deleted).then(deleted).otherwise(living)

    def _primary_attribute(self, type_id: int) -> dict[str, pl.Expr]:
        if type_id in _LEAD_TYPES:
            return {
                "primaryAttributeValueId": pl.col("lead") + self.people.first_id,
                "primaryAttributeValue": self.people.full_name("lead"),
            }
        named = self._named(type_id)
        return named.columns(self._dice.roll("primary", len(named.names)))

    def _named(self, type_id: int) -> Named:
        if type_id in _PROGRAM_TYPES:
            return _assets(self.assets.programs)
        if type_id in _CAMPAIGN_TYPES:
            return _assets(self.assets.campaigns)
        if type_id in _LIST_TYPES:
            return _assets(self.assets.static_lists)
        if type_id in _FORM_TYPES:
            return _assets(self.assets.forms)
        if type_id in _FIELD_TYPES:
            names = _SCORES if type_id == 22 else _CHANGED_FIELDS
            fields = [self.assets.fields[name] for name in names]
            return Named([one.display_name for one in fields], [one.id for one in fields])
        if type_id in _MAIL_TYPES:
            return self._mails()
        return _OTHER.get(type_id) or _numbered("Asset", 3000, 40)

    def _mails(self) -> Named:
        """E-mails inside programs, called by the whole chain of programs around them."""
        names = [
            ".".join((*program.name.program_chain, program.name.name, mail))
            for program in from_start(self.assets.programs)
            for mail in words.MAIL_NAMES
        ]
        return Named(names, range(5000, 5000 + len(names)))


def deleted_leads(plan: SeedPlan) -> int:
    """How many ids belong to leads that are deleted: those after the living ones'."""
    return plan.activities // DELETED_EVERY


def _assets(assets: Sequence[Asset]) -> Named:
    there = from_start(assets)
    return Named([one.name.stored for one in there], [one.id for one in there])


def _numbered(name: str, first_id: int, count: int) -> Named:
    return Named(
        [f"{name} {number}" for number in range(1, count + 1)], range(first_id, first_id + count)
    )


def _action_result(dice: Dice) -> pl.Expr:
    luck = dice.roll("action result", 100)
    return (
        pl.when(luck < 40)
        .then(pl.lit("succeeded"))
        .when(luck < 47)
        .then(pl.lit("skipped"))
        .when(luck < 50)
        .then(pl.lit("failed"))
    )


_OTHER: dict[int, Named] = {
    1: Named(
        [f"www.example.com{page}" for page in words.PAGES], range(7001, 7001 + len(words.PAGES))
    ),
    3: Named(
        [f"https://www.example.com{page}" for page in words.PAGES],
        range(7101, 7101 + len(words.PAGES)),
    ),
    46: Named(("Web", "Email", "Milestone"), (1, 2, 3)),
    ATTEND_CONFERENCE: Named(
        ("Summit 2025", "Partner Day, Vienna", 'The "Small" Fair', "日本 Expo")
    ),
    REDEEM_VOUCHER: Named([f"SAVE-{number:04}" for number in range(1, 51)]),
}
