"""What a route is: a row of the table that dispatching and the OpenAPI document both read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from tailrace.domain.permissions import Permission  # noqa: TC001 - read by msgspec at run time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tailrace.api.replies import Reply
    from tailrace.api.request import ApiRequest
    from tailrace.app import Application
    from tailrace.domain.caller import Caller
