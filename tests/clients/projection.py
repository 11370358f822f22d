"""The Python of docs/projections.md, against a system with a fixed NATS port that is restarted."""

import json
import socket
import sqlite3
import subprocess
import sys
import time

from commands import Failure, last_lines
from examples import find_examples
from system import System

PAGE = "projections.md"
SECTION = "As a plain NATS consumer"
MESSAGES = 2_000
CATCH_UP_SECONDS = 120
POLL_SECONDS = 0.1

# Counts the transactions of the example, which says that each folds up to 500 events.
TRACER = """
import sqlite3, sys
connect = sqlite3.connect
def traced(*arguments):
    database = connect(*arguments)
    log = open("statements.log", "a", buffering=1)
    database.set_trace_callback(lambda statement: log.write(statement.split()[0] + "\\n"))
    return database
sqlite3.connect = traced
exec(compile(open(sys.argv[1]).read(), sys.argv[1], "exec"))
"""


def project_events(context):
    """Runs the example until it has every message, restarts the system, and continues."""
    directory = context.directory / "projection"
    directory.mkdir()
    script = directory / "messages_per_hour.py"
    examples = find_examples(PAGE, SECTION)
    [text] = [text for language, text in examples if language == "python"]
    script.write_text(text)
    options = ["--nats-port", str(find_free_port())]
    with System(directory, options) as system:
        system.tidings("import", write_messages(directory, "before"))
        # The address of the first start is used after the restart too.
        nats_url = read_nats_url(system)
        with Consumer(context, directory, script, nats_url) as consumer:
            consumer.wait_for_messages(MESSAGES)
        transactions = consumer.count_transactions()
    if transactions > MESSAGES // 100:
        raise Failure(f"{MESSAGES} messages took {transactions} transactions")
    with System(directory, options) as system:
        system.tidings("import", write_messages(directory, "after"))
        with Consumer(context, directory, script, nats_url) as consumer:
            consumer.wait_for_messages(2 * MESSAGES)
    return f"{MESSAGES} messages in {transactions} transactions; it continues after a restart"


def find_free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def read_nats_url(system):
    lines = system.tidings("servers", "env").splitlines()
    [url] = [line for line in lines if line.startswith("export NATS_URL=")]
    return url.removeprefix("export NATS_URL=").strip("'")


def write_messages(directory, conversation):
    """A file of messages, for `tidings import`."""
    path = directory / f"{conversation}.jsonl"
    with path.open("w") as file:
        for number in range(MESSAGES):
            message = {
                "conversation": conversation,
                "sender": f"user{number % 7}",
                "sent_at": f"2026-01-01T{number % 24:02}:00:00Z",
                "text": f"message {number}",
            }
            file.write(json.dumps(message) + "\n")
    return path


class Consumer:
    """The example as a process, while it is entered as a context."""

    def __init__(self, context, directory, script, nats_url):
        self.directory = directory
        self.log = directory / "consumer.log"
        environment = {**context.packages.environment(), "NATS_URL": nats_url}
        self.start = lambda log: subprocess.Popen(
            [sys.executable, "-c", TRACER, script],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=directory,
            env=environment,
        )
        self.process = None

    def __enter__(self):
        with self.log.open("w") as log:
            self.process = self.start(log)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def wait_for_messages(self, expected):
        """Waits until it has counted so many messages."""
        deadline = time.monotonic() + CATCH_UP_SECONDS
        counted = 0
        while time.monotonic() < deadline:
            counted = self.count_messages()
            if counted == expected:
                return
            if counted > expected or self.process.poll() is not None:
                break
            time.sleep(POLL_SECONDS)
        output = last_lines(self.log.read_text())
        raise Failure(f"The example of {PAGE} counted {counted} of {expected} messages:\n{output}")

    def count_messages(self):
        database = self.directory / "messages_per_hour.db"
        if not database.exists():
            return 0
        try:
            with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
                [[counted]] = connection.execute("SELECT coalesce(sum(messages), 0) FROM counts")
        except sqlite3.OperationalError:
            # It is being created or written.
            return 0
        return counted

    def count_transactions(self):
        """How many transactions have moved the checkpoint."""
        return (self.directory / "statements.log").read_text().splitlines().count("UPDATE")
