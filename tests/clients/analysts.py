"""What docs/analysts.md tells analysts to run: its commands, against a system with messages."""

import re
from pathlib import Path

from commands import Failure, run

PAGE = Path(__file__).resolve().parents[2] / "docs/analysts.md"
READERS = ["pandas", "polars", "duckdb"]
COUNT = "SELECT count(*) FROM events WHERE event_type = 'message_sent'"


def run_psql(context):
    """Counts messages in SQL, as `tidings psql` connects to the private Postgres."""
    count = context.system.tidings("psql", "--", "-At", "-c", COUNT).strip()
    if not (count.isdigit() and int(count) > 0):
        raise Failure(f"psql did not count messages, but printed: {count}")
    return f"{count} messages"


def run_documented_commands(context):
    """Exports as the page says, and runs each of its Python examples where the export is."""
    text = PAGE.read_text()
    directory = context.directory / "analysis"
    directory.mkdir()
    exports = [
        line
        for block in blocks("sh", text)
        for line in block.splitlines()
        if re.match(r"tidings log export \w+ ", line)
    ]
    if not exports:
        raise Failure(f"{PAGE.name} shows no `tidings log export`")
    for line in exports:
        run(["sh", "-euc", line], cwd=directory, env=context.system.environment())
    examples = blocks("python", text)
    for number, example in enumerate(examples):
        script = directory / f"example_{number}.py"
        script.write_text(example)
        output = run(["python3", script], cwd=directory, env=context.packages.environment())
        if "message_sent" not in example and not output.strip():
            raise Failure(f"This example of {PAGE.name} prints nothing:\n{example}")
    for reader in READERS:
        if not any(f"import {reader}" in example for example in examples):
            raise Failure(f"{PAGE.name} has no ```python example for {reader}")
    return f"{len(exports)} exports and {len(examples)} examples of {PAGE.name}"


def blocks(language, text):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
