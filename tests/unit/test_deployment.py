"""The container image and the Kubernetes manifests: what can be held against the program here."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import dask
import pytest
import yaml
from distributed.cli import dask_scheduler, dask_worker

from tailrace import __version__
from tailrace.api.routes import all_routes
from tailrace.extract.dask_executor import dask_address
from tailrace.settings import Settings
from tests.docs.pages import code_blocks, page

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[2]
KUBERNETES = ROOT / "deploy/kubernetes"
MANIFESTS = sorted(KUBERNETES.glob("*.yaml"))

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")

_PARTS: dict[str, Any] = {"scheduler": dask_scheduler.main, "worker": dask_worker.main}


def documents(path: Path) -> list[dict[str, Any]]:
    return [*yaml.safe_load_all(path.read_text(encoding="utf-8"))]


RESOURCES = [
    one for path in MANIFESTS if path.name != "kustomization.yaml" for one in documents(path)
]


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [one for one in RESOURCES if one["kind"] == kind]


def containers() -> Iterator[dict[str, Any]]:
    for deployment in of_kind("Deployment"):
        yield from deployment["spec"]["template"]["spec"]["containers"]


def environment() -> Iterator[tuple[str, str | None]]:
    for container in containers():
        for one in container.get("env", []):
            yield one["name"], one.get("value")


def names_below(settings: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Dask's settings as variables of the environment write them."""
    for name, value in settings.items():
        full = f"{prefix}{name.replace('-', '_').upper()}"
        yield full
        if isinstance(value, dict):
            yield from names_below(cast("dict[str, Any]", value), f"{full}__")


def parses(command: Sequence[str]) -> None:
    """Fails for a `dask` command that has options which Dask has not."""
    program, part, *arguments = command
    assert program == "dask"
    _PARTS[part].make_context(part, arguments)


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda one: f"{one['kind']}-{len(str(one))}")
def test_manifest__is_a_resource(resource: dict[str, Any]) -> None:
    assert set(resource) >= {"apiVersion", "kind", "metadata"}
    assert re.fullmatch(r"[a-z0-9-]+", resource["metadata"]["name"])


def test_kustomization__names_every_manifest_and_this_version() -> None:
    (customization,) = documents(KUBERNETES / "kustomization.yaml")
    others = {path.name for path in MANIFESTS} - {"kustomization.yaml"}
    assert {*customization["resources"]} == others
    assert customization["images"] == [{"name": "tailrace", "newTag": __version__}]


def test_selectors__find_their_pods() -> None:
    pods = {
        one["metadata"]["name"]: one["spec"]["template"]["metadata"]["labels"]
        for one in of_kind("Deployment")
    }
    for one in of_kind("Deployment"):
        assert one["spec"]["selector"]["matchLabels"] == pods[one["metadata"]["name"]]
    for service in of_kind("Service"):
        assert service["spec"]["selector"] in pods.values()
    for scaler in of_kind("HorizontalPodAutoscaler"):
        assert scaler["spec"]["scaleTargetRef"]["name"] in pods


def test_containers__are_one_image_that_runs_as_nobody_in_particular() -> None:
    assert [one["image"] for one in containers()] == ["tailrace"] * 3
    for one in containers():
        assert one["securityContext"]["runAsNonRoot"] is True
        assert one["securityContext"]["readOnlyRootFilesystem"] is True


def test_commands__are_understood() -> None:
    commands = [one["args"] for one in containers()]
    assert ["tailrace", "serve"] in commands
    for command in commands:
        if command[0] == "dask":
            parses(command)


def test_variables__are_settings() -> None:
    ours = {f"TAILRACE_{name.upper()}" for name in Settings.model_fields}
    dasks = set(names_below(cast("Any", dask).config.config, "DASK_"))
    for name, _ in environment():
        assert name in ours | dasks | {"POLARS_MAX_THREADS"}


def test_values__are_taken_by_the_settings() -> None:
    given = {
        name.removeprefix("TAILRACE_").lower(): value
        for name, value in environment()
        if name.startswith("TAILRACE_") and value is not None
    }
    settings = Settings.model_validate(given)
    services = {one["metadata"]["name"]: one["spec"]["ports"] for one in of_kind("Service")}
    host, port = dask_address(str(settings.executor)).removeprefix("tcp://").split(":")
    assert [one["port"] for one in services[host]] == [int(port)]


def test_probes__ask_what_there_is() -> None:
    paths = {
        one[probe]["httpGet"]["path"]
        for one in containers()
        for probe in ("readinessProbe", "livenessProbe")
        if "httpGet" in one.get(probe, {})
    }
    assert paths == {"/readyz", "/healthz"}
    assert paths <= {route.path for route in all_routes()}


def test_image__is_made_of_what_is_there() -> None:
    copied = [
        source
        for line in re.findall(r"^COPY (.+) \S+$", DOCKERFILE, re.MULTILINE)
        for source in line.split()
    ]
    assert copied
    sent = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for source in copied:
        assert (ROOT / source).exists()
        assert f"!{source}" in sent


def test_image__has_the_versions_that_are_tested() -> None:
    pins = re.compile(r"^[a-z0-9-]+==\S+", re.MULTILINE)
    tested = set(pins.findall((ROOT / "requirements.lock").read_text(encoding="utf-8")))
    installed = set(pins.findall((ROOT / "deploy/image.lock").read_text(encoding="utf-8")))
    assert installed <= tested
    assert {"distributed", "polars", "setuptools"} <= {pin.split("==")[0] for pin in installed}


def test_commands_of_the_page__are_understood() -> None:
    text = "\n".join(code_blocks(page("docs/cluster.md"), "sh")).replace("\\\n", " ")
    commands = [
        shlex.split(line.rstrip(" &").split("&& ")[-1])
        for line in text.splitlines()
        if line.startswith("dask ")
    ]
    assert len(commands) >= 2
    for command in commands:
        parses(command)
