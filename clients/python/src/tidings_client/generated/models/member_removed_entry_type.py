from enum import StrEnum


class MemberRemovedEntryType(StrEnum):
    MEMBER_REMOVED = "member_removed"

    def __str__(self) -> str:
        return str(self.value)
