from enum import StrEnum


class ConversationClearedEntryType(StrEnum):
    CONVERSATION_CLEARED = "conversation_cleared"

    def __str__(self) -> str:
        return str(self.value)
