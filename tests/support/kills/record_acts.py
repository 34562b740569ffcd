"""What a client writes: activities in batches, leads one at a time, leads as files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.kills.evidence import DAYS, DOMAIN
from tests.support.kills.history import Action, Outcome
from tests.support.kills.line import JSON

if TYPE_CHECKING:
    import random

    from tests.support.kills.line import Line

#: A list that nothing else puts leads into.
_LIST_ID = 1022

_FORM = {"Content-Type": "multipart/form-data; boundary=limit"}
_PART = 'Content-Disposition: form-data; name="file"; filename="leads.csv"'


@dataclass(frozen=True, slots=True)
class _Batch:
    key: str
    body: bytes
    marks: tuple[str, ...]


class RecordActs:
    def __init__(self, chance: random.Random, name: str) -> None:
        """`name` begins every name that it gives, so that no other client gives it."""
        self._chance = chance
        self._name = name
        self._made = 0
        self._unanswered: list[_Batch] = []
        #: Version by address.
        self._leads: dict[str, int] = {}
        self._imports: list[str] = []

    def ingest(self, line: Line) -> None:
        """A new batch, or one again that nobody has acknowledged; few of those are given up.

        What was cut between two transactions shows only if it is sent again.
        """
        is_new = not self._unanswered or self._chance.random() < 0.1
        if not is_new and self._chance.random() < 0.1:
            self._unanswered.pop()
            return
        batch = self._new_batch() if is_new else self._unanswered[-1]
        headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": batch.key}
        reply = line.send("POST", "/tailrace/v1/activities.ndjson", batch.body, headers)
        line.note(reply, Action.INGEST, batch.key, marks=batch.marks)
        if is_new and reply.outcome is Outcome.UNKNOWN:
            self._unanswered.append(batch)
        elif not is_new and reply.outcome is not Outcome.UNKNOWN:
            self._unanswered.pop()

    def write_lead(self, line: Line) -> None:
        """A new lead, or one of its own again under the next version."""
        is_new = not self._leads or self._chance.random() < 0.6
        address = self._new_name() + DOMAIN if is_new else self._chance.choice([*self._leads])
        version = self._leads.get(address, 0) + 1
        body = {"input": [{"email": address, "firstName": f"v{version}"}]}
        reply = line.send("POST", "/rest/v1/leads.json", json.dumps(body).encode(), JSON)
        self._leads[address] = version
        assert not reply.is_done or reply.result[0]["status"] in ("created", "updated"), reply
        line.note(reply, Action.WRITE_LEAD, address, f"v{version}")

    def read_lead(self, line: Line) -> None:
        if not self._leads:
            return
        address = self._chance.choice([*self._leads])
        query = f"filterType=email&filterValues={address}&fields=firstName"
        reply = line.send("GET", f"/rest/v1/leads.json?{query}")
        value = str(reply.result[0]["firstName"]) if reply.result else ""
        line.note(reply, Action.READ_LEAD, address, value)

    def import_leads(self, line: Line) -> None:
        addresses = tuple(self._new_name() + DOMAIN for _ in range(self._chance.randint(1, 20)))
        rows = "\n".join(["email,firstName", *(f"{address},v1" for address in addresses)])
        body = f"--limit\r\n{_PART}\r\n\r\n{rows}\n\r\n--limit--\r\n".encode()
        path = f"/bulk/v1/leads.json?format=csv&listId={_LIST_ID}"
        reply = line.send("POST", path, body, _FORM)
        import_id = str(reply.result[0]["batchId"]) if reply.is_done else ""
        line.note(reply, Action.IMPORT, import_id, marks=addresses)
        if reply.is_done:
            self._imports.append(import_id)

    def look_at_an_import(self, line: Line) -> None:
        if not self._imports:
            return
        import_id = self._chance.choice(self._imports)
        reply = line.send("GET", f"/bulk/v1/leads/batch/{import_id}.json")
        value = str(reply.result[0]["status"]) if reply.is_done else ""
        line.note(reply, Action.IMPORT_STATUS, import_id, value)
        if value == "Complete":
            self._imports.remove(import_id)

    def _new_batch(self) -> _Batch:
        key = self._new_name()
        days = [self._chance.randint(1, DAYS) for _ in range(self._chance.randint(1, 5))]
        marks = tuple(f"{key}-{number}-d{day}" for number, day in enumerate(days))
        lines = [
            json.dumps(
                {
                    "leadId": 1,
                    "activityTypeId": 1,
                    "activityDate": f"2024-06-{day:02}T00:00:{self._chance.randint(0, 59):02}Z",
                    "attributes": {"Webpage URL": f"/m/{mark}"},
                }
            )
            for mark, day in zip(marks, days, strict=True)
        ]
        return _Batch(key, "\n".join(lines).encode(), marks)

    def _new_name(self) -> str:
        self._made += 1
        return f"{self._name}-{self._made}"
