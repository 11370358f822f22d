"""Python clients while their server is killed, connections break and a backup is restored.

What each client has seen must be what the API says, and what it has sent must be there once. Some
of the clients have a planted bug: each must be found, or the comparison proves nothing.
"""

import asyncio
import itertools
import json
import logging
import random
import sys
import time
from pathlib import Path

from python_copies import (
    DoubleApply,
    DoubledSend,
    KeptPosition,
    LostResend,
    Program,
    Sent,
    Unacknowledged,
)
from python_proxy import FaultyProxy
from system import System
from tidings_client import Client, backoff
from tidings_client.generated.api.conversations import create_conversation
from tidings_client.generated.models import CreateRequest

SOUND = {
    "unacknowledged": {"feed": Unacknowledged},
    # Its proxy lets no WebSocket through.
    "polling": {},
    **{f"sound{number}": {} for number in range(5)},
}
PLANTED = {
    "double-apply": {"feed": DoubleApply},
    "kept-position": {"feed": KeptPosition},
    "lost-resend": {"client": LostResend},
    "doubled-send": {"client": DoubledSend},
}
# What each planted bug looks like in the end.
SIGNS = {
    "double-apply": "entries came twice",
    "kept-position": "the copy lacks",
    "lost-resend": "is not there",
    "doubled-send": "is there more than once",
}
CONVERSATIONS = ["kitchen", "garden"]
# Their connections last until the server sends again what was not acknowledged, after 10 s.
CALM = ["unacknowledged", "double-apply"]
# The server closes this one's connections again and again.
SHORT_TOKEN = "sound1"
SHORT_SECONDS, LONG_SECONDS = 5, 3600
SETTLE_SECONDS = 90
POLL_SECONDS = 0.2
RESET_SECONDS = 0.5
# Of so many answers, some are lost.
SENT_MESSAGES, LOST_ANSWERS = 50, 0.15
PAUSE_SECONDS = 0.2
LOST_EVENTS = 60
# So that nobody waits long after a restart.
LONGEST_DELAY_SECONDS = 1.0


