"""Two people chat, with the client that openapi-python-client generated."""

import os
from uuid import uuid4

from tidings_client import AuthenticatedClient
from tidings_client.api.conversations import create_conversation
from tidings_client.api.inbox import list_entries
from tidings_client.api.messages import list_messages, send_message
from tidings_client.models import Created, CreateRequest, Entries, HistoryPage, SendRequest, Sent

URL = os.environ["TIDINGS_URL"]
ann = AuthenticatedClient(base_url=URL, token=os.environ["ANN_TOKEN"])
bob = AuthenticatedClient(base_url=URL, token=os.environ["BOB_TOKEN"])

group = CreateRequest.from_dict({"kind": "group", "title": "Python", "members": ["bob"]})
created = create_conversation.sync(client=ann, body=group)
assert isinstance(created, Created), created
hello = {"client_message_id": str(uuid4()), "type": "text", "body": {"text": "Hello"}}
sent = send_message.sync(created.id, client=ann, body=SendRequest.from_dict(hello))
assert isinstance(sent, Sent), sent

history = list_messages.sync(created.id, client=ann, min_position=str(sent.position))
assert isinstance(history, HistoryPage), history
assert history.messages[0].client_message_id == hello["client_message_id"]

page = list_entries.sync(client=bob, after="0", min_position=str(sent.position))
assert isinstance(page, Entries), page
lines = []
for entry in page.entries:
    if entry.conversation_id == created.id:
        match type(entry).__name__:
            case "ConversationCreated":
                lines.append(f"created {entry.data.title}")
            case "MessageSent":
                assert not entry.data.client_message_id  # only for its author
                lines.append(f"{entry.data.sender}: {entry.data.body['text']}")
assert lines == ["created Python", "ann: Hello"], lines
print(", ".join(lines))
