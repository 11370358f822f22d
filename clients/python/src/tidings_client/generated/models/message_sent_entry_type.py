from enum import StrEnum


class MessageSentEntryType(StrEnum):
    MESSAGE_SENT = "message_sent"

    def __str__(self) -> str:
        return str(self.value)
