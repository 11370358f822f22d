from enum import StrEnum


class FloodAction(StrEnum):
    FLAG = "flag"
    SILENCE = "silence"

    def __str__(self) -> str:
        return str(self.value)
