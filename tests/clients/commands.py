"""Runs commands, and says what they printed if they fail."""

import subprocess

MAX_OUTPUT_LINES = 60
# Far more than any of them takes: two share the machine.
MOST_SECONDS = 300


class Failure(Exception):
    """Something that the scripts show does not work, or something that they need is missing."""


def run(command, timeout=MOST_SECONDS, **options):
    """Runs a command to its end, and returns what it printed."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            stdin=options.pop("stdin", subprocess.DEVNULL),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
            **options,
        )
    except FileNotFoundError as error:
        raise Failure(f"{words[0]} cannot be run: {error}") from error
    except subprocess.TimeoutExpired as error:
        output = (error.stdout or b"").decode(errors="replace")
        raise Failure(f"`{' '.join(words)}` ran for {timeout} s.\n{last_lines(output)}") from error
    if done.returncode != 0:
        raise Failure(
            f"`{' '.join(words)}` exited with {done.returncode}:\n{last_lines(done.stdout)}"
        )
    return done.stdout


def last_lines(output):
    return "\n".join(output.splitlines()[-MAX_OUTPUT_LINES:])
