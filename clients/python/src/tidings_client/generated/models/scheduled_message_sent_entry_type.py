from enum import StrEnum


class ScheduledMessageSentEntryType(StrEnum):
    SCHEDULED_MESSAGE_SENT = "scheduled_message_sent"

    def __str__(self) -> str:
        return str(self.value)
