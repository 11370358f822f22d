from enum import StrEnum


class ListOutboxReactions(StrEnum):
    SUMMARY = "summary"

    def __str__(self) -> str:
        return str(self.value)
