"""Runs one function of the benchmarks in a process of its own, so that its memory is its own.

.venv/bin/python -m benchmarks.step benchmarks.activity_data:fill_lake '["/tmp/lake", 1000, 0, 31]'
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

_Result = TypeVar("_Result")


def step(function: Callable[..., object], *arguments: object) -> list[str]:
    """The command that calls `function` with `arguments`, which are such that JSON can hold."""
    name = f"{function.__module__}:{function.__name__}"
    return [sys.executable, "-m", __name__, name, json.dumps(arguments, default=str)]


def result_of(function: Callable[..., _Result], *arguments: object) -> _Result:
    """What `function` returns in a process of its own."""
    done = subprocess.run(step(function, *arguments), check=True, stdout=subprocess.PIPE)
    return cast("_Result", json.loads(done.stdout or "null"))


def main() -> None:
    module, _, name = sys.argv[1].partition(":")
    function = cast("Callable[..., object]", getattr(importlib.import_module(module), name))
    arguments = cast("list[Any]", json.loads(sys.argv[2]))
    result = function(*arguments)
    if result is not None:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
