from enum import StrEnum


class ConversationCreatedEntryType(StrEnum):
    CONVERSATION_CREATED = "conversation_created"

    def __str__(self) -> str:
        return str(self.value)
