"""Services and tokens in the store: what is kept, what is given again, what ends at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tailrace.domain.errors import (
    AccessTokenExpiredError,
    AccessTokenInvalidError,
    AdministrationError,
    UnknownClientError,
    WrongClientSecretError,
)
from tailrace.domain.permissions import Permission
from tailrace.store.identity import Identity
from tests.support.stores import STORES, stored_bytes
from tests.unit.store_home import StoreHome

if TYPE_CHECKING:
    from pathlib import Path

EMAIL = "user@example.com"


@pytest.fixture(params=STORES)
def home(tmp_path: Path, request: pytest.FixtureRequest) -> StoreHome:
    return StoreHome.make(tmp_path, request.param)


def test_grant__gives_the_same_token_with_less_time_left(home: StoreHome) -> None:
    service = home.identity.create_service(home.subscription_id, EMAIL)
    first = home.identity.grant(service.client_id, service.client_secret)
    home.clock.advance(minutes=10)
    second = home.identity.grant(service.client_id, service.client_secret)
    assert (second.text, second.expires_in_seconds) == (first.text, 3000)
    assert first.expires_in_seconds == 3600


def test_grant__mints_another_token_after_expiry(home: StoreHome) -> None:
    service = home.identity.create_service(home.subscription_id, EMAIL)
    first = home.identity.grant(service.client_id, service.client_secret)
    home.clock.advance(hours=1)
    second = home.identity.grant(service.client_id, service.client_secret)
    assert second.text != first.text
    with pytest.raises(AccessTokenExpiredError):
        home.identity.caller(first.text)
    assert home.identity.caller(second.text).email == EMAIL


def test_expired_tokens__are_forgotten_after_a_day(home: StoreHome) -> None:
    service = home.identity.create_service(home.subscription_id, EMAIL)
    token = home.identity.grant(service.client_id, service.client_secret).text
    home.clock.advance(hours=26)
    home.identity.forget_expired_tokens()
    with pytest.raises(AccessTokenInvalidError):
        home.identity.caller(token)


def test_rotate__ends_secret_and_token_at_once(home: StoreHome) -> None:
    old = home.identity.create_service(home.subscription_id, EMAIL)
    token = home.identity.grant(old.client_id, old.client_secret).text
    new = home.identity.rotate_service(old.client_id)
    with pytest.raises(AccessTokenInvalidError):
        home.identity.caller(token)
    with pytest.raises(WrongClientSecretError):
        home.identity.grant(old.client_id, old.client_secret)
    assert home.identity.grant(new.client_id, new.client_secret).text != token


def test_revoke__ends_service_and_token_at_once(home: StoreHome) -> None:
    service = home.identity.create_service(home.subscription_id, EMAIL)
    token = home.identity.grant(service.client_id, service.client_secret).text
    home.identity.revoke_service(service.client_id)
    with pytest.raises(AccessTokenInvalidError):
        home.identity.caller(token)
    with pytest.raises(UnknownClientError):
        home.identity.grant(service.client_id, service.client_secret)


def test_secrets__are_nowhere_in_the_store(home: StoreHome) -> None:
    service = home.identity.create_service(home.subscription_id, EMAIL)
    token = home.identity.grant(service.client_id, service.client_secret).text
    kept = stored_bytes(home.database)
    assert service.client_id.encode() in kept
    assert service.client_secret.encode() not in kept
    assert token.encode() not in kept


def test_role__limits_what_its_users_may_do(home: StoreHome) -> None:
    allowed = {Permission.READ_ONLY_LEAD, Permission.READ_ONLY_ACTIVITY}
    home.api_users.create_role(home.subscription_id, "Reader", allowed)
    service = home.identity.create_service(home.subscription_id, EMAIL, role_name="Reader")
    token = home.identity.grant(service.client_id, service.client_secret).text
    assert home.identity.caller(token).permissions == allowed


def test_create_service__refuses_unknown_role_and_odd_address(home: StoreHome) -> None:
    with pytest.raises(AdministrationError, match="no role 'Nobody'"):
        home.identity.create_service(home.subscription_id, EMAIL, role_name="Nobody")
    for odd in ("nobody", "x y@z", "x@y z", " x@z", "@z", "x@", "x\t@z"):
        with pytest.raises(AdministrationError, match="not an e-mail address"):
            home.identity.create_service(home.subscription_id, odd)
    assert home.api_users.all(home.subscription_id) == []


def test_longer_token_lifetime__does_not_give_out_a_token_that_dies_earlier(
    home: StoreHome,
) -> None:
    service = home.identity.create_service(home.subscription_id, EMAIL)
    short = Identity(
        home.database, key=b"k" * 32, token_lifetime_seconds=60, clock=home.clock
    ).grant(service.client_id, service.client_secret)
    home.clock.advance(seconds=100)
    token = home.identity.grant(service.client_id, service.client_secret)
    assert token.text != short.text
    assert home.identity.caller(token.text).email == EMAIL
