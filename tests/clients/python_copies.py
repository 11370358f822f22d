"""Clients under test: each keeps a copy of what it sees, and some have a planted bug."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from tidings_client import Client, FileCursorStore, InboxSnapshot, TidingsError, identity_of
from tidings_client.cursors import position_of
from tidings_client.feed import Feed, FeedOptions
from tidings_client.generated.api.inbox import list_entries
from tidings_client.generated.api.messages import list_messages
from tidings_client.generated.models import MessageSentEntry

PAUSE_SECONDS = 0.1
PAGE = 200


class Unacknowledged(Feed):
    """Its acknowledgements are lost, so that the server sends everything again and again."""

    async def _record(self):
        self._store()


class DoubleApply(Unacknowledged):
    """Hands out what comes again."""

    def _drop_repetitions(self, batch):
        return iter(batch.entries)


class KeptPosition(Feed):
    """Compares new entries with the position of a cursor that has expired."""

    highest = 0

    def _drop_repetitions(self, batch):
        self.highest = max(self.highest, position_of(self._cursor))
        fresh = super()._drop_repetitions(batch)
        return iter([entry for entry in fresh if entry.position > self.highest])


class LostResend(Client):
    """Takes a message whose answer is lost for sent."""

    async def send(self, *arguments, **options):
        try:
            return await super().send(*arguments, patience=0, **options)
        except TidingsError:
            return None


class DoubledSend(Client):
    """Sends again under another key."""

    async def send(self, *arguments, **options):
        while True:
            try:
                return await super().send(*arguments, patience=0, **options)
            except TidingsError:
                await asyncio.sleep(PAUSE_SECONDS)


@dataclass(frozen=True)
class Sent:
    """A message that the client took for sent: when, under which position, where and what."""

    generation: int
    position: int | None
    conversation: str
    text: str

    def is_lost_after(self, kept_position):
        """Whether the backup is older, so that the message is lost with what came after."""
        return self.generation == 0 and self.position is not None and self.position > kept_position


@dataclass
class Copy:
    """What one program has seen, over all its runs."""

    #: The entries came after this cursor.
    start: str = "0"
    keys: list = field(default_factory=list)
    messages: dict = field(default_factory=dict)
    snapshots: int = 0
    seen: set = field(default_factory=set)
    #: Entries that came twice in one run.
    doubled: list = field(default_factory=list)

    def apply(self, entry):
        key = identity_of(entry)
        if key in self.seen:
            self.doubled.append(key)
        self.seen.add(key)
        self.keys.append(key)
        if isinstance(entry, MessageSentEntry):
            message = entry.data
            known = self.messages.setdefault(entry.conversation_id, [])
            known.append((message.seq, message.body.text))

    def is_past(self, position):
        return bool(self.keys) and self.keys[-1][0] > position

    async def restart(self, client, snapshot):
        """Reads the histories again."""
        self.start, self.keys, self.seen = snapshot.cursor, [], set()
        self.snapshots += 1
        at = position_of(snapshot.cursor)
        # What was sent since then comes as entries.
        self.messages = {
            conversation.id: [
                (message.seq, message.body.text)
                async for message in client.history(conversation.id)
                if message.position <= at
            ]
            for conversation in snapshot.conversations
        }


class Program:
    """A program that follows entries and sends messages, and that can be restarted."""

    def __init__(self, user, url, token, store, *, feed=Feed, client=Client):
        self.user, self.url, self.token, self.store = user, url, token, store
        self.feed, self.client = feed, client
        self.copy = Copy()
        self.sent = []
        self.runs = 0
        self.follower = None
        #: What ended a run, other than a restart.
        self.errors = []

    def open(self):
        return self.client(self.url, self.token)

    def start(self):
        self.follower = asyncio.create_task(self.follow())

    async def stop(self):
        if self.follower is None:
            return
        self.follower.cancel()
        [ended] = await asyncio.gather(self.follower, return_exceptions=True)
        if not isinstance(ended, asyncio.CancelledError):
            self.errors.append(ended)

    async def restart(self):
        await self.stop()
        self.start()

    async def follow(self):
        self.runs += 1
        # The last run may have ended between the copy and the cursor.
        handled = set(self.copy.seen)
        options = FeedOptions(after="0", store=FileCursorStore(self.store), device=self.user)
        async with self.open() as client:
            async for event in self.feed(client._server, options).events():
                if isinstance(event, InboxSnapshot):
                    await self.copy.restart(client, event)
                    handled = set()
                elif identity_of(event) not in handled:
                    self.copy.apply(event)

    async def differences(self, client, kept_position):
        """In what the copy and the sends differ from what the API says."""
        for error in self.errors:
            yield f"a run has ended: {error!r}"
        if self.copy.doubled:
            yield f"{len(self.copy.doubled)} entries came twice: {first_of(self.copy.doubled)}"
        keys = await read_keys(client, self.copy.start)
        if self.copy.keys != keys:
            yield describe("entries", self.copy.keys, keys)
        for conversation, messages in sorted(self.copy.messages.items()):
            history = [(m.seq, m.body.text) for m in await read_history(client, conversation)]
            if messages != history:
                yield describe(f"messages in {conversation}", messages, history)
            texts = Counter(text for _, text in history)
            for sent in self.sent:
                times = texts[sent.text]
                is_lost = times == 0 and sent.is_lost_after(kept_position)
                if sent.conversation == conversation and times != 1 and not is_lost:
                    outcome = "is there more than once" if times else "is not there"
                    yield f"{sent.text!r} was sent, and {outcome}"
                    break


def describe(what, copy, api):
    missing, extra = Counter(api) - Counter(copy), Counter(copy) - Counter(api)
    if not missing and not extra:
        return f"{what}: the copy has another order than the API"
    lacks = f"lacks {missing.total()} ({first_of(missing)})" if missing else ""
    more = f"has {extra.total()} too many ({first_of(extra)})" if extra else ""
    return f"{what}: of {len(api)}, the copy {' and '.join(filter(None, [lacks, more]))}"


def first_of(keys):
    return ", ".join(map(str, sorted(keys, key=str)[:3]))


async def read_keys(client, after):
    """The identities of all entries after a cursor."""
    keys, has_more = [], True
    while has_more:
        page = await list_entries.asyncio(client=client.api, after=after, limit=PAGE)
        keys += [identity_of(entry) for entry in page.entries]
        after, has_more = page.cursor, page.has_more
    return keys


async def read_history(client, conversation):
    """All messages, oldest first."""
    messages, has_more = [], True
    while has_more:
        after = messages[-1].seq if messages else 0
        page = await list_messages.asyncio(conversation, client=client.api, after=after, limit=PAGE)
        messages += page.messages
        has_more = page.has_more
    return messages
