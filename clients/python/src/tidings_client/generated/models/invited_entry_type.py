from enum import StrEnum


class InvitedEntryType(StrEnum):
    INVITED = "invited"

    def __str__(self) -> str:
        return str(self.value)
