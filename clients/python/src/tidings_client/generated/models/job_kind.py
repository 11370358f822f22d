from enum import StrEnum


class JobKind(StrEnum):
    REBUILD = "rebuild"
    VERIFY = "verify"

    def __str__(self) -> str:
        return str(self.value)
