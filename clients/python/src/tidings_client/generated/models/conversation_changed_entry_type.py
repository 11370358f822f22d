from enum import StrEnum


class ConversationChangedEntryType(StrEnum):
    CONVERSATION_CHANGED = "conversation_changed"

    def __str__(self) -> str:
        return str(self.value)
