from enum import StrEnum


class MessageScheduledEntryType(StrEnum):
    MESSAGE_SCHEDULED = "message_scheduled"

    def __str__(self) -> str:
        return str(self.value)
