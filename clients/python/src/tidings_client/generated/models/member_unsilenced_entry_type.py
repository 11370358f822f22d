from enum import StrEnum


class MemberUnsilencedEntryType(StrEnum):
    MEMBER_UNSILENCED = "member_unsilenced"

    def __str__(self) -> str:
        return str(self.value)
