from enum import StrEnum


class CaughtUpFrameType(StrEnum):
    CAUGHT_UP = "caught_up"

    def __str__(self) -> str:
        return str(self.value)
