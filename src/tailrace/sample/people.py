"""Sample leads, in order of their creation, as frames with the columns of the lead table.

What a lead is called follows from its number alone, so activities can speak of it by name.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from tailrace.sample import vocabulary as words
from tailrace.sample.dice import Dice, chosen
from tailrace.sample.expressions import (
    date_text,
    decimal_text,
    json_object,
    json_text,
    sometimes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tailrace.sample.plan import SeedPlan

#: Leads made at once.
FRAME_ROWS = 10_000

#: Membership of the nth static list: a column of the frame that is not one of the table.
MEMBER_COLUMN = "member_of_{}"

#: Static lists stay below about this many members however many leads there are.
_MAXIMUM_MEMBERS = 5_000

_WIRE_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class People:
    """The leads of one run: numbers from 0, ids from `first_id`."""

    plan: SeedPlan
    first_id: int
    program_ids: Sequence[int]
    list_count: int

    @property
    def dice(self) -> Dice:
        return Dice(self.plan.seed)

    def frames(self) -> Iterator[pl.DataFrame]:
        for start in range(0, self.plan.leads, FRAME_ROWS):
            end = min(start + FRAME_ROWS, self.plan.leads)
            yield self.frame(start, end)

    def frame(self, start: int, end: int) -> pl.DataFrame:
        """The leads numbered from `start` to before `end`."""
        numbers = pl.select(index=pl.int_range(start, end, dtype=pl.Int64))
        with_moments = numbers.with_columns(created=self._created()).with_columns(
            updated=self._later("updated", "created", percent=70)
        )
        moments = with_moments.with_columns(
            changed=self._later("changed", "updated", percent=10), **_person(self.dice)
        )
        return moments.select(
            id=pl.col("index") + self.first_id,
            createdAt=self._text("created"),
            updatedAt=self._text("updated"),
            changed_at=self._text("changed"),
            custom=self._custom(),
            **self._own_columns(),
            **self._columns(),
            **self._memberships(),
        )

    def full_name(self, row: str) -> pl.Expr:
        """The name of the lead that a column numbers."""
        person = _person(self.dice.of(row))
        return pl.concat_str(person["firstName"], pl.lit(" "), person["lastName"])

    def count_by(self, seconds: pl.Expr) -> pl.Expr:
        """How many leads there are so many seconds after the window begins; at least one."""
        share = (seconds / self.plan.seconds).sqrt()
        return (share * self.plan.leads).floor().cast(pl.Int64).clip(1, self.plan.leads)

    def _created(self) -> pl.Expr:
        """Seconds after the window begins: ascending, and most leads come early."""
        place = pl.col("index")
        within = pl.when(place > 0).then(self.dice.fraction("created")).otherwise(0.0)
        share = (place + within) / self.plan.leads
        return (share * share * self.plan.seconds).floor().cast(pl.Int64)

    def _later(self, name: str, column: str, percent: float) -> pl.Expr:
        """A moment between that of the column and the window's end, for some of the rows."""
        moment = pl.col(column)
        left = self.plan.seconds - moment
        later = moment + (left * self.dice.fraction(name)).floor().cast(pl.Int64)
        return pl.when(self.dice.chance(f"has {name}", percent)).then(later).otherwise(moment)

    def _text(self, column: str) -> pl.Expr:
        start = pl.lit(self.plan.start).dt.cast_time_unit("us")
        return (start + pl.duration(seconds=pl.col(column))).dt.to_string(_WIRE_FORMAT)

    def _own_columns(self) -> dict[str, pl.Expr]:
        own_id = pl.col("index") + self.first_id
        return {
            "firstName": pl.col("firstName"),
            "lastName": pl.col("lastName"),
            "mktoName": self.full_name("index"),
            "email": pl.col("email"),
            "leadPerson": own_id,
            "personPrimaryLeadInterest": own_id,
            "cookies": sometimes(
                self.dice, "cookies", 20, pl.format("_mch-example.com-{}-00000", own_id)
            ),
        }

    def _columns(self) -> dict[str, pl.Expr]:
        dice = self.dice
        place = dice.roll("place", len(words.PLACES))
        has_acquisition = dice.chance("acquired", 40)
        program = pl.lit(pl.Series(list(self.program_ids), dtype=pl.Int64))
        return {
            "company": _awkward(dice, "company", 1.5, _company(dice)),
            "title": _awkward(dice, "title", 1, dice.pick("title", words.TITLES)),
            "industry": dice.pick("industry", words.INDUSTRIES),
            "country": chosen([one[0] for one in words.PLACES], place),
            "city": chosen([one[1] for one in words.PLACES], place),
            "state": chosen([one[2] for one in words.PLACES], place),
            "personTimeZone": chosen([one[3] for one in words.PLACES], place),
            "postalCode": dice.between("postal code", 10_000, 99_999).cast(pl.String),
            "address": sometimes(dice, "address", 60, _address(dice)),
            "website": sometimes(
                dice, "website", 30, pl.format("https://www.example{}.com/", dice.roll("site", 500))
            ),
            "phone": sometimes(dice, "phone", 50, _phone(dice)),
            "leadSource": sometimes(dice, "source", 85, dice.pick("source", words.LEAD_SOURCES)),
            "leadStatus": dice.pick("status", words.LEAD_STATUSES),
            "leadScore": sometimes(dice, "score", 90, dice.between("score", -5, 120)),
            "numberOfEmployees": sometimes(dice, "staff", 50, dice.between("staff", 1, 90_000)),
            "annualRevenue": sometimes(
                dice, "revenue", 40, decimal_text(dice, "revenue", 5_000_000)
            ),
            "dateOfBirth": sometimes(dice, "birth", 25, date_text(dice, "birth", 1950, 55)),
            "unsubscribed": dice.chance("unsubscribed", 8),
            "doNotCall": dice.chance("do not call", 5),
            "emailInvalid": dice.chance("email invalid", 2),
            "originalSourceType": dice.pick("original source", words.SOURCE_TYPES),
            "registrationSourceType": dice.pick("registration", words.SOURCE_TYPES),
            "mktoPersonNotes": sometimes(dice, "notes", 1, dice.pick("n", words.AWKWARD_TEXTS)),
            "acquisitionProgramId": pl.when(has_acquisition).then(
                program.gather(dice.roll("acquired by", len(self.program_ids)))
            ),
            "mktoAcquisitionDate": pl.when(has_acquisition).then(self._text("created")),
        }

    def _custom(self) -> pl.Expr:
        """The JSON document of the fields of the subscription's own."""
        dice = self.dice
        products = [json_text(text) for text in (*words.PRODUCTS * 10, *words.AWKWARD_TEXTS)]
        quoted = {
            "lifetimeValue": sometimes(
                dice, "lifetime", 50, decimal_text(dice, "lifetime", 90_000)
            ),
            "satisfaction": sometimes(dice, "satisfied", 40, decimal_text(dice, "satisfied", 10)),
            "contractEnd": sometimes(dice, "contract", 30, date_text(dice, "contract", 2020, 15)),
            "lastDemoAt": sometimes(dice, "demo", 30, self._text("updated")),
        }
        members = {
            "favouriteProduct": sometimes(dice, "product", 70, dice.pick("product", products)),
            "loyaltyPoints": sometimes(dice, "points", 80, dice.roll("points", 1000)),
            "isPartnerContact": pl.when(dice.chance("partner", 10))
            .then(pl.lit("true"))
            .otherwise(pl.lit("false")),
            **{
                name: pl.concat_str(pl.lit('"'), text, pl.lit('"')) for name, text in quoted.items()
            },
        }
        return json_object(members)

    def _memberships(self) -> dict[str, pl.Expr]:
        """Whether each lead is in each static list."""
        least_sides = -(-self.plan.leads // _MAXIMUM_MEMBERS)
        return {
            MEMBER_COLUMN.format(place): self.dice.roll(
                f"member of {place}", max(5 + 5 * place, least_sides)
            )
            == 0
            for place in range(self.list_count)
        }


def _person(dice: Dice) -> dict[str, pl.Expr]:
    """Name and address: what other tables know a lead by."""
    first = dice.roll("first name", len(words.FIRST_NAMES))
    last = dice.roll("last name", len(words.LAST_NAMES))
    mailbox = pl.concat_str(
        chosen([_mailbox(name) for name in words.FIRST_NAMES], first),
        pl.lit("."),
        chosen([_mailbox(name) for name in words.LAST_NAMES], last),
        pl.col(dice.row).cast(pl.String),
        pl.lit("@"),
        dice.pick("mail domain", words.MAIL_DOMAINS),
    )
    last_name = chosen(words.LAST_NAMES, last)
    return {
        "firstName": chosen(words.FIRST_NAMES, first),
        "lastName": _awkward(dice, "last name", 0.5, last_name),
        "email": sometimes(dice, "email", 99.5, mailbox),
    }


def _mailbox(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain.lower() if letter.isalnum())


def _awkward(dice: Dice, name: str, percent: float, usual: pl.Expr) -> pl.Expr:
    awkward = dice.pick(f"awkward {name}", words.AWKWARD_TEXTS)
    return pl.when(dice.chance(f"is {name} awkward", percent)).then(awkward).otherwise(usual)


def _company(dice: Dice) -> pl.Expr:
    head = dice.pick("company head", words.COMPANY_HEADS)
    return pl.concat_str(head, pl.lit(" "), dice.pick("company tail", words.COMPANY_TAILS))


def _address(dice: Dice) -> pl.Expr:
    number = dice.between("house number", 1, 240).cast(pl.String)
    line = pl.concat_str(dice.pick("street", words.STREETS), pl.lit(" "), number)
    second = pl.concat_str(line, pl.lit("\nFloor "), dice.between("floor", 1, 30).cast(pl.String))
    return pl.when(dice.chance("has floor", 5)).then(second).otherwise(line)


def _phone(dice: Dice) -> pl.Expr:
    return pl.concat_str(
        pl.lit("+"), dice.between("phone", 10_000_000_000, 99_999_999_999).cast(pl.String)
    )
