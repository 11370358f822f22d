from enum import StrEnum


class JoinPolicy(StrEnum):
    ADDED = "added"
    ASKED = "asked"
    OPEN = "open"

    def __str__(self) -> str:
        return str(self.value)
