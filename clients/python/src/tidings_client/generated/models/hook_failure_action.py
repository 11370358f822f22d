from enum import StrEnum


class HookFailureAction(StrEnum):
    ALLOW = "allow"
    HOLD = "hold"
    REFUSE = "refuse"

    def __str__(self) -> str:
        return str(self.value)
