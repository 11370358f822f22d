"""Reads a Parquet export back with DuckDB, a reader that is not ours, and compares it with the JSONL export of
the same log, event by event: python3 tests/read_back.py PARQUET_DIR JSONL_DIR (needs the package duckdb)."""

import glob
import sys

import duckdb

parquet, jsonl = sys.argv[1], sys.argv[2]
db = duckdb.connect()
parts = len(glob.glob(f"{parquet}/events/*/*.parquet"))
db.execute(f"CREATE VIEW p AS SELECT * FROM read_parquet('{parquet}/events/*/*.parquet')")
db.execute(
    f"""CREATE VIEW j AS SELECT split_part(id, '.', 1)::BIGINT AS position, split_part(type, '.', 2) AS type, source,
        CAST(time AS TIMESTAMPTZ) AS time, conversation, data::JSON AS data
        FROM read_json('{jsonl}/events/*/*.jsonl', format = 'newline_delimited', columns = {{
            id: 'VARCHAR', conversation: 'VARCHAR', type: 'VARCHAR', source: 'VARCHAR', time: 'VARCHAR', data: 'JSON'}})"""
)
columns = {row[0]: row[1] for row in db.execute("DESCRIBE p").fetchall()}
print(f"{parts} parts, {len(columns)} columns: {columns}")
counts = [db.execute(f"SELECT count(*), count(DISTINCT position), min(position), max(position) FROM {t}").fetchone() for t in "pj"]
print("rows, positions, first, last:", counts)
differ = db.execute(
    """SELECT count(*) FROM p FULL JOIN j ON p.position = j.position
       WHERE p.position IS NULL OR j.position IS NULL OR p.type <> j.type OR '/' || CASE p.aggregate WHEN 'mailbox' THEN 'mailboxes' WHEN 'deployment' THEN 'deployment' ELSE p.aggregate || 's' END
             || '/' || p.aggregate_id <> j.source
          OR p.conversation IS DISTINCT FROM j.conversation OR epoch_ms(p.time) <> epoch_ms(j.time) OR p.data::JSON::VARCHAR <> j.data::VARCHAR"""
).fetchone()[0]
print("events that differ:", differ)
types = db.execute("SELECT p.type, count(*) FROM p GROUP BY 1 ORDER BY 1").fetchall()
print("by type:", types)
sys.exit(0 if differ == 0 and counts[0] == counts[1] else 1)
