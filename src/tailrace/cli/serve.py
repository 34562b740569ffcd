"""`tailrace serve`: the server process on one home."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tailrace.cli.options import HomeOption, LakeOption, StoreOption, example
from tailrace.cli.stop_signals import held_stop_signals

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from socket import socket

    from tailrace.app import Application
    from tailrace.settings import Settings

EPILOG = example(
    "tailrace serve --home ./tailrace-home --host 127.0.0.1 --port 8080",
    "tailrace serve --home ./tailrace-home --port 0 --strict",
    "tailrace serve --files s3://exports/tailrace",
    "tailrace serve --lake s3://activities/tailrace",
    "tailrace serve --executor dask://scheduler.example.com:8786",
    "tailrace serve --port 8443 --tls-cert ./tls/server.pem --tls-key ./tls/server-key.pem",
)

FilesOption = Annotated[
    str | None,
    typer.Option(
        "--files",
        help="Object storage for the result files. Default: TAILRACE_FILES, else the home.",
        metavar="ADDRESS",
        show_default=False,
    ),
]
ExecutorOption = Annotated[
    str | None,
    typer.Option(
        "--executor",
        help="Dask scheduler whose workers render. Default: TAILRACE_EXECUTOR, else this process.",
        metavar="ADDRESS",
        show_default=False,
    ),
]
CertificateOption = Annotated[
    Path | None,
    typer.Option(
        "--tls-cert", help="Certificate chain in PEM form; HTTPS is spoken.", metavar="FILE"
    ),
]
KeyOption = Annotated[
    Path | None,
    typer.Option("--tls-key", help="The certificate's private key, in PEM form.", metavar="FILE"),
]


def serve(
    home: HomeOption = None,
    store: StoreOption = None,
    files: FilesOption = None,
    lake: LakeOption = None,
    executor: ExecutorOption = None,
    host: Annotated[
        str | None,
        typer.Option("--host", help="Address to listen on. Default: 127.0.0.1.", metavar="ADDRESS"),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", help="Port to listen on; 0 takes a free one. Default: 8080."),
    ] = None,
    tls_cert: CertificateOption = None,
    tls_key: KeyOption = None,
    accept_token_parameter: Annotated[
        bool,
        typer.Option(
            "--accept-token-parameter", help="Accept the legacy access_token parameter as well."
        ),
    ] = False,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Marketo's own pace: call limits on, status 60 s behind."),
    ] = False,
) -> None:
    """Run the server on a home, which is made on first use.

    A new home gets one subscription, one API user with every permission and one custom service,
    whose credentials are printed once. The base URL is printed when the server answers. Ctrl-C or
    SIGTERM stops it cleanly; export jobs that do not finish in time run again at the next start.
    """
    with held_stop_signals():
        # A switch that is not given leaves the word to the environment.
        _serve(
            home,
            store=store,
            files=files,
            lake=lake,
            executor=executor,
            host=host,
            port=port,
            tls_cert=tls_cert,
            tls_key=tls_key,
            accept_token_parameter=accept_token_parameter or None,
            strict=strict or None,
        )


def _serve(home: Path | None, **options: object) -> None:
    from tailrace.cli.home import opened_home, settings_of
    from tailrace.cli.http_server import HttpServer
    from tailrace.cli.tls import tls_context
    from tailrace.cli.watching import watched

    settings = settings_of(home, **options)
    # Before anything else, so that a mistyped path does not leave a new home behind.
    tls = tls_context(settings.tls_cert, settings.tls_key)
    with (
        opened_home(home, **options) as application,
        _listener(application.settings) as listener,
        application.serving(),
        watched(application),
    ):
        _introduce(application)
        HttpServer(application, tls).run_until_signal(listener)


def _listener(settings: Settings) -> AbstractContextManager[socket]:
    from tailrace.cli.http_server import listening_socket

    return listening_socket(
        settings.host, settings.port, stalled_client_seconds=settings.stalled_client_seconds
    )


def _introduce(application: Application) -> None:
    from tailrace.cli.output import print_line
    from tailrace.cli.service import print_credentials

    credentials = application.first_service()
    if credentials is not None:
        print_line(f"The home {application.settings.home} is new. Its first custom service:")
        print_credentials(credentials, is_json=False)
        print_line("The secret is not shown again; `tailrace service create` makes further ones.")
