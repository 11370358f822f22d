from enum import StrEnum


class MemberUnbannedEntryType(StrEnum):
    MEMBER_UNBANNED = "member_unbanned"

    def __str__(self) -> str:
        return str(self.value)
