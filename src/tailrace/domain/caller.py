"""Who makes a call: what an access token stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailrace.domain.errors import AccessDeniedError

if TYPE_CHECKING:
    from tailrace.domain.export_job import ApiUserId, SubscriptionId
    from tailrace.domain.permissions import Permission


@dataclass(frozen=True, slots=True)
class Caller:
    subscription_id: SubscriptionId
    api_user_id: ApiUserId
    email: str
    permissions: frozenset[Permission]

    def require_any(self, permissions: frozenset[Permission]) -> None:
        """Raises AccessDeniedError unless the API user's role has one of these."""
        if self.permissions.isdisjoint(permissions):
            raise AccessDeniedError
