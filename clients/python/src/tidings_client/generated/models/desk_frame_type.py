from enum import StrEnum


class DeskFrameType(StrEnum):
    DESK = "desk"

    def __str__(self) -> str:
        return str(self.value)
