"""The programs of docs/scale.md: the tests of the simulation, and what a message takes on disk."""

import json
import sys

from commands import Failure, run
from packages import ROOT
from system import System

SCALE = ROOT / "docs" / "scale"
MESSAGES = 400


def check_simulation(_):
    tests = [sys.executable, "-m", "unittest", "discover", "--start-directory", SCALE]
    summary = next(line for line in run(tests).splitlines() if line.startswith("Ran "))
    tables = run([sys.executable, SCALE / "simulate.py", "--quick"]).count("\n## ")
    return f"{summary}; a quick run prints {tables} tables"


def measure_bytes(context):
    """A small run, in a system of its own, because it counts what grows."""
    directory = context.directory / "scale"
    directory.mkdir()
    texts = directory / "texts.jsonl"
    texts.write_text((json.dumps({"text": "How much does this take?"}) + "\n") * MESSAGES)
    with System(directory, ["--rate-limit", "0"]) as system:
        options = ["--data", system.data, "--members", "3", "--conversations", "4"]
        program = [sys.executable, SCALE / "measure_bytes.py", *options, texts]
        environment = {**system.environment(), "TIDINGS_BIN": str(system.binary)}
        found = run(program, env=environment)
    for name in ("log.events", "read.inbox", "WAL", "search index"):
        if f" {name} " not in found:
            raise Failure(f"There is no row for {name}:\n{found}")
    return found.splitlines()[0]
