"""Runs inside the environment of marketorestpython: calls its methods, as told on standard input.

Input: one JSON document, `{"munchkinId", "clientId", "clientSecret", "calls": [[method, {…}], …]}`.
Output: one JSON line a call, in order: `{"result": …}` or `{"error": text}`; bytes as text.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from typing import Any, cast


def main() -> None:
    order: dict[str, Any] = json.load(sys.stdin)
    # By name, because only the client's own environment has it.
    library: Any = importlib.import_module("marketorestpython.client")
    client = library.MarketoClient(order["munchkinId"], order["clientId"], order["clientSecret"])
    for method, arguments in order["calls"]:
        try:
            answer = {"result": _whole(client.execute(method=method, **arguments))}
        except Exception as error:  # noqa: BLE001 - whatever the library raises is the test's to judge
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer, default=_text) + "\n")
        sys.stdout.flush()


def _whole(result: Any) -> Any:
    """The result; of a method that yields pages, all records of them."""
    if not isinstance(result, Iterator):
        return result
    return [record for page in cast("Iterator[list[object]]", result) for record in page]


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


if __name__ == "__main__":
    main()
