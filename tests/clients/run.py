"""Uses Tidings as its users do: `make test-clients`, or python3 run.py [WORD OF A STEP]...

CONTRIBUTING.md says what runs. The steps with a browser have a private system, those without have
another. Both stop at the end.
"""

import multiprocessing
import signal
import sys
import tempfile
import time
from pathlib import Path

from commands import Failure
from context import Context
from packages import HERE, fetch_packages
from steps import BROWSER_STEPS, PROGRAM_STEPS
from system import System
from web_server import PAGE_ORIGIN_HOST, serve_page

OLDEST_PYTHON = (3, 11)

STEPS = [*PROGRAM_STEPS, *BROWSER_STEPS]


def main():
    # `with` blocks stop what was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if sys.version_info < OLDEST_PYTHON:
        sys.exit("These scripts need Python 3.11 or newer.")
    words = sys.argv[1:]
    steps = [step for step in STEPS if not words or any(word in step[0] for word in words)]
    try:
        began = time.monotonic()
        packages = fetch_packages()
        report("packages", began, f"in {packages.directory}")
        failed = run_all(steps, packages) if words else run_both(packages)
    except Failure as failure:
        sys.exit(str(failure))
    print(f"\n{len(steps) - failed} passed, {failed} failed")
    sys.exit(1 if failed or not steps else 0)


def run_both(packages):
    """Runs the steps with and without a browser at the same time, because both wait for other
    programs some of the time, and returns how many failed."""
    context = multiprocessing.get_context("fork")
    # Those that are not run, because their system does not start, have failed.
    failed_programs = context.Value("i", len(PROGRAM_STEPS))
    programs = context.Process(target=run_programs, args=[packages, failed_programs])
    programs.start()
    try:
        failed = run_all(BROWSER_STEPS, packages)
    except BaseException:
        programs.terminate()
        raise
    finally:
        programs.join()
    return failed + failed_programs.value


def run_programs(packages, failed):
    """Runs the steps without a browser, and stores how many failed."""
    try:
        failed.value = run_all(PROGRAM_STEPS, packages)
    except Failure as failure:
        sys.exit(str(failure))


def run_all(steps, packages):
    """Runs the steps with a system of their own, and returns how many failed."""
    with tempfile.TemporaryDirectory(prefix="tidings-clients-") as name, serve_page() as port:
        directory = Path(name)
        began = time.monotonic()
        origin = f"http://{PAGE_ORIGIN_HOST}:{port}"
        with System(directory, ["--allowed-origins", origin]) as system:
            # Every step finds messages, also if it runs alone.
            system.tidings("import", HERE / "messages.jsonl")
            report("system", began, f"at {system.url}")
            return run_steps(steps, Context(directory, packages, system, port))


def run_steps(steps, context):
    """Runs every step, and returns how many failed."""
    failed = 0
    for name, step in steps:
        began = time.monotonic()
        try:
            report(name, began, step(context))
        except Failure as failure:
            failed += 1
            report(name, began, f"FAILED\n{failure}")
    return failed


def report(name, began, outcome):
    print(f"{name}: {outcome} ({time.monotonic() - began:.1f} s)", flush=True)


if __name__ == "__main__":
    main()
