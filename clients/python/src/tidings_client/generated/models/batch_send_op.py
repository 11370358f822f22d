from enum import StrEnum


class BatchSendOp(StrEnum):
    SEND = "send"

    def __str__(self) -> str:
        return str(self.value)
