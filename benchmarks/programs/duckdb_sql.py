"""Answer with DuckDB: `python duckdb_sql.py QUERY.sql PATH`. The query reads from `events`."""

import csv
import sys
from pathlib import Path

import duckdb

COLUMNS = "{'user_id': 'VARCHAR', 'event_time': 'TIMESTAMP'}"

query, path = sys.argv[1:]
if path.endswith(".csv"):
    source = f"read_csv('{path}', header = true, columns = {COLUMNS})"
else:
    source = f"read_parquet('{path}/*.parquet')"
connection = duckdb.connect()
connection.execute("set enable_progress_bar = false")
connection.execute(f"create view events as from {source}")
answer = connection.execute(Path(query).read_text("utf-8"))
table = csv.writer(sys.stdout)
table.writerow(column[0] for column in answer.description or ())
table.writerows(answer.fetchall())
