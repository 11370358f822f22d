from enum import StrEnum


class MessageRecalledEntryType(StrEnum):
    MESSAGE_RECALLED = "message_recalled"

    def __str__(self) -> str:
        return str(self.value)
