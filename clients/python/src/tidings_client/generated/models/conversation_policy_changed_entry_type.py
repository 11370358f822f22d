from enum import StrEnum


class ConversationPolicyChangedEntryType(StrEnum):
    CONVERSATION_POLICY_CHANGED = "conversation_policy_changed"

    def __str__(self) -> str:
        return str(self.value)
