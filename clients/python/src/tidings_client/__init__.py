"""The Python client of Tidings, a self-hosted messaging backend.

`Client` is asynchronous, `SyncClient` is not. Both follow what happens in the conversations of a
user, over disconnects and restarts, send messages that are never doubled, and upload files that go
on where they stopped. The generated calls in `tidings_client.generated.api` cover everything else,
and the models of `tidings_client.generated.models` are what entries consist of.
"""

from .blocking import SyncClient
from .client import Client
from .cursors import CursorStore, FileCursorStore, MemoryCursorStore
from .entries import Entry, Event, InboxSnapshot, Message, UnknownEntry, identity_of
from .files import StoredFile
from .problems import (
    ConflictError,
    CursorExpiredError,
    CursorStoreError,
    DeviceReplacedError,
    ForbiddenError,
    InvalidError,
    MalformedError,
    NotFoundError,
    ProblemError,
    ServerError,
    TidingsError,
    TooLargeError,
    TooManyRequestsError,
    UnauthorizedError,
    UnavailableError,
    UnreachableError,
    UnsupportedMediaTypeError,
)
from .tokens import Password

__all__ = [
    "Client",
    "ConflictError",
    "CursorExpiredError",
    "CursorStore",
    "CursorStoreError",
    "DeviceReplacedError",
    "Entry",
    "Event",
    "FileCursorStore",
    "ForbiddenError",
    "InboxSnapshot",
    "InvalidError",
    "MalformedError",
    "MemoryCursorStore",
    "Message",
    "NotFoundError",
    "Password",
    "ProblemError",
    "ServerError",
    "StoredFile",
    "SyncClient",
    "TidingsError",
    "TooLargeError",
    "TooManyRequestsError",
    "UnauthorizedError",
    "UnavailableError",
    "UnknownEntry",
    "UnreachableError",
    "UnsupportedMediaTypeError",
    "identity_of",
]
