"""Leads out of SQLite through ADBC, rendered by Polars: as direct as Arrow gets.

Arguments: the database, the file to write, then fields of the lead table, then --, then fields of
the custom document with their Polars type, as isVip:Boolean.
"""

import sys
from pathlib import Path
from typing import Any, cast

import polars as pl
from adbc_driver_sqlite import dbapi

database, out, *names = sys.argv[1:]
split = names.index("--")
fields = names[:split]
custom = dict(name.split(":") for name in names[split + 1 :])
shape = pl.Struct({name: getattr(pl, kind) for name, kind in custom.items()})
columns = [f'"{name}"' for name in fields] + ["custom"] * bool(custom)
query = (
    f"SELECT {', '.join(columns)} FROM lead WHERE subscription_id = 1"
    " AND \"createdAt\" BETWEEN '2026-10-01T00:00:00Z' AND '2026-10-31T23:59:59Z'"
)
connect = cast("Any", dbapi).connect
with (
    connect(f"file:{database}?mode=ro") as connection,
    connection.cursor() as cursor,
    Path(out).open("wb") as file,
):
    cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": "32768"})
    cursor.execute(query)
    file.write((",".join([*fields, *custom]) + "\n").encode())
    for batch in cursor.fetch_record_batch():
        frame = pl.DataFrame(batch)
        documents = frame["custom"].str.json_decode(shape)
        rows = frame.select(*fields).with_columns(documents.struct.unnest())
        rows.write_csv(file, include_header=False, null_value="null")
