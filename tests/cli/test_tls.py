"""`tailrace serve --tls-cert --tls-key`: HTTPS for whoever trusts the authority, or a refusal."""

from __future__ import annotations

import ssl
import subprocess
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.support.api_user import ApiUser
from tests.support.certificate import Certificate
from tests.support.deadlines import DEADLINE_SECONDS
from tests.support.server import running_server

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.home import Home
    from tests.support.world import World


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate.make(tmp_path_factory.mktemp("tls"))


def test_https__is_spoken_and_announced(home: Home, certificate: Certificate) -> None:
    with running_server(home, *certificate.options, authority=certificate.authority) as server:
        assert f"answers on https://127.0.0.1:{server.port} " in server.log()
        trust = ssl.create_default_context(cafile=certificate.authority)
        with httpx.Client(
            base_url=server.base_url, verify=trust, timeout=DEADLINE_SECONDS, trust_env=False
        ) as client:
            # One connection takes several requests.
            assert [client.get("/healthz").text.strip() for _ in range(3)] == ["ok"] * 3
        # Whoever does not trust the authority gets no answer, nor does plain HTTP.
        for url in (server.base_url, f"http://127.0.0.1:{server.port}"):
            with pytest.raises(httpx.TransportError):
                httpx.get(f"{url}/healthz", timeout=DEADLINE_SECONDS, trust_env=False)


def test_export_over_https__is_whole(
    make_world: Callable[[], World], certificate: Certificate
) -> None:
    world = make_world()
    trust = ssl.create_default_context(cafile=certificate.authority)
    with (
        running_server(world.home, *certificate.options, authority=certificate.authority) as server,
        ApiUser(server.base_url, world.main) as user,
    ):
        user.http.close()
        user.http = httpx.Client(
            base_url=server.base_url, verify=trust, timeout=DEADLINE_SECONDS, trust_env=False
        )
        march = {"startAt": "2024-03-01T00:00:00Z", "endAt": "2024-03-31T23:59:59Z"}
        done = user.export("leads", {"fields": ["id"], "filter": {"createdAt": march}})
        assert done.job["fileSize"] == len(done.content)


def test_name_of_the_certificate__is_what_clients_check(
    home: Home, certificate: Certificate
) -> None:
    trust = ssl.create_default_context(cafile=certificate.authority)
    with (
        running_server(home, *certificate.options, authority=certificate.authority) as server,
        pytest.raises(httpx.ConnectError, match="Hostname mismatch"),
    ):
        url = f"https://localhost:{server.port}/healthz"
        httpx.get(url, verify=trust, timeout=DEADLINE_SECONDS, trust_env=False)


def serve(home: Home, *options: str) -> tuple[int, str]:
    result = home.run("serve", "--port", "0", *options)
    return result.exit_code, result.errors


def test_certificate_without_key__is_wrong_usage(home: Home, certificate: Certificate) -> None:
    sentence = "tailrace: --tls-cert and --tls-key are given together or not at all.\n"
    assert serve(home, "--tls-cert", str(certificate.certificate)) == (2, sentence)
    assert serve(home, "--tls-key", str(certificate.key)) == (2, sentence)
    assert not home.path.exists()


@pytest.mark.parametrize("missing", ["certificate", "key"])
def test_missing_file__is_said(
    home: Home, certificate: Certificate, tmp_path: Path, missing: str
) -> None:
    absent = tmp_path / "absent.pem"
    paths = {"certificate": certificate.certificate, "key": certificate.key, missing: absent}
    refused = serve(home, "--tls-cert", str(paths["certificate"]), "--tls-key", str(paths["key"]))
    sentence = (
        f"tailrace: The TLS {missing} '{absent}' cannot be read: No such file or directory.\n"
    )
    assert refused == (1, sentence)
    assert not home.path.exists()


def test_key_of_another_certificate__is_said(
    home: Home, certificate: Certificate, tmp_path: Path
) -> None:
    other = Certificate.make(tmp_path / "tls")
    refused = serve(home, "--tls-cert", str(certificate.certificate), "--tls-key", str(other.key))
    assert refused == (
        1,
        f"tailrace: The TLS key '{other.key}' is not that of the certificate"
        f" '{certificate.certificate}'.\n",
    )


def test_file_of_another_kind__is_said(home: Home, certificate: Certificate) -> None:
    swapped = ("--tls-cert", str(certificate.key), "--tls-key", str(certificate.certificate))
    exit_code, errors = serve(home, *swapped)
    assert exit_code == 1
    assert (
        errors
        == f"tailrace: The TLS certificate '{certificate.key}' holds no certificate in PEM form.\n"
    )
    both = str(certificate.certificate)
    exit_code, errors = serve(home, "--tls-cert", both, "--tls-key", both)
    assert exit_code == 1
    assert errors == f"tailrace: The TLS key '{both}' holds no private key in PEM form.\n"


def test_encrypted_key__is_refused_and_asks_for_nothing(
    home: Home, certificate: Certificate, tmp_path: Path
) -> None:
    locked = tmp_path / "locked.pem"
    subprocess.run(
        ["openssl", "ec", "-in", certificate.key, "-aes256", "-passout", "pass:x", "-out", locked],
        check=True,
        capture_output=True,
    )
    refused = serve(home, "--tls-cert", str(certificate.certificate), "--tls-key", str(locked))
    assert refused == (1, f"tailrace: The TLS key '{locked}' is encrypted; it must not be.\n")
