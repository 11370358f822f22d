from enum import StrEnum


class CaseKind(StrEnum):
    FLAG = "flag"
    FLOOD = "flood"
    HELD = "held"
    REPORT = "report"

    def __str__(self) -> str:
        return str(self.value)
