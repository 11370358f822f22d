from enum import StrEnum


class GetThreadReactions(StrEnum):
    SUMMARY = "summary"

    def __str__(self) -> str:
        return str(self.value)
