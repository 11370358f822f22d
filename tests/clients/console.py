"""The operations console in Chromium, in front of systems of its own."""

import re

from commands import Failure, run
from packages import ROOT
from pages import run_script, serve_pages
from system import System

# A receiver on this machine, whose deliveries are parked at once, and seals without waiting.
OPTIONS = ["--webhook-allow", "127.0.0.0/8", "--webhook-tries", "1", "--seal-every", "2s"]
SCRIPTS = [
    "ops_watch.mjs",
    "ops_people.mjs",
    "ops_moderation.mjs",
    "ops_control.mjs",
    "ops_storage.mjs",
    "ops_access.mjs",
]
SETUP_LINE = re.compile(r"/ops#setup=(\S+)")


def test_console_units(context):
    """What the console computes, without a browser."""
    tests = sorted((ROOT / "web/tests/ops").glob("*.test.ts"))
    workspace = context.npm_workspace()
    files = [workspace / test.relative_to(ROOT) for test in tests]
    command = [context.packages.node, "--test", *files]
    output = run(command, cwd=workspace / "web", env=context.packages.environment())
    return f"{count_passed(output)} passed"


def count_passed(output):
    found = re.search(r"pass (\d+)", output)
    if not found or found.group(1) == "0":
        raise Failure(f"No test of the console ran:\n{output}")
    return found.group(1)


def use_console_first(context):
    """The first run of a fresh system."""
    directory = context.directory / "console-first"
    directory.mkdir(exist_ok=True)
    with System(directory, []) as system, serve_pages(context, system.url) as pages:
        code = read_setup_code(system)
        return run_console(context, "ops_first_run.mjs", system, pages, SETUP_CODE=code)


def read_setup_code(system):
    found = SETUP_LINE.search(system.log.read_text())
    if not found:
        raise Failure(f"tidings printed no link for the setup:\n{system.log.read_text()}")
    return found.group(1)


def use_console(context):
    """Every page of the console, and what it does."""
    directory = context.directory / "console"
    directory.mkdir(exist_ok=True)
    with System(directory, OPTIONS) as system, serve_pages(context, system.url) as pages:
        outputs = [run_console(context, script, system, pages) for script in SCRIPTS]
    return "\n  ".join(["", *"\n".join(outputs).splitlines()])


def use_console_desks(context):
    """On a system of its own, which has no other desks."""
    directory = context.directory / "console-desks"
    directory.mkdir(exist_ok=True)
    with System(directory, []) as system, serve_pages(context, system.url) as pages:
        return run_console(context, "ops_desks.mjs", system, pages)


def run_console(context, script, system, pages, **variables):
    token = system.token("root", "--scope", "admin")
    addresses = {"TIDINGS_URL": system.url, "ADMIN_TOKEN": token}
    return run_script(context, script, pages, **addresses, **variables)
