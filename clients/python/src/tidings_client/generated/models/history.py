from enum import StrEnum


class History(StrEnum):
    ALL = "all"
    SINCE_JOIN = "since_join"

    def __str__(self) -> str:
        return str(self.value)
