from enum import StrEnum


class ConversationKind(StrEnum):
    DESK = "desk"
    DIRECT = "direct"
    GROUP = "group"

    def __str__(self) -> str:
        return str(self.value)
