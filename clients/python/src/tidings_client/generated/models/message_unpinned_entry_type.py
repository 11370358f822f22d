from enum import StrEnum


class MessageUnpinnedEntryType(StrEnum):
    MESSAGE_UNPINNED = "message_unpinned"

    def __str__(self) -> str:
        return str(self.value)
