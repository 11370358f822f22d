from enum import StrEnum


class BatchEditOp(StrEnum):
    EDIT = "edit"

    def __str__(self) -> str:
        return str(self.value)
