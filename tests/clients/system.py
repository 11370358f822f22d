"""A private Tidings with its own servers, on free ports, in a directory of its own."""

import base64
import hmac
import json
import os
import subprocess
import time
import urllib.request
from pathlib import Path

from commands import Failure, last_lines, run

START_SECONDS = 120
STOP_SECONDS = 60
POLL_SECONDS = 0.1


class System:
    """Runs while it is entered as a context."""

    def __init__(self, directory, options):
        self.binary = find_binary()
        self.data = directory / "tidings-data"
        self.log = directory / "tidings.log"
        self.options = options
        self.url = None
        self.process = None

    def environment(self):
        """The environment in which `tidings` is this program, for this system."""
        settings = {name: value for name, value in os.environ.items() if not is_setting(name)}
        path = os.pathsep.join([str(self.binary.parent), os.environ["PATH"]])
        return {**settings, "PATH": path, "TIDINGS_DATA": str(self.data)}

    def __enter__(self):
        command = [self.binary, "up", "--listen", "127.0.0.1:0", *self.options]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment(),
                cwd=self.log.parent,
            )
        try:
            self.url = self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def kill(self):
        """Ends the program as a crash does."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failure(f"tidings did not stop within {STOP_SECONDS} s") from None

    def wait_until_ready(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            address = self.read_address()
            if address and answers(f"{address}/readyz"):
                return address
            time.sleep(POLL_SECONDS)
        raise Failure(f"tidings is not ready:\n{last_lines(self.log.read_text())}")

    def read_address(self):
        try:
            return (self.status().get("process") or {}).get("address")
        except Failure:
            # It is still starting.
            return None

    def status(self):
        return json.loads(self.tidings("status", "--json"))

    def tidings(self, *arguments):
        """Runs a command of the program against this system, and returns what it printed."""
        return run([self.binary, *arguments], env=self.environment())

    def token(self, user, *options):
        return self.tidings("token", user, *options).strip()

    def expired_token(self, user):
        """A token that expired an hour ago."""
        return self.sign_token(user, -3600)

    def sign_token(self, user, seconds):
        """A token that expires after so many seconds, signed as docs/tokens.md says."""
        claims = {"sub": user, "exp": int(time.time()) + seconds}
        parts = [encode(json.dumps(part).encode()) for part in ({"alg": "HS256"}, claims)]
        signed = ".".join(parts).encode()
        secret = (self.data / "auth-secret").read_text().strip().encode()
        signature = hmac.digest(secret, signed, "sha256")
        return f"{signed.decode()}.{encode(signature)}"

    def get(self, path, **headers):
        """The body of the answer to a request."""
        request = urllib.request.Request(self.url + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.read().decode()
        except OSError as error:
            raise Failure(f"GET {path}: {error}") from error

    def call(self, method, path, user, body=None):
        """Calls the API as a user, and returns the answer."""
        headers = {"Authorization": f"Bearer {self.token(user)}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except OSError as error:
            raise Failure(f"{method} {path}: {error}") from error


def encode(part):
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def find_binary():
    """TIDINGS_BIN, or the debug build."""
    root = Path(__file__).resolve().parents[2]
    target = Path(os.environ.get("CARGO_TARGET_DIR") or "target")
    binary = Path(os.environ.get("TIDINGS_BIN") or root / target / "debug/tidings")
    if not binary.is_file():
        raise Failure(f"{binary} does not exist. Run `cargo build --package tidings` first.")
    return binary.absolute()


def is_setting(name):
    """Settings of the caller's own system do not apply to this one."""
    return name.startswith("TIDINGS_") or name in ("DATABASE_URL", "NATS_URL")


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False
