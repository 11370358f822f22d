"""What docs/analysts.md tells analysts to run, against a system with messages."""

import json
import os
import sys
from pathlib import Path

from commands import Failure, run
from examples import find_examples

PAGE = "analysts.md"
READ_BACK = Path(__file__).resolve().parents[1] / "read_back.py"
READERS = ["duckdb", "pandas", "polars"]
FORMATS = {"exported": "parquet", "exported-csv": "csv", "exported-jsonl": "jsonl"}
# Users whose ids look like a number and like nothing. On the first day, nobody else writes.
ODD_USERS = ["007", "NA"]
# Put after an example, it prints what pandas and polars have read of the messages.
PRINT_MESSAGES = """
import datetime, json
def messages(column):
    for sender, seq, at in zip(*map(column, ["sender", "seq", "sent_at"])):
        if isinstance(sender, str) and isinstance(seq, int):
            at = datetime.datetime.fromisoformat(at) if isinstance(at, str) else at
            yield [sender, seq, at.timestamp()]
prefix = "data." if "data.seq" in in_pandas else ""
print(json.dumps([
    sorted(messages(lambda name: in_pandas[prefix + name].tolist())),
    sorted(messages(lambda name: in_polars[name].to_list())),
]))
"""


def read_export(context):
    """Exports, and opens the export with other programs, as the page says."""
    examples = find_examples(PAGE, "Exports")
    python = "\n".join(text for language, text in examples if language == "python")
    missing = [reader for reader in READERS if reader not in python]
    if missing:
        raise Failure(f"{PAGE} has no Python example for {', '.join(missing)}")
    return run_examples(context, examples)


def read_mixed_export(context):
    """Reads exports of which each file lacks other columns, as the page says: each program finds
    the same messages in each format."""
    directory = context.directory / "mixed"
    directory.mkdir()
    message = {"conversation": "Odd", "sent_at": "2026-01-04T11:00:00Z", "text": "Soup?"}
    lines = [json.dumps({**message, "sender": user}) for user in ODD_USERS]
    (directory / "odd.jsonl").write_text("\n".join(lines))
    context.system.tidings("import", directory / "odd.jsonl")
    for name, kind in FORMATS.items():
        export = ["log", "export", directory / name, "--format", kind, "--by", "sent_at"]
        context.system.tidings(*export)
    examples = [text for _, text in find_examples(PAGE, "Exports") if "in_polars" in text]
    if len(examples) != len(FORMATS):
        raise Failure(f"{PAGE} has {len(examples)} such examples, not one for each format")
    environment = analyst_environment(context)
    first = None
    for text in examples:
        command = [sys.executable, "-c", text + PRINT_MESSAGES]
        output = run(command, cwd=directory, env=environment)
        for found in json.loads(output.splitlines()[-1]):
            first = first or found
            senders = {sender for sender, _, _ in found}
            if found != first or not senders.issuperset(ODD_USERS):
                raise Failure(f"Of {first}, this example of {PAGE} reads {found}:\n{text}")
    return f"{len(first)} messages, the same in {len(examples)} formats and two programs"


def read_with_psql(context):
    """Queries the log in SQL as the page says. `tidings psql` cannot write, and passes commands
    of psql on."""
    system = context.system
    examples = find_examples(PAGE, "SQL")
    if not any("tidings psql" in text for _, text in examples):
        raise Failure(f"{PAGE} does not name `tidings psql`")
    owner = {"DATABASE_URL": system.status()["database"]["url"]}
    for example in examples:
        run_examples(context, [example], **(owner if "$DATABASE_URL" in example[1] else {}))
    outcome = f"{len(examples)} examples of {PAGE} work"
    described = system.tidings("psql", "-c", "\\d events")
    if "position" not in described:
        raise Failure(f"`tidings psql -c '\\d events'` printed no columns: {described}")
    count = system.tidings("psql", "--", "-At", "-c", "SELECT count(*) FROM events").strip()
    if not (count.isdigit() and int(count) > 0):
        raise Failure(f"`tidings psql` counted no events, but printed: {count}")
    try:
        system.tidings("psql", "--", "-c", "DELETE FROM log.events")
    except Failure as refusal:
        return f"{outcome}; `tidings psql` counted {count} events and {reason_of(refusal)}"
    raise Failure("`tidings psql` deleted events")


def reason_of(refusal):
    """The error that Postgres gave."""
    errors = [line for line in str(refusal).splitlines() if line.startswith("ERROR:")]
    if not errors:
        raise Failure(f"`tidings psql` failed for another reason than its role: {refusal}")
    return f"refused to delete one: {errors[0].removeprefix('ERROR:').strip()}"


def compare_formats(context):
    """Reads a Parquet export back, and compares it with the JSON Lines of the same log."""
    exports = [context.directory / name for name in ["parquet", "jsonl"]]
    for export in exports:
        context.system.tidings("log", "export", export, "--format", export.name)
    context.python(READ_BACK, *exports)
    return "every event is the same in both"


def run_examples(context, examples, **variables):
    """Runs the examples in one directory. Each prints something."""
    directory = context.directory / "analysis"
    directory.mkdir(exist_ok=True)
    environment = {**analyst_environment(context), **variables}
    for language, text in examples:
        shell = {"sh": ["sh", "-euc", text], "python": [sys.executable, "-c", text]}
        output = run(shell[language], cwd=directory, env=environment)
        if not output.strip():
            raise Failure(f"This example of {PAGE} prints nothing:\n{text}")
    return f"{len(examples)} examples of {PAGE} work"


def analyst_environment(context):
    """Has the programs that the page takes for granted."""
    system, tools = context.system, context.packages.environment()
    postgres_programs = system.tidings("servers", "path").splitlines()[0]
    path = [str(system.binary.parent), tools["PATH"], postgres_programs]
    return {
        **system.environment(),
        "PYTHONPATH": tools["PYTHONPATH"],
        "PATH": os.pathsep.join(path),
    }
