from enum import StrEnum


class RefusedFrameType(StrEnum):
    REFUSED = "refused"

    def __str__(self) -> str:
        return str(self.value)
