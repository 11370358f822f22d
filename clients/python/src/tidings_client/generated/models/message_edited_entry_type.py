from enum import StrEnum


class MessageEditedEntryType(StrEnum):
    MESSAGE_EDITED = "message_edited"

    def __str__(self) -> str:
        return str(self.value)
