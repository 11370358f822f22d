from enum import StrEnum


class MemberAddedEntryType(StrEnum):
    MEMBER_ADDED = "member_added"

    def __str__(self) -> str:
        return str(self.value)
