from enum import StrEnum


class ScheduledMessageFailedEntryType(StrEnum):
    SCHEDULED_MESSAGE_FAILED = "scheduled_message_failed"

    def __str__(self) -> str:
        return str(self.value)
