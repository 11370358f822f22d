from enum import StrEnum


class BatchRecallOp(StrEnum):
    RECALL = "recall"

    def __str__(self) -> str:
        return str(self.value)
