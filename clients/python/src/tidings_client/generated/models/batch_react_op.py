from enum import StrEnum


class BatchReactOp(StrEnum):
    REACT = "react"

    def __str__(self) -> str:
        return str(self.value)
