"""What docs/analysts.md tells analysts to run, against a system with messages."""

import os
import sys
from pathlib import Path

from commands import Failure, run
from examples import find_examples

PAGE = "analysts.md"
READ_BACK = Path(__file__).resolve().parents[1] / "read_back.py"
READERS = ["duckdb", "pandas", "polars"]


def read_export(context):
    """Exports, and opens the export with other programs, as the page says."""
    examples = find_examples(PAGE, "Exports")
    python = "\n".join(text for language, text in examples if language == "python")
    missing = [reader for reader in READERS if reader not in python]
    if missing:
        raise Failure(f"{PAGE} has no Python example for {', '.join(missing)}")
    return run_examples(context, examples)


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
