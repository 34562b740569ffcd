"""Leads out of SQLite through DuckDB's scanner, custom documents taken apart once a lead.

Arguments: the database, the file to write, then fields of the lead table, then --, then fields of
the custom document with a type that is not looked at: all are text here.
"""

import sys
from importlib import import_module
from pathlib import Path

import duckdb

# It is installed in its own environment only.
extension = import_module("duckdb_extension_sqlite_scanner")
(scanner,) = Path(extension.__file__ or "").parent.rglob("*.duckdb_extension")

database, out, *names = sys.argv[1:]
split = names.index("--")
fields = names[:split]
custom = [name.partition(":")[0] for name in names[split + 1 :]]
connection = duckdb.connect()
connection.execute(f"LOAD '{scanner}'")
columns = [f'"{name}"' for name in fields]
columns += [f'own."{name}"' for name in custom]
shape = ", ".join(f'"{name}":"VARCHAR"' for name in custom)
documents = ", ".join(
    [*(f'"{name}"' for name in fields), f"from_json(custom, '{{{shape}}}') AS own"]
)
connection.execute(
    f"COPY (SELECT {', '.join(columns)} FROM (SELECT {documents}"
    f" FROM sqlite_scan('{database}', 'lead') WHERE subscription_id = 1"
    " AND \"createdAt\" BETWEEN '2026-10-01T00:00:00Z' AND '2026-10-31T23:59:59Z'))"
    f" TO '{out}' (FORMAT csv, HEADER, NULLSTR 'null')"
)
