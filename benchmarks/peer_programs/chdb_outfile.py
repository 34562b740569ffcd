"""chDB with its defaults: `SELECT … INTO OUTFILE … FORMAT CSVWithNames`.

Argument: a file of JSON with paths, columns, where and out.
"""

import json
import sys
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

# It is installed in its own environment only.
chdb: Any = import_module("chdb")

wanted = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
columns = ", ".join(
    # Its CSV has no format of instants of its own.
    "formatDateTime(activityDate, '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS activityDate"
    if column == "activityDate"
    else column
    for column in wanted["columns"]
)
where = f" WHERE {wanted['where']}" if wanted["where"] else ""
# Its lists of files know no directories: all of them have to lie in one.
with TemporaryDirectory(prefix="tailrace-benchmark-") as links:
    for number, path in enumerate(wanted["paths"]):
        Path(links, f"{number:06}.parquet").symlink_to(path)
    chdb.query(
        f"SELECT {columns} FROM file('{links}/*.parquet', 'Parquet'){where}"
        f" INTO OUTFILE '{wanted['out']}' TRUNCATE FORMAT CSVWithNames"
        " SETTINGS format_csv_null_representation = 'null'"
    )
