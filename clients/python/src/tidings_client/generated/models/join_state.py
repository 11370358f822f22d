from enum import StrEnum


class JoinState(StrEnum):
    ASKED = "asked"
    JOINED = "joined"

    def __str__(self) -> str:
        return str(self.value)
