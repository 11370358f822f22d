from enum import StrEnum


class ScheduledMessageChangedEntryType(StrEnum):
    SCHEDULED_MESSAGE_CHANGED = "scheduled_message_changed"

    def __str__(self) -> str:
        return str(self.value)
