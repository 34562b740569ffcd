"""Spans of requests and of an export's stages: what they say, and that without tracing there are none."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import httpx
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tailrace.api.app import create_asgi_app
from tailrace.domain.export_job import ObjectFamily
from tailrace.telemetry.tracing import (
    TracingNotInstalledError,
    span,
    start_tracing,
    stop_tracing,
)
from tests.fault.test_backups import EMPTY_EXPORT
from tests.support.application import SteppedApplication

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    start_tracing(provider)
    yield exporter
    stop_tracing()
    provider.shutdown()


@pytest.fixture
def stepped(tmp_path: Path) -> Iterator[SteppedApplication]:
    stepped = SteppedApplication.open(tmp_path / "home")
    yield stepped
    stepped.close()


def test_export__is_a_span_with_one_for_each_stage(
    stepped: SteppedApplication, spans: InMemorySpanExporter
) -> None:
    exported = stepped.export(stepped.new_subscription(), ObjectFamily.LEADS, EMPTY_EXPORT)
    made = spans.get_finished_spans()
    assert [one.name for one in made] == [
        *("export.plan", "export.rows", "export.publish"),
        "export",
    ]
    *stages, whole = made
    assert dict(whole.attributes or {}) == {
        "tailrace.export_id": exported.job.export_id,
        "tailrace.attempt": 1,
    }
    within = whole.get_span_context()
    assert within is not None
    assert [one.parent and one.parent.span_id for one in stages] == [within.span_id] * 3


def test_request__is_a_span_named_by_its_route(
    stepped: SteppedApplication, spans: InMemorySpanExporter
) -> None:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(create_asgi_app(stepped.application))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.get("/rest/v1/lead/4711.json?access_token=secret")

    answer = asyncio.run(ask())
    (made,) = spans.get_finished_spans()
    assert made.name == "GET /rest/v1/lead/{leadId}.json"
    assert dict(made.attributes or {}) == {
        "tailrace.request_id": answer.json()["requestId"],
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": "/rest/v1/lead/{leadId}.json",
    }


def test_error_within_a_span__tells_nothing_of_its_message(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="what a cell holds"), span("export"):
        raise ValueError("what a cell holds")
    (made,) = spans.get_finished_spans()
    assert "what a cell holds" not in made.to_json()


def test_without_tracing__there_is_no_span() -> None:
    with span("export") as made:
        assert made is None


def test_tracing_without_its_libraries__says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(TracingNotInstalledError):
        start_tracing()
