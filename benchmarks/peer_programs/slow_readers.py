"""Clients that read a file slowly, all at the same time, until they are told to stop.

Arguments: host, port, path, token, how many, bytes a second each. A line on standard output says
that all of them are reading; the end of standard input ends it. Then a line with the bytes that
each has read.
"""

import asyncio
import socket
import sys

host, port, path, token, count, rate = sys.argv[1:]
PAUSE_SECONDS = 0.2


async def read(started: asyncio.Semaphore, totals: list[int]) -> None:
    loop = asyncio.get_running_loop()
    with socket.socket() as connection:
        # A client that reads slowly on a real line has not much of the file under way either.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        connection.setblocking(False)
        await loop.sock_connect(connection, (host, int(port)))
        request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n"
        await loop.sock_sendall(connection, request.encode())
        total = 0
        while piece := await loop.sock_recv(connection, int(int(rate) * PAUSE_SECONDS)):
            if not total:
                assert piece.startswith(b"HTTP/1.1 200"), piece[:200]
                started.release()
            total += len(piece)
            totals.append(len(piece))
            await asyncio.sleep(PAUSE_SECONDS)


async def main() -> None:
    started = asyncio.Semaphore(0)
    totals: list[int] = []
    readers = [asyncio.create_task(read(started, totals)) for _ in range(int(count))]
    for _ in readers:
        await started.acquire()
    print("reading", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for reader in readers:
        reader.cancel()
    print(sum(totals) // len(readers), flush=True)


asyncio.run(main())
