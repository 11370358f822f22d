from enum import StrEnum


class BatchUnreactOp(StrEnum):
    UNREACT = "unreact"

    def __str__(self) -> str:
        return str(self.value)
