from enum import StrEnum


class MemberSilencedEntryType(StrEnum):
    MEMBER_SILENCED = "member_silenced"

    def __str__(self) -> str:
        return str(self.value)
