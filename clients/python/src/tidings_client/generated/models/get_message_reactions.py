from enum import StrEnum


class GetMessageReactions(StrEnum):
    SUMMARY = "summary"

    def __str__(self) -> str:
        return str(self.value)
