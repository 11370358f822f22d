"""The steps of clients/typescript: generated calls, unit tests, the guide, chaos."""

import os
import re

from commands import Failure
from examples import find_examples
from packages import ROOT
from published import chat_with_the_published_package

PROJECT = "clients/typescript"
GUIDE = "client-guide.md"
GENERATED = "src/generated/api.ts"
MODULES = "../../node_modules"
CHAT_LINES = 60
CHAOS_SECONDS = 600
PLANTED_BUGS = ["lost-ack", "lost-resend", "double-apply", "kept-cursor"]


def check_generated_calls(context):
    """The committed types are those of the OpenAPI document that this build serves."""
    document = context.fetch_document("/openapi.json")
    fresh = context.directory / "api.ts"
    generator = f"{MODULES}/openapi-typescript/bin/cli.js"
    context.node_in(PROJECT, generator, document, "--output", fresh)
    committed = ROOT / PROJECT / GENERATED
    if "WRITE_GENERATED" in os.environ:
        committed.write_text(fresh.read_text())
    if fresh.read_text() != committed.read_text():
        renewal = "run `WRITE_GENERATED=1 make test-clients ARGS=generated`"
        raise Failure(f"{PROJECT}/{GENERATED} is out of date: {renewal}")
    return f"{GENERATED} is what openapi-typescript generates"


def run_unit_tests(context):
    compiler = f"{MODULES}/typescript/bin/tsc"
    context.node_in(PROJECT, compiler, "--project", ".")
    context.node_in("tests/clients", "../../node_modules/typescript/bin/tsc", "--project", "chaos")
    output = context.node_in(PROJECT, "--test", "test/*.test.ts")
    passed = re.search(r"^ℹ pass (\d+)$", output, re.MULTILINE)
    if not passed or passed[1] == "0":
        raise Failure(f"no test ran:\n{output}")
    return f"{passed[1]} tests pass"


def program_of_the_guide():
    [program] = [text for language, text in find_examples(GUIDE) if language == "ts"]
    return program


def chat_of_the_guide(context):
    """Runs the program of the guide for two users who talk to each other."""
    program = program_of_the_guide()
    lines = program.count("\n")
    if lines > CHAT_LINES:
        raise Failure(f"The chat of {GUIDE} has {lines} lines")
    project = context.npm_workspace() / "tests/clients"
    (project / "guide_chat.ts").write_text(program)
    compiler = "../../node_modules/typescript/bin/tsc"
    options = "--noEmit --strict --target es2024 --module nodenext --types node".split()
    options += ["--allowImportingTsExtensions", "guide_chat.ts"]
    context.node_in("tests/clients", compiler, *options)
    return context.node_in("tests/clients", "guide.mjs", **context.chat_variables()).strip()


def chat_of_the_published_package(context):
    return chat_with_the_published_package(context, program_of_the_guide())


def soak_client(context):
    """A short run of `make client-soak`."""
    options = ["--clients", "10", "--minutes", "0.4", "--pause", "500"]
    return context.node_in(
        "tests/clients", "chaos/soak.ts", *options, timeout=CHAOS_SECONDS
    ).strip()


def find_planted_bugs(context):
    """The check of the soak finds each bug that is planted into a copy of the client."""
    found = []
    for bug in PLANTED_BUGS:
        options = ["--clients", "6", "--plant", bug]
        context.node_in("tests/clients", "chaos/soak.ts", *options, timeout=CHAOS_SECONDS)
        found.append(bug)
    return f"found {', '.join(found)}"
