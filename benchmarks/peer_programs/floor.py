"""The least that an export can be: decompress the columns, hash the bytes, write them.

One thread reads the columns file by file and drops them; the other hashes as many bytes as the
result has and writes them. Nothing is rendered: the bytes are one piece of the real result, taken
again and again.

Argument: a file of JSON with paths, columns, sample (a file of the result's first bytes), bytes and out.
"""

import hashlib
import json
import sys
import threading
from pathlib import Path

import polars as pl

wanted = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))


def decompress() -> None:
    for path in wanted["paths"]:
        pl.read_parquet(path, columns=wanted["columns"], hive_partitioning=False)


reader = threading.Thread(target=decompress)
reader.start()
piece = Path(wanted["sample"]).read_bytes()
left = int(wanted["bytes"])
digest = hashlib.sha256()
with Path(wanted["out"]).open("wb") as out:
    while left > 0:
        part = piece[:left]
        digest.update(part)
        out.write(part)
        left -= len(part)
reader.join()
print(digest.hexdigest())
