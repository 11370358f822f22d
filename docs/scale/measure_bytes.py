"""What one message takes on disk, by table and index, in WAL, in NATS and in the search index.

Needs a running `tidings up --data DIR --rate-limit 0`, the program on PATH (or TIDINGS_BIN), and
chat logs in the format of `tidings import`, whose texts are sent:

    python3 docs/scale/measure_bytes.py --data DIR --members 2 en_sample.jsonl.gz

It makes conversations of that size, sends each text once, each in a request of its own, waits until
everything has followed, and prints the growth divided by the number of messages. `--then read` or
`--then ack` measures instead what it costs that the recipients read or acknowledge each message.
"""

import argparse
import base64
import csv
import gzip
import hashlib
import hmac
import http.client
import io
import json
import os
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local
from urllib.parse import urlsplit
from uuid import uuid4

WAIT_SECONDS = 120
POLL_SECONDS = 0.2
CONNECTIONS = 16

RELATIONS = """
SELECT coalesce(t.oid, c.oid)::regclass::text AS belongs_to, c.oid::regclass::text AS name,
       pg_total_relation_size(c.oid)
       - CASE c.relkind WHEN 'r' THEN pg_indexes_size(c.oid) ELSE 0 END AS bytes
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       LEFT JOIN pg_index i ON i.indexrelid = c.oid LEFT JOIN pg_class t ON t.oid = i.indrelid
 WHERE n.nspname IN ('log', 'read') AND c.relkind IN ('r', 'i')
"""
SESSIONS = """
SELECT pid, application_name AS name FROM pg_stat_activity
 WHERE application_name <> '' AND pid <> pg_backend_pid()
"""
EVENTS = "events, not bytes"
WAL = "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn AS bytes"


