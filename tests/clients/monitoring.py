"""Prometheus scrapes the system under load, and answers every query of the dashboard."""

import contextlib
import json
import os
import re
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from commands import Failure, last_lines
from debian import find_program
from packages import ROOT

DASHBOARD = ROOT / "deploy/grafana/tidings.json"
ALERTS = ROOT / "deploy/prometheus/alerts.yaml"
# What Grafana puts in the place of its variables.
VARIABLES = {"$__rate_interval": "10s", "$instance": ".*"}
# Nothing of the system under test gives these a value: it has no webhooks, and nobody signs in.
MAY_BE_EMPTY = re.compile(r"tidings_(webhook|push|logins|live_refused|live_slow|refused)_")
MESSAGES = 200
WAIT_SECONDS = 60
POLL_SECONDS = 0.5


def ask_prometheus(context):
    """Runs the query of each panel, and loads the alerts."""
    with prometheus(context) as url, live_connection(context.system):
        load(context)
        queries = [
            (panel["title"], target["expr"])
            for panel in json.loads(DASHBOARD.read_text())["panels"]
            for target in panel.get("targets", [])
        ]
        empty = wait_for_values(url, queries)
        if empty:
            raise Failure(f"These panels have no value: {', '.join(sorted(empty))}")
        rules = ask(url, "/api/v1/rules")["groups"][0]["rules"]
        broken = [rule["name"] for rule in rules if rule["health"] == "err"]
        if broken or not rules:
            raise Failure(f"These alerts fail: {broken}")
        firing = [rule["name"] for rule in rules if rule["state"] == "firing"]
        if firing:
            raise Failure(f"A system that works has alerts: {firing}")
    return f"{len(queries)} queries of the dashboard have values; {len(rules)} alerts are evaluated"


def wait_for_values(url, queries):
    """The panels whose query has no value, after some time."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        empty = {title for title, query in queries if not has_value(url, query)}
        if not empty or time.monotonic() > deadline:
            return empty
        time.sleep(POLL_SECONDS)


def has_value(url, query):
    for variable, value in VARIABLES.items():
        query = query.replace(variable, value)
    answer = ask(url, f"/api/v1/query?{urllib.parse.urlencode({'query': query})}")
    return bool(answer["result"]) or bool(MAY_BE_EMPTY.search(query))


def load(context):
    """Sends, reads and searches."""
    system = context.system
    # The limit of commands per second does not apply to administrators.
    ann, bob = system.token("ann", "--scope", "admin"), system.token("bob")
    group = {"kind": "group", "id": "monitored", "title": "Monitored", "members": ["bob"]}
    request(system, "POST", "/v1/conversations", ann, group)
    path = "/v1/conversations/monitored"
    for number in range(MESSAGES):
        message = {"client_message_id": f"m{number}", "type": "text", "body": {"text": "soup"}}
        request(system, "POST", f"{path}/messages", ann, message)
    request(system, "POST", f"{path}/read", bob, {"up_to": MESSAGES})
    request(system, "GET", "/v1/search?q=soup", bob)


@contextlib.contextmanager
def live_connection(system):
    """A stream of server-sent events that stays open."""
    headers = {"Authorization": f"Bearer {system.token('bob')}", "Accept": "text/event-stream"}
    call = urllib.request.Request(f"{system.url}/v1/live?after=0", headers=headers)
    with urllib.request.urlopen(call, timeout=30) as stream:
        stream.readline()
        yield


def request(system, method, path, token, body=None):
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    call = urllib.request.Request(system.url + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(call, timeout=30) as answer:
            return answer.read()
    except OSError as error:
        raise Failure(f"{method} {path}: {error}") from error


@contextlib.contextmanager
def prometheus(context):
    """A Prometheus that scrapes the system every second."""
    directory = context.directory / "prometheus"
    directory.mkdir()
    target = context.system.url.removeprefix("http://")
    config = directory / "prometheus.json"
    config.write_text(
        json.dumps(
            {
                "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                "rule_files": [str(ALERTS)],
                "scrape_configs": [
                    {"job_name": "tidings", "static_configs": [{"targets": [target]}]}
                ],
            }
        )
    )
    port = free_port()
    command = [
        find_program("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    log = directory / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=dict(os.environ)
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(url, process, log)
        yield url
    finally:
        process.terminate()
        process.wait(WAIT_SECONDS)


def wait_until_ready(url, process, log):
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(f"{url}/-/ready", timeout=5):
                return
        time.sleep(POLL_SECONDS)
    raise Failure(f"Prometheus is not ready:\n{last_lines(log.read_text())}")


def ask(url, path):
    try:
        with urllib.request.urlopen(url + path, timeout=30) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        raise Failure(f"{path}: {error.read().decode()}") from error


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
