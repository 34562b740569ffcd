"""DuckDB with its defaults: `COPY (SELECT …) TO` a CSV file, as its user would write it.

Argument: a file of JSON with paths, columns, where, delimiter and out.
"""

import json
import sys
from pathlib import Path

import duckdb

wanted = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
columns = ", ".join(f'"{column}"' for column in wanted["columns"])
where = f" WHERE {wanted['where']}" if wanted["where"] else ""
connection = duckdb.connect()
connection.execute("SET TimeZone = 'UTC'")
connection.execute(
    f"COPY (SELECT {columns} FROM read_parquet({wanted['paths']!r}){where})"
    f" TO '{wanted['out']}' (FORMAT csv, HEADER, NULLSTR 'null', DELIMITER '{wanted['delimiter']}',"
    " TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%SZ')"
)
