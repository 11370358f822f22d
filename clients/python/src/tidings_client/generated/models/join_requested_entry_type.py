from enum import StrEnum


class JoinRequestedEntryType(StrEnum):
    JOIN_REQUESTED = "join_requested"

    def __str__(self) -> str:
        return str(self.value)
