"""Activity in an export of the log: a marimo notebook.

    tidings log export exported --format parquet
    marimo edit activity.py

TIDINGS_EXPORT names the directory of the export if it is not `exported`. The queries are those of
docs/analysis.md.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium")


@app.cell
def _():
    import os

    import altair
    import duckdb
    import marimo as mo

    return altair, duckdb, mo, os


@app.cell
def _(duckdb, mo, os):
    directory = os.environ.get("TIDINGS_EXPORT", "exported")
    log = duckdb.connect()
    log.execute("SET TimeZone = 'UTC'")
    log.execute(f"CREATE VIEW events AS SELECT * FROM '{directory}/events/*/*.parquet'")
    count, first, last = log.execute("SELECT count(*), min(time), max(time) FROM events").fetchone()
    mo.md(f"# Activity\n\n{count:,} events from {first:%Y-%m-%d} to {last:%Y-%m-%d}.")
    return (log,)


@app.cell
def _(altair, log, mo):
    days = log.sql(
        """SELECT sent_at::date AS day, count(DISTINCT sender) AS senders, count(*) AS messages
           FROM events WHERE type = 'message_sent' GROUP BY 1 ORDER BY 1"""
    ).pl()
    plot_of_days = (
        altair.Chart(days)
        .mark_bar()
        .encode(x="day:T", y="messages:Q", tooltip=["day:T", "senders:Q", "messages:Q"])
    )
    mo.vstack([mo.md("## Messages by day"), plot_of_days])
    return


@app.cell
def _(altair, log, mo):
    hours = log.sql(
        """SELECT isodow(sent_at) AS weekday, hour(sent_at) AS hour, count(*) AS messages
           FROM events WHERE type = 'message_sent' GROUP BY 1, 2 ORDER BY 1, 2"""
    ).pl()
    plot_of_hours = (
        altair.Chart(hours)
        .mark_rect()
        .encode(x="hour:O", y="weekday:O", color="messages:Q")
    )
    mo.vstack([mo.md("## When people write (UTC, 1 is Monday)"), plot_of_hours])
    return


@app.cell
def _(log, mo):
    writers = log.sql(
        """SELECT sender, count(*) AS messages, count(DISTINCT conversation) AS conversations
           FROM events WHERE type = 'message_sent' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10"""
    ).pl()
    mo.vstack([mo.md("## Who writes the most"), mo.ui.table(writers, selection=None)])
    return


if __name__ == "__main__":
    app.run()
