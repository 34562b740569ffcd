"""What the server says of itself in `/openapi.json` is so: Schemathesis calls all of it, at random."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.support.api_user import ApiUser
from tests.support.server import running_server

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World

ROOT = Path(__file__).parents[2]

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "allow_header_conformance",
    "use_after_free",
    "ensure_resource_availability",
    # Of our own, in `tests.support.description_checks`.
    "no_error_of_the_server",
    "token_of_nobody_is_refused",
)
#: Checks that look for a status of 4xx, where the contract has 200 and a code in the envelope
#: (section 2.5), or take for wrong what the contract takes (null for nothing, records that are
#: skipped alone): ignored_auth, missing_required_header, unsupported_method,
#: negative_data_rejection, positive_data_acceptance. object_level_authorization wants users that
#: are apart by design: `test_subscriptions_apart` has them. `token_of_nobody_is_refused` and
#: `no_error_of_the_server` look at the codes instead; methods have tests in `test_paths`.


class Cases(msgspec.Struct):
    generated: int


class Report(msgspec.Struct):
    """What of its report is looked at."""

    seed: int
    running_time: float
    test_cases: Cases


@pytest.fixture(scope="module")
def world(make_world: Callable[[], World]) -> World:
    return make_world()


@pytest.mark.parametrize(
    ("cases_each", "phases", "least"),
    [
        pytest.param(4, "fuzzing", 350, id="short"),
        pytest.param(
            *(100, "coverage,fuzzing,stateful", 10_000),
            id="long",
            marks=[pytest.mark.soak, pytest.mark.timeout(3600)],
        ),
    ],
)
@pytest.mark.timeout(300)
def test_description__is_true_of_every_answer(
    world: World, tmp_path: Path, cases_each: int, phases: str, least: int
) -> None:
    with running_server(world.home) as server, ApiUser(server.base_url, world.main) as user:
        done = subprocess.run(
            [
                *(str(Path(sys.executable).parent / "st"), "--no-color"),
                *("run", f"{server.base_url}/openapi.json"),
                *("--header", f"Authorization: Bearer {user.token}"),
                *("--checks", ",".join(CHECKS), "--phases", phases),
                *("--max-examples", str(cases_each), "--continue-on-failure"),
                *("--report", "json", "--report-json-path", str(tmp_path / "report.json")),
                *("--warnings", "off", "--request-timeout", "60"),
                *(["--seed", "1"] if phases == "fuzzing" else []),
            ],
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "SCHEMATHESIS_HOOKS": "tests.support.description_checks",
            },
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
        assert server.log().count("Traceback") == 0
    report = msgspec.json.decode((tmp_path / "report.json").read_bytes(), type=Report)
    print(report)
    assert report.test_cases.generated >= least
