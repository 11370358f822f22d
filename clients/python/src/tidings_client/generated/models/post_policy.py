from enum import StrEnum


class PostPolicy(StrEnum):
    ADMINS = "admins"
    MEMBERS = "members"

    def __str__(self) -> str:
        return str(self.value)
