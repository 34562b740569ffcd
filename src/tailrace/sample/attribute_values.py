"""Values of the attributes of sample activities, by the attribute's name or else its data type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from tailrace.sample import vocabulary as words
from tailrace.sample.expressions import date_text, decimal_text, json_object, json_text, sometimes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tailrace.domain.activity_types import ActivityType
    from tailrace.sample.dice import Dice

    #: Gives the JSON text of a value.
    Source = Callable[[Dice], pl.Expr]

#: How many of a hundred activities have an attribute that not all of them have.
_PERCENT_PRESENT = {
    "Search Engine": 15,
    "Search Query": 10,
    "Query Parameters": 40,
    "Referrer URL": 70,
    "Bot Activity Pattern": 20,
    "Reached Success Date": 30,
    "Registration Code": 10,
    "Webinar URL": 10,
    "Old Value": 80,
    "Form Name": 50,
    "Details": 90,
    "Priority": 60,
    "Urgency": 30,
}


def attributes_document(activity_type: ActivityType, dice: Dice) -> pl.Expr:
    """The JSON object of an activity of the type."""
    members: dict[str, pl.Expr] = {}
    for attribute in activity_type.attributes:
        name = attribute.name
        source = _BY_NAME.get(name) or _by_data_type(name, attribute.data_type.lower())
        percent = _PERCENT_PRESENT.get(name)
        value = source(dice)
        members[name] = value if percent is None else sometimes(dice, name, percent, value)
    if activity_type.id == _CHANGE_SCORE:
        members |= _score_change(dice)
    return json_object(members)


_CHANGE_SCORE = 22


def _score_change(dice: Dice) -> dict[str, pl.Expr]:
    """Old and new score differ by the change."""
    old = dice.roll("old score", 100)
    change = dice.between("score change", 1, 20)
    return {
        "Change Value": _quoted(pl.concat_str(pl.lit("+"), change.cast(pl.String))),
        "Old Value": old.cast(pl.String),
        "New Value": (old + change).cast(pl.String),
    }


def _quoted(text: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit('"'), text, pl.lit('"'))


def _one_of(name: str, texts: Sequence[str]) -> Source:
    encoded = [json_text(text) for text in texts]
    return lambda dice: dice.pick(name, encoded)


def _ip_address(dice: Dice) -> pl.Expr:
    numbers = [dice.between(f"ip {place}", 1, 254).cast(pl.String) for place in range(4)]
    return _quoted(pl.concat_str(numbers, separator="."))


def _moment(dice: Dice) -> pl.Expr:
    clock = [dice.roll(f"clock {part}", 24 + part).cast(pl.String).str.zfill(2) for part in (0, 1)]
    day = date_text(dice, "day", 2024, 2)
    return _quoted(pl.concat_str(day, pl.lit(" "), clock[0], pl.lit(":"), clock[1], pl.lit(":00")))


def _integer(name: str, below: int) -> Source:
    return lambda dice: dice.roll(name, below).cast(pl.String)


def _merged_ids(dice: Dice) -> pl.Expr:
    return pl.concat_str(pl.lit("["), dice.between("merged", 1, 9999).cast(pl.String), pl.lit("]"))


def _by_data_type(name: str, data_type: str) -> Source:
    if data_type in ("integer", "score", "reference"):
        return _integer(name, 5000)
    if data_type == "boolean":
        return _one_of_raw(name, ("true", "false"))
    if data_type in ("float", "currency", "percent"):
        return lambda dice: decimal_text(dice, name, 500)
    if data_type == "datetime":
        return _moment
    if data_type == "date":
        return lambda dice: _quoted(date_text(dice, name, 2024, 2))
    return _one_of(name, (*words.PRODUCTS, *words.INDUSTRIES, *words.AWKWARD_TEXTS))


def _one_of_raw(name: str, texts: Sequence[str]) -> Source:
    return lambda dice: dice.pick(name, texts)


_BY_NAME: dict[str, Source] = {
    "Client IP Address": _ip_address,
    "User Agent": _one_of("user agent", words.USER_AGENTS),
    "Referrer URL": _one_of("referrer", words.REFERRERS),
    "Query Parameters": _one_of("query", words.QUERY_PARAMETERS),
    "Search Engine": _one_of("search engine", ("Google", "Bing", "DuckDuckGo")),
    "Search Query": _one_of("search", words.SEARCHES),
    "Webpage URL": _one_of("page", words.PAGES),
    "Link": _one_of("link", [f"https://www.example.com{page}" for page in words.PAGES]),
    "Link ID": _one_of("link id", [str(number) for number in range(2000, 2060)]),
    "Platform": _one_of("platform", ("Windows", "macOS", "iOS", "Android", "Linux")),
    "Device": _one_of("device", ("Windows Desktop", "iPhone", "Mac", "Android Phone")),
    "Bot Activity Pattern": _one_of("bot", ("N/A", "Proximity")),
    "Choice Number": _integer("choice", 3),
    "Test Variant": _integer("variant", 2),
    "Email": _one_of("bounced", [f"info@{domain}" for domain in words.MAIL_DOMAINS]),
    "Category": _one_of("category", ("1", "2", "3", "4", "9")),
    "Subcategory": _one_of("subcategory", ("1001", "2003", "4006")),
    "Details": _one_of("details", words.BOUNCE_DETAILS),
    "Form Fields": _one_of(
        "form fields", ['a:1:{s:5:"Email";s:14:"ada@example.com";}', "Email=ada@example.com"]
    ),
    "Reason": _one_of("reason", words.REASONS),
    "Source": _one_of("source", ("Web form fillout", "Web service API", "Smart campaign")),
    "Old Status": _one_of("old status", words.STATUSES[:3]),
    "New Status": _one_of("new status", words.STATUSES[3:]),
    "Merge IDs": _merged_ids,
    "Lead Source": _one_of("lead source", words.LEAD_SOURCES),
    "Source Type": _one_of("source type", words.SOURCE_TYPES),
    "New Nurture Cadence": _one_of("cadence", ("Norm", "Pause")),
    "Previous Nurture Cadence": _one_of("old cadence", ("Pause", "Norm")),
    "Date": _moment,
    "Description": _one_of("description", (*words.MOMENTS, *words.AWKWARD_TEXTS)),
    "Response": _one_of("response", ('{"ok":true}', "<html>\r\n<body>502</body>\r\n</html>")),
}
