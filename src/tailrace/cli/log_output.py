"""Logs of this process: events on standard error, one a line, as JSON or for people to read."""

from __future__ import annotations

import logging
import sys

import structlog

from tailrace.cli.errors import UsageError

_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def configure_logs(level_name: str, form: str = "auto") -> None:
    """Send every log from `level_name` up to standard error; standard output is for answers.

    `form` is `json`, `console`, or `auto`: `console` on a terminal. Raises UsageError for a level
    that there is not.
    """
    level = _LEVELS.get(level_name.lower())
    if level is None:
        raise UsageError(f"TAILRACE_LOG_LEVEL: '{level_name}' is none of {', '.join(_LEVELS)}.")
    # Plain tracebacks: local variables hold tokens, secrets and what is in people's cells.
    renderers: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if form == "console" or (form == "auto" and sys.stderr.isatty())
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *renderers,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    # The libraries' own logs: only what somebody has to act on.
    logging.basicConfig(stream=sys.stderr, level=max(level, logging.WARNING), force=True)
