"""Python's own `sqlite3` and `csv`: a table into a CSV file."""

import csv
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

database, out, *columns = sys.argv[1:]
names = ", ".join(f"coalesce(\"{column}\", 'null')" for column in columns)
with (
    closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection,
    Path(out).open("w", newline="", encoding="utf-8") as file,
):
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(connection.execute(f"SELECT {names} FROM activities"))
