from enum import StrEnum


class MessageErasedEntryType(StrEnum):
    MESSAGE_ERASED = "message_erased"

    def __str__(self) -> str:
        return str(self.value)
