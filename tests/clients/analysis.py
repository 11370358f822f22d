"""The questions of docs/analysis.md, asked in Postgres and in DuckDB, and its notebook."""

import csv
import datetime
import decimal
import io
import os
import re
import shutil

from commands import Failure, run
from examples import DOCS

PAGE = "analysis.md"
NOTEBOOK = DOCS / "notebooks/activity.py"
QUESTIONS = 15
ROLE = "analyst_of_the_page"
QUESTION = re.compile(r"^## (\d+)\. (.*)$", re.MULTILINE)
QUERY = re.compile(r"^```(sql|duckdb)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Questions that need more than a few messages to have an answer.
MAY_BE_EMPTY = {9, 14}
# Kept so short that a reader sees it on one page.
MAX_QUERY_LINES = 15


def ask_questions(context):
    """Runs each query as an analyst. Those of one question give the same rows."""
    add_activity(context)
    asked = {"sql": Postgres(context), "duckdb": DuckDB(context)}
    counts = {"sql": 0, "duckdb": 0}
    for number, title, queries in find_questions():
        answers = {}
        for language, query in queries:
            if query.count("\n") > MAX_QUERY_LINES:
                raise Failure(f"{PAGE}, question {number}: more than {MAX_QUERY_LINES} lines")
            answers[language] = [plain_row(row) for row in asked[language].rows(query)]
            counts[language] += 1
            if not answers[language] and number not in MAY_BE_EMPTY:
                raise Failure(f"{PAGE}, question {number} ({title}): no rows in {language}")
        if "sql" not in answers:
            raise Failure(f"{PAGE}, question {number} has no query for Postgres")
        if answers.get("duckdb", answers["sql"]) != answers["sql"]:
            raise Failure(f"{PAGE}, question {number} has two answers:\n{answers}")
    asked["sql"].close()
    return f"{counts['sql']} queries in Postgres, and {counts['duckdb']} with the same rows in DuckDB"


def find_questions():
    """The number, title and queries of each question."""
    parts = QUESTION.split((DOCS / PAGE).read_text())
    found = [
        (int(number), title, QUERY.findall(text))
        for number, title, text in zip(parts[1::3], parts[2::3], parts[3::3])
    ]
    if [number for number, *_ in found] != list(range(1, QUESTIONS + 1)):
        raise Failure(f"{PAGE} does not have the questions 1 to {QUESTIONS}")
    return found


def add_activity(context):
    """Two people who talk, read and react, so that each question has an answer."""
    lines = [
        '{"conversation": "Talk", "sender": "ann", "sent_at": "2026-03-02T09:00:00Z", "text": "a"}',
        '{"conversation": "Talk", "sender": "bob", "sent_at": "2026-03-02T09:04:00Z", "text": "b"}',
        '{"conversation": "Talk", "sender": "ann", "sent_at": "2026-03-10T09:10:00Z", "text": "c"}',
    ]
    file = context.directory / "activity.jsonl"
    file.write_text("\n".join(lines))
    context.system.tidings("import", file)
    head = context.system.status()["database"]["projection"]["head"]
    inbox = context.system.call("GET", f"/v1/inbox?min_position={head}", "bob")
    talk = next(row["id"] for row in inbox["conversations"] if row["title"] == "Talk")
    path = f"/v1/conversations/{talk}"
    context.system.call("POST", f"{path}/messages", "bob", text_message("d"))
    context.system.call("POST", f"{path}/read", "ann", {"up_to": 4})
    reacted = context.system.call("PUT", f"{path}/messages/1/reactions/heart", "bob")
    context.system.call("GET", f"/v1/inbox?min_position={reacted['position']}", "bob")


def text_message(text):
    return {"client_message_id": f"analysis-{text}", "type": "text", "body": {"text": text}}


class Postgres:
    """Asks as a role that `tidings analytics grant` has created."""

    def __init__(self, context):
        self.system = context.system
        self.directory = context.directory
        said = self.system.tidings("analytics", "grant", ROLE)
        [self.url] = re.findall(r"^created the role: (.*)$", said, re.MULTILINE)
        self.psql = f"{self.system.tidings('servers', 'path').splitlines()[0]}/psql"

    def rows(self, query):
        # Left to itself, psql also reads a file of the user's.
        command = [self.psql, "--no-psqlrc", "--csv", "--tuples-only", self.url, "-c", query]
        environment = {**os.environ, "PGOPTIONS": "-c TimeZone=UTC"}
        return csv.reader(io.StringIO(run(command, cwd=self.directory, env=environment)))

    def close(self):
        self.system.tidings("analytics", "revoke", ROLE)


class DuckDB:
    """Asks an export, as the page says."""

    def __init__(self, context):
        self.context = context
        context.system.tidings("log", "export", context.directory / "exported", "--format", "parquet")

    def rows(self, query):
        script = f"""
import csv, duckdb, sys
log = duckdb.connect()
log.execute("SET TimeZone = 'UTC'")
log.execute("CREATE VIEW events AS SELECT * FROM 'exported/events/*/*.parquet'")
csv.writer(sys.stdout).writerows(log.execute({query!r}).fetchall())
"""
        return csv.reader(io.StringIO(self.context.python("-c", script)))


def plain_row(row):
    return [plain(value) for value in row]


def plain(value):
    """A value without what the two programs write differently."""
    try:
        return str(decimal.Decimal(value).normalize())
    except decimal.InvalidOperation:
        pass
    try:
        return datetime.date.fromisoformat(value).isoformat()
    except ValueError:
        return value


def run_notebook(context):
    """Executes the notebook on an export, with its plots."""
    exported = context.directory / "exported"
    context.system.tidings("log", "export", exported, "--format", "parquet")
    page = context.directory / "activity.html"
    # It leaves its session beside the notebook.
    notebook = shutil.copy(NOTEBOOK, context.directory)
    arguments = ["-m", "marimo", "export", "html", notebook, "--output", page, "--no-include-code"]
    context.python(*arguments, TIDINGS_EXPORT=str(exported))
    html = page.read_text()
    missing = [word for word in ["Messages by day", "Who writes the most", "vega"] if word not in html]
    if missing:
        raise Failure(f"The notebook does not show {', '.join(missing)}")
    return f"{NOTEBOOK.name} was executed, {len(html) // 1024} KiB"
