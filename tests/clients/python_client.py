"""Builds the Python client, checks it, and runs the examples of its guide."""

import json
import subprocess
import sys
import time
import urllib.request
import zipfile

from commands import Failure, last_lines, run
from examples import find_examples
from packages import HERE, ROOT

PROJECT = ROOT / "clients/python"
PAGE = "python-client.md"
# The first example of the page.
MAX_BOT_LINES = 22
# What the others print, among other things.
PRINTED = ["cursor_expired", "invalid", "not_found", "reporter", "text/plain 8", "noodles"]
# A bot's functions need no annotations.
STRICT = ["--strict", "--allow-untyped-defs", "--allow-untyped-calls"]
ANSWER_SECONDS = 60
# On an idle machine it takes less than a minute.
CHAOS_SECONDS = 600
POLL_SECONDS = 0.1


def install_python_client(context):
    """Unpacks the wheel where the scripts of a run find it."""
    if (context.directory / "tidings_client").exists():
        return
    wheels = context.directory / "wheels"
    build = ["-m", "hatchling", "build", "--target", "wheel", "--directory", wheels]
    run([sys.executable, *build], cwd=PROJECT, env=context.packages.environment())
    [wheel] = wheels.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(context.directory)
    if not (context.directory / "tidings_client/py.typed").exists():
        raise Failure(f"{wheel.name} has no py.typed: type checkers would ignore it")


def check_python_client(context):
    """Its own code is typed and formatted, and its unit tests pass."""
    install_python_client(context)
    in_project = {"cwd": PROJECT, "env": context.packages.environment()}
    cache = context.directory / "mypy"
    run([sys.executable, "-m", "mypy", "--cache-dir", cache], **in_project, timeout=300)
    run([sys.executable, "-m", "ruff", "check", "--no-cache", "."], **in_project)
    run([sys.executable, "-m", "ruff", "format", "--no-cache", "--check", "."], **in_project)
    output = context.python("-m", "unittest", "discover", "--start-directory", PROJECT / "tests")
    [ran] = [line for line in output.splitlines() if line.startswith("Ran ")]
    return f"typed and formatted; {ran.removeprefix('Ran ')}"


def run_python_guide(context):
    """Every example of the guide, and its bot over restarts."""
    install_python_client(context)
    scripts = []
    for language, text in find_examples(PAGE):
        if language == "python":
            scripts.append(context.directory / f"guide-{len(scripts)}.py")
            scripts[-1].write_text(text)
    context.python("-m", "mypy", *STRICT, "--cache-dir", context.directory / "mypy", *scripts)
    bot, *others = scripts
    variables = variables_of(context, "ann")
    output = "".join(context.python(script, **variables) for script in others)
    missing = [word for word in PRINTED if word not in output]
    if missing:
        raise Failure(f"the examples of {PAGE} do not print {', '.join(missing)}:\n{output}")
    lines = [line for line in bot.read_text().splitlines() if line.strip()]
    if len(lines) > MAX_BOT_LINES:
        raise Failure(f"the bot in 20 lines has {len(lines)}")
    return f"{len(scripts)} examples of {PAGE} work; {follow_bot(context, bot)}"


def break_python_clients(context):
    """The sync core while its server is killed and restored, in a system of its own."""
    install_python_client(context)
    directory = context.directory / "python-chaos"
    directory.mkdir()
    script = HERE / "python_chaos.py"
    return context.python(script, directory, timeout=CHAOS_SECONDS).strip()


def break_python_uploads(context):
    """Files through a proxy that breaks their connections."""
    install_python_client(context)
    variables = variables_of(context, "ann")
    return context.python(HERE / "python_files.py", timeout=CHAOS_SECONDS, **variables).strip()


def variables_of(context, user):
    return {"TIDINGS_URL": context.system.url, "TIDINGS_TOKEN": context.system.token(user)}


def follow_bot(context, script):
    """Asks a bot while it runs and while it does not run: it answers each question once."""
    ask = Questioner(context)
    with Bot(context, script):
        ask.wait_for_bot(context.directory / "bot.cursor")
        ask.send("!echo one")
        ask.wait_for_answers(1)
    ask.send("!echo two")
    with Bot(context, script):
        ask.send("!echo three")
        ask.wait_for_answers(3)
    answers = ask.answers()
    if answers != ["one", "two", "three"]:
        raise Failure(f"the bot answered {answers}")
    return "the bot answers each question once"


class Bot:
    """A bot as a process, which is killed at the end."""

    def __init__(self, context, script):
        self.command = [sys.executable, script]
        self.directory = context.directory
        self.environment = {
            **context.packages.environment(),
            **variables_of(context, "echo-bot"),
        }
        self.environment["PYTHONPATH"] += f":{context.directory}"

    def __enter__(self):
        self.log = (self.directory / "bot.log").open("w")
        self.process = subprocess.Popen(
            self.command, cwd=self.directory, env=self.environment, stdout=self.log, stderr=self.log
        )

    def __exit__(self, *_):
        ended = self.process.poll()
        self.process.kill()
        self.process.wait()
        self.log.close()
        if ended is not None:
            raise Failure(f"the bot ended:\n{last_lines((self.directory / 'bot.log').read_text())}")


class Questioner:
    """Ann, in a conversation with the bot."""

    def __init__(self, context):
        self.url = context.system.url
        self.headers = {
            "Authorization": f"Bearer {context.system.token('ann')}",
            "Content-Type": "application/json",
        }
        group = {"kind": "group", "title": "Echo", "members": ["echo-bot"]}
        self.path = f"/v1/conversations/{self.call('/v1/conversations', group)['id']}/messages"
        self.sent = 0

    def call(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, self.headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def send(self, text):
        self.sent += 1
        key = f"ask-{self.sent}"
        self.call(self.path, {"client_message_id": key, "type": "text", "body": {"text": text}})

    def answers(self):
        """What the bot has answered, oldest first."""
        messages = self.call(f"{self.path}?after=0&limit=200")["messages"]
        return [m["body"]["text"] for m in messages if m["sender"] == "echo-bot"]

    def wait_for_answers(self, count):
        wait_until(lambda: len(self.answers()) >= count, f"{count} answers of the bot")

    def wait_for_bot(self, cursor):
        wait_until(cursor.exists, "the cursor of the bot")


def wait_until(is_true, what):
    deadline = time.monotonic() + ANSWER_SECONDS
    while not is_true():
        if time.monotonic() > deadline:
            raise Failure(f"{what} did not come within {ANSWER_SECONDS} s")
        time.sleep(POLL_SECONDS)
