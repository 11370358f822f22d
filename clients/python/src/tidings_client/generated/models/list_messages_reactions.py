from enum import StrEnum


class ListMessagesReactions(StrEnum):
    SUMMARY = "summary"

    def __str__(self) -> str:
        return str(self.value)
