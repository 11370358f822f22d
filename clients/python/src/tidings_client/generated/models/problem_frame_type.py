from enum import StrEnum


class ProblemFrameType(StrEnum):
    PROBLEM = "problem"

    def __str__(self) -> str:
        return str(self.value)
