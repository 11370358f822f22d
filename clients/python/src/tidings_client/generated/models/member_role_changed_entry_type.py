from enum import StrEnum


class MemberRoleChangedEntryType(StrEnum):
    MEMBER_ROLE_CHANGED = "member_role_changed"

    def __str__(self) -> str:
        return str(self.value)
