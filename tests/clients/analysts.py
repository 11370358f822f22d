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
    """Queries the log in SQL, as the page says."""
    url = context.system.status()["database"]["url"]
    return run_examples(context, find_examples(PAGE, "SQL"), DATABASE_URL=url)


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
