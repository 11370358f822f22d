from enum import StrEnum


class ListEntriesReactions(StrEnum):
    SUMMARY = "summary"

    def __str__(self) -> str:
        return str(self.value)
