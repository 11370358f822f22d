"""Uploads and downloads of the Python client while their connections break."""

import asyncio
import dataclasses
import hashlib
import os
import random
import tempfile
import threading
from pathlib import Path

from python_proxy import FaultyProxy

from tidings_client import Client, NotFoundError, SyncClient
from tidings_client.generated.api.conversations import create_conversation, get_conversation
from tidings_client.generated.api.users import get_own_profile
from tidings_client.generated.models import CreateRequest, Sent

SIZE = 24 * 1024 * 1024
BREAKS = 4
PATIENCE_SECONDS = 60.0
#: An image, as far as its first bytes say.
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000030000000208060000000000000000")


class Interruption:
    """Breaks the connections again and again while a transfer makes progress.

    `repeated` are the places to which it went back afterwards.
    """

    def __init__(self, proxy):
        self.proxy = proxy
        self.done = 0
        self.breaks = 0
        self.repeated = []

    def __call__(self, done, size):
        if done < self.done:
            self.repeated.append(done)
        is_due = self.breaks < BREAKS and done >= (self.breaks + 1) * size // (BREAKS + 2)
        # What a broken connection has delivered before is still being read.
        if is_due and self.proxy.writers:
            self.breaks += 1
            self.proxy.reset_connections()
        self.done = done

    def check(self, what):
        assert self.breaks == BREAKS, f"{what}: {self.breaks} interruptions"
        assert self.done == SIZE, f"{what}: {self.done} bytes were reported"


async def interrupted(url, token, path, digest):
    """A large file is uploaded and downloaded over connections that break."""
    async with FaultyProxy() as proxy, Client(url, token) as direct:
        proxy.point_to(url)
        async with Client(proxy.url, token) as client:
            sending = Interruption(proxy)
            stored = await client.upload(path, progress=sending, patience=PATIENCE_SECONDS)
            sending.check("the upload")
            # What was on its way is lost, and nothing else.
            assert 0 not in sending.repeated, f"the upload started over: {sending.repeated}"
            assert (stored.size, stored.sha256) == (SIZE, digest), stored
            assert stored.message_type == "file", stored
            receiving = Interruption(proxy)
            copy = path.with_name("copy")
            await client.download_to(stored.id, copy, progress=receiving, patience=PATIENCE_SECONDS)
            receiving.check("the download")
            # That download has waited until the server knows the file.
            assert hashlib.sha256(await direct.download(stored.id)).hexdigest() == digest
            assert not receiving.repeated, f"the download went back: {receiving.repeated}"
            assert proxy.resets >= 2 * BREAKS, f"only {proxy.resets} connections broke"
            assert copy.read_bytes() == path.read_bytes()
            assert sorted(each.name for each in path.parent.iterdir()) == ["copy", path.name]
    return sending.repeated


async def killed(url, token, path):
    """A program that is restarted resumes its upload."""
    places = []
    enough = asyncio.Event()

    def progress(done, size):
        places.append(done)
        if done > size // 3:
            enough.set()

    async with Client(url, token) as client:
        first = asyncio.create_task(client.upload(path, key="killed", progress=progress))
        await enough.wait()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
    places.clear()
    async with Client(url, token) as client:
        stored = await client.upload(path, key="killed", progress=progress)
        again = await client.upload(path, key="killed")
    assert places[0] > 0, "the upload started over"
    # Only the request that stores the file knows the position.
    assert again == dataclasses.replace(stored, position=None), again


def without_asyncio(url, token, path):
    """The synchronous client sends a file in one call, once."""
    threads = set()
    with SyncClient(url, token) as client:
        group = CreateRequest.from_dict({"kind": "group", "title": "Files", "members": ["bob"]})
        group = create_conversation.sync(client=client.api, body=group)
        sent = [
            client.send_file(
                group.id,
                path,
                text="all of it",
                client_message_id="once",
                progress=lambda *_: threads.add(threading.get_ident()),
            )
            for _ in range(2)
        ]
        assert isinstance(sent[0], Sent) and sent[0].seq == sent[1].seq, sent
        [message] = client.history(group.id)
        assert message.body.text == "all of it", message
        assert len(client.download(message.body.file)) == SIZE
        assert threading.get_ident() not in threads
        try:
            client.download("019ad2c5-7a31-7c1e-9f6e-2f0f3d1c9b5a")
        except NotFoundError as problem:
            assert problem.code == "not_found", problem
        else:
            raise AssertionError("an unknown file was downloaded")


def avatars(url, token):
    """An image becomes the avatar of the user and of a group, and is removed again."""
    with SyncClient(url, token) as client:
        request = CreateRequest.from_dict({"kind": "group", "title": "Faces", "members": ["bob"]})
        group = create_conversation.sync(client=client.api, body=request)

        def shown():
            # What is created now is behind the change.
            here = str(create_conversation.sync(client=client.api, body=request).position)
            own = get_own_profile.sync(client=client.api, min_position=here)
            place = get_conversation.sync(group.id, client=client.api, min_position=here)
            return own.avatar, place.policy.avatar

        own = client.set_avatar(PNG, name="me.png")
        ours = client.set_avatar(PNG, name="us.png", conversation_id=group.id)
        assert shown() == (own.id, ours.id), shown()
        assert client.download(own.id) == PNG
        client.set_avatar(None)
        client.set_avatar(None, conversation_id=group.id)
        assert shown() == (None, None), shown()


def main():
    url, token = os.environ["TIDINGS_URL"], os.environ["TIDINGS_TOKEN"]
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "numbers.bin"
        path.write_bytes(random.Random(7).randbytes(SIZE))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        repeated = asyncio.run(interrupted(url, token, path, digest))
        asyncio.run(killed(url, token, path))
        without_asyncio(url, token, path)
        avatars(url, token)
    mebibytes = [round(place / 2**20, 1) for place in repeated]
    print(f"{2 * BREAKS} interruptions; the upload went back to {mebibytes} MiB")


main()
