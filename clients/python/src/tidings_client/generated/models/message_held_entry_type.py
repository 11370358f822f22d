from enum import StrEnum


class MessageHeldEntryType(StrEnum):
    MESSAGE_HELD = "message_held"

    def __str__(self) -> str:
        return str(self.value)
