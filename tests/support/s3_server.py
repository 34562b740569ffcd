"""An S3 server as a process of its own; it prints its port, and ends with its standard input."""

from __future__ import annotations

import sys

# Its package has types, this folder of it is no package.
from moto.moto_server.threaded_moto_server import (  # pyright: ignore[reportMissingTypeStubs]
    ThreadedMotoServer,
)


def main() -> None:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    print(server.get_host_and_port()[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