class Chaos:
    """The system, its proxies and its clients."""

    def __init__(self, directory, proxy, calm, walled):
        self.directory, self.proxy, self.calm, self.walled = directory, proxy, calm, walled
        self.system = System(self.make_directory("first"), [])
        self.generation = 0
        self.kept_position = 0
        self.stopping = asyncio.Event()
        # Cleared while nobody sends.
        self.sending = asyncio.Event()
        self.programs = [self.make_program(user) for user in [*SOUND, *PLANTED]]
        sound = [program for program in self.programs if program.user in SOUND]
        self.restarted = [program for program in sound if program.user not in CALM]

    def make_directory(self, name):
        directory = self.directory / name
        directory.mkdir()
        return directory

    def make_program(self, user):
        proxy = self.walled if user == "polling" else self.proxy
        proxy = self.calm if user in CALM else proxy
        seconds = SHORT_SECONDS if user == SHORT_TOKEN else LONG_SECONDS
        store = self.directory / f"{user}.cursor"

        def sign_token():
            return self.system.sign_token(user, seconds)

        return Program(user, proxy.url, sign_token, store, **{**SOUND, **PLANTED}[user])

    async def start_system(self):
        await asyncio.to_thread(self.system.__enter__)
        for proxy in (self.proxy, self.calm, self.walled):
            proxy.point_to(self.system.url)

    def connect(self, user):
        """A client without a proxy."""
        return Client(self.system.url, self.system.sign_token(user, LONG_SECONDS))

    async def run(self):
        await self.start_system()
        async with self.connect("host") as host:
            for conversation in CONVERSATIONS:
                members = [program.user for program in self.programs]
                group = {"kind": "group", "id": conversation, "members": members}
                body = CreateRequest.from_dict(group)
                await create_conversation.asyncio(client=host.api, body=body)
        async with asyncio.TaskGroup() as group:
            for program in self.programs:
                program.start()
                group.create_task(self.send(program))
            self.sending.set()
            await self.break_connections_until(self.has_gone_wrong_often)
            await self.kill()
            await self.lose_what_came_after_a_backup()
            await self.break_connections_for(4)
            self.stopping.set()
        return await self.compare()

    async def send(self, program):
        """Sends messages until there were enough, and notes those that the server has."""
        async with program.open() as client:
            for number in itertools.count(1):
                await self.sending.wait()
                if self.stopping.is_set():
                    break
                text, conversation = f"{program.user} {number}", random.choice(CONVERSATIONS)
                answer = await client.send(conversation, text)
                position = answer.position if answer else None
                program.sent.append(Sent(self.generation, position, conversation, text))
                await asyncio.sleep(PAUSE_SECONDS * random.random())

    def has_gone_wrong_often(self):
        """Whether the server has sent again, and every program has had lost answers."""
        doubled = any(p.copy.doubled for p in self.programs if p.user == "double-apply")
        return doubled and all(len(p.sent) > SENT_MESSAGES for p in self.programs)

    async def break_connections_for(self, seconds):
        end = time.monotonic() + seconds
        await self.break_connections_until(lambda: time.monotonic() > end)

    async def break_connections_until(self, is_true):
        """Resets, lost answers and restarts of programs."""
        self.proxy.lost_answers = LOST_ANSWERS
        deadline = time.monotonic() + SETTLE_SECONDS
        while not is_true() and time.monotonic() < deadline:
            await asyncio.sleep(RESET_SECONDS)
            self.proxy.reset_connections(share=0.2)
            await random.choice(self.restarted).restart()
        self.proxy.lost_answers = 0.0

    async def kill(self):
        self.system.kill()
        await self.start_system()

    async def lose_what_came_after_a_backup(self):
        backup = self.directory / "backup"
        answer = await asyncio.to_thread(self.system.tidings, "backup", backup, "--json")
        self.kept_position = json.loads(answer)["position"]
        # Everybody sees much that will be lost: messages take these positions again.
        lost = self.kept_position + LOST_EVENTS
        await self.wait_until(lambda: all(p.copy.is_past(lost) for p in self.programs))
        self.sending.clear()
        self.system.kill()
        restored = System(self.make_directory("second"), [])
        await asyncio.to_thread(restored.tidings, "restore", backup, "--yes")
        self.system = restored
        await self.start_system()
        self.generation = 1
        # The positions that were lost are given to others only now that everybody has noticed.
        await self.wait_until(lambda: all(program.copy.snapshots for program in self.programs))
        self.sending.set()

    async def wait_until(self, is_true):
        """Waits for a bounded time: what does not come is found in the end."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while not is_true() and time.monotonic() < deadline:
            await asyncio.sleep(POLL_SECONDS)

    async def compare(self):
        """Waits until every sound client has what the API says, and returns all differences."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            found = {p.user: await self.differences_of(p) for p in self.programs}
            if not any(found[user] for user in SOUND) or time.monotonic() > deadline:
                return found
            await asyncio.sleep(POLL_SECONDS)

    async def differences_of(self, program):
        if program.follower.done():
            return [f"it has ended: {program.follower.exception()!r}"]
        async with self.connect(program.user) as client:
            return [line async for line in program.differences(client, self.kept_position)]


async def main(directory):
    # The clients say what they wait for, which is all that happens here.
    logging.disable()
    backoff.LONGEST_SECONDS = LONGEST_DELAY_SECONDS
    walled = FaultyProxy(refused=b"GET /v1/live")
    async with FaultyProxy() as proxy, FaultyProxy() as calm, walled:
        chaos = Chaos(Path(directory), proxy, calm, walled)
        try:
            found = await chaos.run()
        finally:
            await asyncio.gather(*(program.stop() for program in chaos.programs))
            chaos.system.stop()
        report(chaos, found)


def report(chaos, found):
    """Fails if a sound client differs from the API, or one with a bug does not."""
    wrong = [f"{user}: {line}" for user in SOUND for line in found[user]]
    wrong += [
        f"{user}: nothing says {sign!r}, but: {found[user]}"
        for user, sign in SIGNS.items()
        if not any(sign in line for line in found[user])
    ]
    sound = [program for program in chaos.programs if program.user in SOUND]
    wrong += [f"{p.user} has had no snapshot" for p in sound if p.copy.snapshots == 0]
    if wrong:
        sys.exit("\n".join(wrong))
    entries = sum(len(program.copy.keys) for program in sound)
    messages = sum(len(program.sent) for program in sound)
    runs = sum(program.runs for program in sound)
    print(
        f"{len(sound)} clients in {runs} runs hold what the API says: {messages} messages and"
        f" {entries} entries since the restore, {chaos.proxy.resets} resets;"
        f" {len(PLANTED)} planted bugs are found"
    )


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
