from enum import StrEnum


class BatchReadOp(StrEnum):
    READ = "read"

    def __str__(self) -> str:
        return str(self.value)
