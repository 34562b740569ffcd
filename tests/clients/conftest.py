"""One seeded subscription for each client: what one writes the next must not find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.clients.subscription import Subscription, seeded_subscription

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def subscription(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subscription]:
    with seeded_subscription(tmp_path_factory.mktemp("clients")) as made:
        yield made
