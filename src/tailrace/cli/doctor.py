"""`tailrace doctor`: what is wrong with a deployment, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tailrace.cli.options import HomeOption, JsonOption, StoreOption, example

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tailrace.operation.findings import Finding
    from tailrace.settings import Settings

#: What only this machine reaches.
_OWN_ADDRESSES = frozenset({"127.0.0.1", "::1", "localhost"})

EPILOG = example(
    "tailrace doctor --home ./tailrace-home",
    "tailrace doctor --home ./tailrace-home --deep --json",
)


def doctor(
    home: HomeOption = None,
    store: StoreOption = None,
    is_deep: Annotated[
        bool, typer.Option("--deep", help="Read every result file to its end as well.")
    ] = False,
    is_json: JsonOption = False,
) -> None:
    """Examine a home, whether or not a server runs on it; nothing is changed.

    Permissions, key, database, activity logs, result files, uploads, disk, clock, settings, and the
    cluster if there is one. The exit code is 1 if there is a problem, 0 if there are at most warnings.
    """
    from tailrace.cli.home import settings_of
    from tailrace.cli.log_output import configure_logs
    from tailrace.operation.findings import Level

    settings = settings_of(home, store=store)
    # What it finds, it says itself.
    configure_logs("error", settings.log_format)
    findings = [*_settings(settings), *_examination(settings, is_deep=is_deep)]
    _print(findings, is_json=is_json)
    if any(one.level is Level.PROBLEM for one in findings):
        raise typer.Exit(1)


def _examination(settings: Settings, *, is_deep: bool) -> Iterator[Finding]:
    from tailrace.app import home_as_it_is
    from tailrace.operation.doctor import Patient, examine

    with home_as_it_is(settings) as application:
        patient = Patient(
            home=settings.home,
            database=application.database,
            subscriptions=application.subscriptions,
            activity_log=application.activity_log,
            clock=application.clock,
            least_free_megabytes=settings.least_free_megabytes,
            files=application.files,
            cluster=application.executor.look if application.executor else None,
        )
        yield from examine(patient, is_deep=is_deep)


def _settings(settings: Settings) -> Iterator[Finding]:
    from tailrace.operation.findings import fine, warning

    is_exposed = settings.host not in _OWN_ADDRESSES and settings.tls_cert is None
    if is_exposed:
        yield warning(
            "settings",
            f"Plain HTTP on {settings.host}: tokens can be read on their way",
            "Set TAILRACE_TLS_CERT and TAILRACE_TLS_KEY, or put a proxy that speaks HTTPS in front.",
        )
    if settings.metrics == "on" and settings.host not in _OWN_ADDRESSES:
        yield warning(
            "settings",
            "Whoever reaches the API reads its metrics",
            "Give TAILRACE_METRICS an address of its own, such as 127.0.0.1:9090.",
        )
        is_exposed = True
    if not is_exposed:
        yield fine("settings", "They can be read, and nothing is exposed by them")


def _print(findings: Sequence[Finding], *, is_json: bool) -> None:
    from tailrace.cli.output import print_json, print_line
    from tailrace.operation.findings import Level

    problems = sum(one.level is Level.PROBLEM for one in findings)
    warnings = sum(one.level is Level.WARNING for one in findings)
    if is_json:
        print_json(
            {
                "problems": problems,
                "warnings": warnings,
                "findings": [
                    {
                        "level": one.level.value,
                        "check": one.check,
                        "what": one.what,
                        "advice": one.advice,
                    }
                    for one in findings
                ],
            }
        )
        return
    for one in findings:
        print_line(f"{one.level.value:8} {one.check}: {one.what}.")
        if one.advice is not None:
            print_line(f"{'':8} {one.advice}")
    print_line(f"{problems} problems, {warnings} warnings.")
