from enum import StrEnum


class ConversationReadEntryType(StrEnum):
    CONVERSATION_READ = "conversation_read"

    def __str__(self) -> str:
        return str(self.value)
