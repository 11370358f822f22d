"""`tidings status --watch` in a pseudo-terminal, which a key ends."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

from commands import Failure, run

WIDTH, HEIGHT = 120, 36
KEYS = {"q": b"q", "Ctrl-C": b"\x03", "Escape": b"\x1b"}
# What the screen shows once it has a sample. Blanks that were there before are not written again.
WORDS = [b"Rates", b"models", b"WebSocket", b"failed"]
# The program switches to a screen of its own, and back.
BEGIN, END = b"\x1b[?1049h", b"\x1b[?1049l"
WAIT_SECONDS = 60


def watch_status(context):
    """Each key ends the screen, and leaves the terminal as it was."""
    for name, key in KEYS.items():
        press(context, name, key)
    refuse_without_terminal(context)
    return f"{', '.join(KEYS)} end the screen; without a terminal there is none"


def press(context, name, key):
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
    before = termios.tcgetattr(side)
    process = subprocess.Popen(
        [context.system.binary, "status", "--watch"],
        stdin=side,
        stdout=side,
        stderr=side,
        env={**context.system.environment(), "TERM": "xterm-256color"},
        start_new_session=True,
    )
    try:
        shown = read_until(main, lambda text: all(word in text for word in WORDS))
        os.write(main, key)
        shown += read_until(main, lambda text: END in text)
        code = process.wait(WAIT_SECONDS)
        if code != 0 or BEGIN not in shown:
            raise Failure(f"After {name} the code was {code}:\n{shown[-2000:]!r}")
        if termios.tcgetattr(side) != before:
            raise Failure(f"After {name} the terminal is not as it was.")
    finally:
        process.kill()
        process.wait()
        os.close(main)
        os.close(side)


def read_until(main, is_enough):
    """Reads what the program writes to the terminal."""
    text = b""
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_enough(text):
        ready, _, _ = select.select([main], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            raise Failure(f"The screen does not show what it should:\n{text[-2000:]!r}")
        text += os.read(main, 65536)
    return text


def refuse_without_terminal(context):
    command = [context.system.binary, "status", "--watch"]
    try:
        run(command, env=context.system.environment())
    except Failure as refusal:
        if "terminal" in str(refusal):
            return
        raise
    raise Failure("`tidings status --watch` runs without a terminal.")
