"""Two people chat, with the client that openapi-python-client generates."""

import os
from uuid import uuid4

from tidings_client.generated import AuthenticatedClient
from tidings_client.generated.api.conversations import create_conversation
from tidings_client.generated.api.inbox import list_entries
from tidings_client.generated.api.messages import list_messages, send_message
from tidings_client.generated.models import (
    ConversationCreatedEntry,
    CreateRequest,
    MessageSentEntry,
)
from tidings_client.generated.models import SendTextRequest


def sign_in(token):
    return AuthenticatedClient(base_url=os.environ["TIDINGS_URL"], token=os.environ[token])


ann, bob = sign_in("ANN_TOKEN"), sign_in("BOB_TOKEN")

group = CreateRequest.from_dict({"kind": "group", "title": "Python", "members": ["bob"]})
created = create_conversation.sync(client=ann, body=group)
hello = {"client_message_id": str(uuid4()), "type": "text", "body": {"text": "Hello"}}
sent = send_message.sync(created.id, client=ann, body=SendTextRequest.from_dict(hello))

position = str(sent.position)
history = list_messages.sync(created.id, client=ann, min_position=position)
assert history.messages[0].client_message_id == hello["client_message_id"]

lines = []
feed = list_entries.sync(client=bob, min_position=position)
for entry in feed.entries:
    match entry:
        case ConversationCreatedEntry(conversation_id=created.id):
            lines.append(f"created {entry.data.title}")
        case MessageSentEntry(conversation_id=created.id):
            assert not entry.data.client_message_id  # Only Ann gets it back.
            lines.append(f"{entry.data.sender}: {entry.data.body.text}")
assert lines == ["created Python", "ann: Hello"], lines
print(", ".join(lines))
