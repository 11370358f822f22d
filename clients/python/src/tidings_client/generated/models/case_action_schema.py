from enum import StrEnum


class CaseActionSchema(StrEnum):
    BAN = "ban"
    NONE = "none"
    RECALL = "recall"
    REFUSE = "refuse"
    RELEASE = "release"
    SILENCE = "silence"

    def __str__(self) -> str:
        return str(self.value)