class Server:
    """A running system, seen from the outside."""

    def __init__(self, data):
        self.data = Path(data)
        self.program = os.environ.get("TIDINGS_BIN", "tidings")
        self.host = json.loads((self.data / "run.json").read_text())["address"]
        self.secret = (self.data / "auth-secret").read_text().strip().encode()
        self.tokens = {}
        self.threads = local()

    def tidings(self, *arguments):
        command = [self.program, *arguments, "--data", str(self.data)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def query(self, sql):
        answer = self.tidings("psql", "--format", "csv", "--command", " ".join(sql.split()))
        return list(csv.DictReader(io.StringIO(answer)))

    def token(self, user):
        if user not in self.tokens:
            claims = {"sub": user, "iat": time.time(), "exp": int(time.time()) + 86_400}
            signed = encode(b'{"alg":"HS256"}') + b"." + encode(json.dumps(claims).encode())
            digest = hmac.digest(self.secret, signed, hashlib.sha256)
            self.tokens[user] = (signed + b"." + encode(digest)).decode()
        return self.tokens[user]

    def post(self, user, path, body):
        if not hasattr(self.threads, "connection"):
            host = urlsplit("//" + self.host).netloc
            self.threads.connection = http.client.HTTPConnection(host, timeout=60)
        headers = {
            "Authorization": f"Bearer {self.token(user)}",
            "Content-Type": "application/json",
        }
        self.threads.connection.request("POST", path, json.dumps(body), headers)
        answer = self.threads.connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"POST {path}: {answer.status} {content[:300]!r}")
        return json.loads(content)

    def wait_for_followers(self):
        """Until read models, mirror and index are at the head."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            status = json.loads(self.tidings("status", "--json"))
            database = status["database"]
            head = database["projection"]["head"]
            followers = [database["projection"]["position"], database["search"]["position"]]
            if all(at == head for at in [*followers, status["mirror"]["position"]]):
                return head
            time.sleep(POLL_SECONDS)
        raise SystemExit("the read models, the mirror or the index do not follow")

    def processor_times(self):
        """Microseconds of processor time by process: the service, nats-server, and the sessions of
        Postgres by their names. On Linux only."""
        pids = [(json.loads((self.data / "run.json").read_text())["pid"], "service")]
        pids += [(int(row["pid"]), "session: " + row["name"]) for row in self.query(SESSIONS)]
        config = str(self.data / "servers" / "nats.conf").encode()
        for command in Path("/proc").glob("[0-9]*/cmdline"):
            if config in read_or_empty(command):
                pids.append((int(command.parent.name), "nats-server"))
        times = Counter()
        for pid, name in pids:
            fields = read_or_empty(Path(f"/proc/{pid}/stat")).rpartition(b")")[2].split()
            times[name] += sum(map(int, fields[11:13])) * 1_000_000 // os.sysconf("SC_CLK_TCK")
        return times

    def sizes(self):
        """Bytes by name. Directories are counted as `du --apparent-size` counts them."""
        head = self.wait_for_followers()
        found = self.query(RELATIONS)
        sizes = {(row["belongs_to"], row["name"]): int(row["bytes"]) for row in found}
        sizes["", EVENTS] = head
        sizes["", "WAL"] = int(self.query(WAL)[0]["bytes"])
        sizes["", "stream in NATS"] = directory_size(self.data / "servers" / "nats")
        sizes["", "search index"] = directory_size(self.data / "search")
        return sizes


def encode(part):
    return base64.urlsafe_b64encode(part).rstrip(b"=")


def read_or_empty(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def directory_size(path):
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def read_texts(files):
    for name in files:
        with gzip.open(name, "rt") if name.endswith(".gz") else open(name) as lines:
            for line in lines:
                yield json.loads(line)["text"]


def create_conversations(server, pool, count, members):
    """The users and the id of each conversation. Groups are disjoint."""
    run = uuid4().hex[:8]
    groups = [[f"{run}-{c}-{m}" for m in range(members)] for c in range(count)]

    def create(users):
        kind = "direct" if members == 2 else "group"
        body = {"kind": kind, "members": users[1:]}
        return server.post(users[0], "/v1/conversations", body)["id"]

    return list(zip(groups, pool.map(create, groups)))


def send_all(server, pool, conversations, texts, senders):
    """Sends the texts to the conversations in turns, from `senders` members of each in turns."""

    def send(numbered):
        number, text = numbered
        users, conversation = conversations[number % len(conversations)]
        sender = users[number // len(conversations) % min(senders, len(users))]
        body = {"client_message_id": str(uuid4()), "type": "text", "body": {"text": text}}
        return server.post(sender, f"/v1/conversations/{conversation}/messages", body)

    return list(pool.map(send, enumerate(texts)))


def read_or_ack_all(server, pool, conversations, sent, then):
    """Each member but the first, who sent them, reads or acknowledges each message on its own."""

    def follow(numbered):
        number, (users, conversation) = numbered
        for answer in sent[number :: len(conversations)]:
            for user in users[1:]:
                if then == "read":
                    body = {"up_to": answer["seq"]}
                    server.post(user, f"/v1/conversations/{conversation}/read", body)
                else:
                    body = {"device": "phone", "cursor": str(answer["position"])}
                    server.post(user, "/v1/inbox/ack", body)

    list(pool.map(follow, enumerate(conversations)))


def print_growth(before, after, messages):
    rows = sorted(
        ((belongs_to, name, after[belongs_to, name] - before.get((belongs_to, name), 0))
         for belongs_to, name in after),
        key=lambda row: (row[0] == "", row[0], row[0] != row[1], row[1]),
    )
    total = 0
    print("| table | table or index | bytes for each |\n|---|---|---|")
    for belongs_to, name, bytes_ in rows:
        if bytes_ / messages >= 0.5:
            digits = 2 if name == EVENTS else 0
            print(f"| {belongs_to or '-'} | {name} | {bytes_ / messages:.{digits}f} |")
        if belongs_to:
            total += bytes_
    print(f"| all of `log` and `read` | | {total / messages:.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--members", type=int, default=2)
    parser.add_argument("--conversations", type=int, default=1000)
    parser.add_argument("--limit", type=int, default=20_000)
    parser.add_argument("--then", choices=["read", "ack"])
    parser.add_argument("files", nargs="+")
    args = parser.parse_args()
    server = Server(args.data)
    texts = list(read_texts(args.files))[: args.limit]
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        conversations = create_conversations(server, pool, args.conversations, args.members)
        before, began = server.sizes(), server.processor_times()
        senders = 1 if args.then else args.members
        sent = send_all(server, pool, conversations, texts, senders)
        if args.then:
            before, began = server.sizes(), server.processor_times()
            read_or_ack_all(server, pool, conversations, sent, args.then)
        after, ended = server.sizes(), server.processor_times()
    size = sum(len(text.encode()) for text in texts) / len(texts)
    print(f"{len(texts)} messages of {size:.1f} bytes of text, {args.members} members\n")
    print_growth(before, after, len(texts))
    print("\n| process | µs of a processor for each |\n|---|---|")
    for name in sorted(ended):
        if ended[name] > began[name]:
            print(f"| {name} | {(ended[name] - began[name]) / len(texts):.0f} |")


if __name__ == "__main__":
    main()
