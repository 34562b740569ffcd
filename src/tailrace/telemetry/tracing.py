"""Traces with OpenTelemetry, where it is installed and switched on; else nothing, at no cost.

Spans are a request's and a job's stages'. Their attributes are ids, routes, sizes and states:
never a query string, a token or anything out of a cell.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

_NAME = "tailrace"


class TracingNotInstalledError(Exception):
    """Tracing was asked for without the libraries of the extra `tracing`."""


class _Tracing:
    """Whether spans are made, and by whom."""

    def __init__(self) -> None:
        self.tracer: Tracer | None = None


_tracing = _Tracing()


def start_tracing(provider: TracerProvider | None = None) -> None:
    """Make spans from now on; without a provider, one that OTEL_* variables describe.

    Raises TracingNotInstalledError.
    """
    _tracing.tracer = (provider or _provider_of_environment()).get_tracer(_NAME)


def stop_tracing() -> None:
    """Make no more spans."""
    _tracing.tracer = None


def span(name: str, **attributes: str | int) -> AbstractContextManager[Span | None]:
    """A span for the length of the block; None where there is no tracing."""
    tracer = _tracing.tracer
    if tracer is None:
        return nullcontext()
    named = {f"tailrace.{key}": value for key, value in attributes.items()}
    # Messages of errors may quote what was in a cell; their class says enough.
    return tracer.start_as_current_span(
        name, attributes=named, record_exception=False, set_status_on_exception=False
    )


def finish_request_span(made: Span | None, *, route: str | None, method: str, status: int) -> None:
    """Name a request's span by what it turned out to be; nothing where there is no span."""
    if made is None:
        return
    made.update_name(f"{method} {route or 'no route'}")
    made.set_attribute("http.request.method", method)
    made.set_attribute("http.response.status_code", status)
    if route is not None:
        made.set_attribute("http.route", route)


def _provider_of_environment() -> TracerProvider:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise TracingNotInstalledError from error
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: _NAME}))
    # It exports what is left when the process ends.
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider
