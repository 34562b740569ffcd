"""A history and its aftermath, looked up by what they are about."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tests.support.kills.history import Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.kills.aftermath import Aftermath, JobEvent
    from tests.support.kills.history import Call

#: Every address and every mark of a run is within it: a home may hold others.
DOMAIN = "@kills.example"

#: Days of June 2024 on which activities happen: few, so that files of the lake are compacted.
DAYS = 4

_JOB_ACTIONS = {Action.CREATE, Action.ENQUEUE, Action.CANCEL, Action.STATUS, Action.DOWNLOAD}


class Evidence:
    def __init__(self, calls: Sequence[Call], after: Aftermath) -> None:
        self.calls = calls
        self.after = after
        #: A moment after all calls.
        self.end = max((call.ended for call in calls), default=0) + 1
        self.by_job: dict[str, list[Call]] = defaultdict(list)
        for call in calls:
            if call.action in _JOB_ACTIONS and call.subject:
                self.by_job[call.subject].append(call)
        #: What each job that is known was asked for.
        self.created = {call.subject: call.value for call in self.done(Action.CREATE)}

    def done(self, action: Action) -> list[Call]:
        """The acknowledged ones."""
        return [
            call for call in self.calls if call.action is action and call.outcome is Outcome.DONE
        ]

    def effective(self, action: Action) -> list[Call]:
        """Those that have happened or may have."""
        return [
            call
            for call in self.calls
            if call.action is action and call.outcome is not Outcome.REFUSED
        ]

    def events_by_job(self) -> dict[str, list[JobEvent]]:
        found: dict[str, list[JobEvent]] = defaultdict(list)
        for event in self.after.events:
            found[event.export_id].append(event)
        return found
