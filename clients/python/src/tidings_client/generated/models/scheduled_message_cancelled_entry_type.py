from enum import StrEnum


class ScheduledMessageCancelledEntryType(StrEnum):
    SCHEDULED_MESSAGE_CANCELLED = "scheduled_message_cancelled"

    def __str__(self) -> str:
        return str(self.value)
