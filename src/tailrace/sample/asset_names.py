"""What sample assets are called and where they lie: some made by hand, any number by counting.

The hand-made ones are there from the start of the window, so activities speak of them alone; the
counted ones come into being all over it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from tailrace.sample.vocabulary import AWKWARD_TEXTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tailrace.sample.plan import SeedPlan

#: Name, program around it, channel. A nested chain of three, and a name with a dot.
HAND_MADE_PROGRAMS = (
    ("Nurture", None, "Nurture"),
    ("Webinar Series", "Nurture", "Webinar"),
    ("Follow-up", "Webinar Series", "Email Send"),
    ("Spring Campaign", None, "Email Send"),
    ("Trade Show, Hall 7", None, "Live Event"),
    ("Newsletter", None, "Email Send"),
    ("Q1.Launch", None, "Web Content"),
    ('"Free Trial"', None, "Web Content"),
)

#: Name and program around it, None for one in a folder.
HAND_MADE_FORMS = (
    ("Contact Us", None),
    ("Email Unsubscribe Form", None),
    ("Register", "Webinar Series"),
    ("Feedback", "Follow-up"),
    ("Sign Up", "Newsletter"),
    ("Start Trial", '"Free Trial"'),
)

HAND_MADE_STATIC_LISTS = (
    ("All Customers", None),
    ("Do Not Call, Ever", None),
    ("Attendees", "Webinar Series"),
    ("Attendees", "Trade Show, Hall 7"),
    ("Survey 1.5", "Follow-up"),
    ("Subscribers", "Newsletter"),
)

HAND_MADE_CAMPAIGNS = (
    ("Page visit", None),
    ("Request, urgent", None),
    ("Send invitation", "Webinar Series"),
    ("Send reminder", "Webinar Series"),
    ("Thank attendees", "Trade Show, Hall 7"),
    ("Nightly", None),
    ("Welcome", "Newsletter"),
    ('"Trial" ends', '"Free Trial"'),
)

_CHANNELS = ("Email Send", "Web Content", "Live Event", "Nurture", "Webinar", "Operational")

#: Of so many counted names, one holds what naive code breaks on.
_AWKWARD_EVERY = 7

#: Of so many counted assets, one was changed after it was made, and one has a description.
_CHANGED_EVERY = 3
_DESCRIBED_EVERY = 2


@dataclass(frozen=True, slots=True)
class NewAsset:
    """An asset to be made."""

    name: str
    #: Name, in the tables above, of the program around it; None for one in a folder.
    program: str | None
    created_at: datetime
    updated_at: datetime
    description: str | None = None


def from_start_at(plan: SeedPlan) -> datetime:
    """When the hand-made assets were made: as early as every client notices.

    Not in the window's very first second: tap-marketo compares date-times as texts, and there the
    start as `…+00:00` comes before the start as `…Z`.
    """
    return plan.start + timedelta(seconds=1)


def assets_to_make(
    plan: SeedPlan, word: str, hand_made: Sequence[tuple[str, str | None]], count: int
) -> list[NewAsset]:
    """The hand-made ones, and as many more as `count` says there shall be altogether."""
    at = from_start_at(plan)
    made = [NewAsset(name, program, at, at) for name, program in hand_made]
    more = max(0, count - len(hand_made))
    return made + [_counted(plan, word, number, more) for number in range(1, more + 1)]


def programs_to_make(plan: SeedPlan) -> list[tuple[NewAsset, str]]:
    """Programs, each with the name of its channel."""
    hand_made = [(name, program) for name, program, _ in HAND_MADE_PROGRAMS]
    channels = [channel for *_, channel in HAND_MADE_PROGRAMS]
    assets = assets_to_make(plan, "Program", hand_made, plan.programs)
    return [
        (asset, channels[place] if place < len(channels) else _CHANNELS[place % len(_CHANNELS)])
        for place, asset in enumerate(assets)
    ]


def _counted(plan: SeedPlan, word: str, number: int, count: int) -> NewAsset:
    """The asset of a number from 1 to `count`: spread evenly over the window."""
    seconds = plan.seconds * number // (count + 1)
    changed = seconds + (plan.seconds - seconds) // 2 if number % _CHANGED_EVERY == 0 else seconds
    return NewAsset(
        name=_name(word, number),
        program=HAND_MADE_PROGRAMS[number % len(HAND_MADE_PROGRAMS)][0] if number % 2 else None,
        created_at=plan.start + timedelta(seconds=seconds),
        updated_at=plan.start + timedelta(seconds=changed),
        description=f"{word}, number {number}" if number % _DESCRIBED_EVERY else None,
    )


def _name(word: str, number: int) -> str:
    if number % _AWKWARD_EVERY:
        return f"{word} {number}"
    awkward = AWKWARD_TEXTS[number // _AWKWARD_EVERY % len(AWKWARD_TEXTS)]
    return f"{awkward} {word} {number}"
