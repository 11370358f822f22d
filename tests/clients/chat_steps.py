"""The steps that use the web chat in Chromium."""

import datetime
import json
import os

from commands import run
from pages import run_in_browser, run_script, serve_pages
from system import System
from web_server import OTHER_ORIGIN_HOST, PAGE_ORIGIN_HOST

ROOMS = 10_000
MESSAGES = 100_000
# Messages before and after a thread of many replies, which has no rows between them.
EITHER_SIDE = 300
REPLIES = 600
# Of these, so many are scrolled through in each direction; `make scroll` takes all of them.
SCROLLED = os.environ.get("SCROLLED", "6000")
SCROLL_SECONDS = 3600
PEOPLE = ["scroll-ann", "scroll-bob", "scroll-eve"]


def check_types_and_rules(context):
    """The types of all pages, and the unit tests of what needs no browser."""
    web = context.npm_workspace() / "web"
    environment = context.packages.environment()
    compiler = context.packages.node_modules / "typescript/bin/tsc"
    run([context.packages.node, compiler, "-p", web], env=environment)
    tests = sorted((web / "tests/chat").glob("*.test.ts"))
    run([context.packages.node, "--test", *tests], env=environment)
    return f"the types are right, and {len(tests)} file of tests passed"


def chat_together(context):
    admin = context.system.token("moderator", "--scope", "admin")
    return run_in_browser(context, "chat_together.mjs", ADMIN_TOKEN=admin)


def chat_desks(context):
    admin = context.system.token("moderator", "--scope", "admin")
    return run_in_browser(context, "chat_desks.mjs", ADMIN_TOKEN=admin)


def embed_widget(context):
    """In pages of an origin that may embed it, and of one that may not."""
    system = context.system
    return run_in_browser(
        context,
        "widget.mjs",
        ADMIN_TOKEN=system.token("moderator", "--scope", "admin"),
        EXPIRED_TOKEN=system.expired_token("ann"),
        PAGE=f"http://{PAGE_ORIGIN_HOST}:{context.page_port}/page.html",
        OTHER_PAGE=f"http://{OTHER_ORIGIN_HOST}:{context.page_port}/page.html",
    )


def chat_files(context):
    return run_in_browser(context, "chat_files.mjs")


def chat_media(context):
    return run_in_browser(context, "chat_media.mjs")


def chat_notifications(context):
    return run_in_browser(context, "chat_notifications.mjs")


def chat_looks(context):
    return run_in_browser(context, "chat_looks.mjs")


def chat_accessible(context):
    return run_in_browser(context, "chat_accessible.mjs")


def chat_interrupted(context):
    """The script starts a system of its own, which it kills."""
    directory = context.directory / "interrupted"
    directory.mkdir()
    return run_in_browser(
        context,
        "chat_interrupted.mjs",
        DIRECTORY=str(directory),
        TIDINGS_BIN=str(context.system.binary),
    )


def chat_scrolling(context):
    """On a system of its own, since the other steps read everything that theirs has."""
    directory = context.directory / "scrolling"
    directory.mkdir()
    with System(directory, []) as system, serve_pages(context, system.url) as pages:
        log = directory / "messages.jsonl"
        log.write_text("".join(f"{json.dumps(line)}\n" for line in make_messages()))
        system.tidings("import", log)
        counts = {
            "ROOMS": str(ROOMS),
            "MESSAGES": str(MESSAGES),
            "SCROLLED": SCROLLED,
            "WITH_REPLIES": str(EITHER_SIDE + REPLIES + EITHER_SIDE),
        }
        token = system.token(PEOPLE[0])
        variables = {"TOKEN": token, **counts}
        return run_script(context, "chat_scrolling.mjs", pages, timeout=SCROLL_SECONDS, **variables)


def make_messages():
    """
    Many conversations with a message each, one with a long thread, and one with many messages of
    different lengths.
    """
    begin = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)
    for room in range(ROOMS):
        yield make_message(f"Room {room:05}", PEOPLE[0], begin, room, f"hello from room {room}")
    yield from make_thread(begin)
    for at in range(MESSAGES):
        text = f"message {at} {'word ' * (at * 7 % 40)}"
        yield make_message("Long one", PEOPLE[at % len(PEOPLE)], begin, at, text)


def make_thread(begin):
    """Replies to the first message, between messages that are none."""
    for at in range(EITHER_SIDE + REPLIES + EITHER_SIDE):
        line = make_message("Long thread", PEOPLE[at % len(PEOPLE)], begin, at, f"number {at}")
        if at == 0:
            line["id"] = "root"
        if EITHER_SIDE <= at < EITHER_SIDE + REPLIES:
            line["thread"] = "root"
        yield line


def make_message(conversation, sender, begin, minutes, text):
    sent_at = (begin + datetime.timedelta(minutes=minutes)).isoformat()
    return {"conversation": conversation, "sender": sender, "sent_at": sent_at, "text": text}


CHAT_STEPS = [
    ("web chat: types and rules", check_types_and_rules),
    ("web chat: two people", chat_together),
    ("web chat: desks", chat_desks),
    ("widget", embed_widget),
    ("web chat: files", chat_files),
    ("web chat: media", chat_media),
    ("web chat: notifications", chat_notifications),
    ("web chat: interruptions", chat_interrupted),
    ("web chat: looks", chat_looks),
    ("web chat: barriers", chat_accessible),
    ("web chat: scrolling", chat_scrolling),
]
