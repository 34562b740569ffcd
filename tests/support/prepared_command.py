"""`tailrace` for shells, whose processes begin with the libraries loaded: see `prepared_process`."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import TYPE_CHECKING

from tests.support.deadlines import DEADLINE_SECONDS
from tests.support.prepared_process import PreparedProcess

if TYPE_CHECKING:
    from collections.abc import Generator

#: Says what is to be run to whoever listens, and ends as that ended.
_SCRIPT = """#!{python} -IS
import json, os, socket, sys
wish = {{"arguments": sys.argv[1:], "directory": os.getcwd(), "environment": dict(os.environ)}}
with socket.create_connection(("127.0.0.1", {port})) as line, line.makefile("rw") as words:
    words.write(json.dumps({{**wish, "process": os.getpid()}}) + "\\n")
    words.flush()
    sys.exit(int(words.readline()) & 255)
"""


class _Handler(StreamRequestHandler):
    def handle(self) -> None:
        wish = json.loads(self.rfile.readline())
        # The streams of the one that asks, whatever the shell has made of them.
        streams = Path("/proc") / str(wish["process"]) / "fd"
        process = PreparedProcess(
            wish["arguments"],
            output=streams / "1",
            errors=streams / "2",
            environment=wish["environment"],
            directory=Path(wish["directory"]),
        )
        self.wfile.write(f"{process.wait(DEADLINE_SECONDS * 2)}\n".encode())


@contextmanager
def prepared_command(directory: Path) -> Generator[None]:
    """A command `tailrace` in `directory` for the length of the block; it reads no input."""
    with ThreadingTCPServer(("127.0.0.1", 0), _Handler) as server:
        script = directory / "tailrace"
        text = _SCRIPT.format(python=sys.executable, port=server.server_address[1])
        script.write_text(text, encoding="utf-8")
        script.chmod(0o755)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
