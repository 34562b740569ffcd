"""Copies activities from Parquet into a table of SQLite, in their order."""

import sqlite3
import sys
from contextlib import closing

import polars as pl

out, *paths = sys.argv[1:]
frame = pl.scan_parquet(paths, hive_partitioning=False).with_columns(
    pl.col("activityDate").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
)
rows = frame.collect()
columns = ", ".join(
    f'"{name}" {"TEXT" if kind == pl.String() else "INTEGER"}' for name, kind in rows.schema.items()
)
with closing(sqlite3.connect(out)) as connection, connection:
    connection.execute(f"CREATE TABLE activities ({columns})")
    marks = ", ".join("?" * len(rows.schema))
    connection.executemany(f"INSERT INTO activities VALUES ({marks})", rows.iter_rows())
