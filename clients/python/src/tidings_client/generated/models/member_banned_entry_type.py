from enum import StrEnum


class MemberBannedEntryType(StrEnum):
    MEMBER_BANNED = "member_banned"

    def __str__(self) -> str:
        return str(self.value)
