"""Answer with ClickHouse: `python clickhouse_sql.py QUERY.sql PATH`. The query reads `events`."""

import sys
from pathlib import Path

import chdb

# Told that nothing is null, ClickHouse groups much faster.
SETTINGS = "settings session_timezone = 'UTC', schema_inference_make_columns_nullable = 0"
COLUMNS = "'user_id String, event_time DateTime(\\'UTC\\')'"

query, path = sys.argv[1:]
if path.endswith(".csv"):
    source = f"file('{path}', CSVWithNames, {COLUMNS})"
else:
    source = f"file('{path}/*.parquet', Parquet)"
text = Path(query).read_text("utf-8").replace("from events", f"from {source}")
print(chdb.query(f"{text}\n{SETTINGS}", "CSVWithNames"), end="")
