from enum import StrEnum


class MessageRefusedEntryType(StrEnum):
    MESSAGE_REFUSED = "message_refused"

    def __str__(self) -> str:
        return str(self.value)
