"""Serves page.html from an origin that is not the API's."""

import contextlib
import functools
import http.server
import threading
from pathlib import Path

# Chromium resolves these names to the loopback address.
PAGE_ORIGIN_HOST = "app.example"
OTHER_ORIGIN_HOST = "other.example"


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Does not log each request."""

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serve_page():
    """Serves this directory on a free port, and yields the port."""
    handler = functools.partial(QuietHandler, directory=Path(__file__).resolve().parent)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
