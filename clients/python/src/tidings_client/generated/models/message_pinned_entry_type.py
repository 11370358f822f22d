from enum import StrEnum


class MessagePinnedEntryType(StrEnum):
    MESSAGE_PINNED = "message_pinned"

    def __str__(self) -> str:
        return str(self.value)
