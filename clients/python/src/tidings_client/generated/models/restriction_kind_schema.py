from enum import StrEnum


class RestrictionKindSchema(StrEnum):
    BANNED = "banned"
    SILENCED = "silenced"

    def __str__(self) -> str:
        return str(self.value)
