"""The certificate of `tailrace serve`: loaded before the server starts, refused in a sentence."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from tailrace.cli.errors import CommandError, UsageError

if TYPE_CHECKING:
    from pathlib import Path


class _EncryptedKeyError(Exception):
    """The key wants a passphrase, which a server that starts by itself cannot ask for."""


def tls_context(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """What to speak TLS with; None to speak plain HTTP.

    Raises UsageError where only one of the two is given, CommandError for files that will not do.
    """
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise UsageError("--tls-cert and --tls-key are given together or not at all.")
    for what, path in (("certificate", certificate), ("key", key)):
        _check_readable(what, path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key, _refuse_passphrase)
    except _EncryptedKeyError as error:
        raise CommandError(f"The TLS key '{key}' is encrypted; it must not be.") from error
    except ssl.SSLError as error:
        raise CommandError(_sentence(error, certificate, key)) from error
    return context


def _check_readable(what: str, path: Path) -> None:
    try:
        path.read_bytes()
    except OSError as error:
        raise CommandError(f"The TLS {what} '{path}' cannot be read: {error.strerror}.") from error


def _refuse_passphrase() -> str:
    raise _EncryptedKeyError


def _sentence(error: ssl.SSLError, certificate: Path, key: Path) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"The TLS key '{key}' is not that of the certificate '{certificate}'."
    if "BEGIN CERTIFICATE" not in certificate.read_text(encoding="latin-1"):
        return f"The TLS certificate '{certificate}' holds no certificate in PEM form."
    if "PRIVATE KEY" not in key.read_text(encoding="latin-1"):
        return f"The TLS key '{key}' holds no private key in PEM form."
    return f"The TLS certificate '{certificate}' and key '{key}' cannot be used: {error.reason}."
