from enum import StrEnum


class WhyNotUnread(StrEnum):
    BEFORE_JOIN = "before_join"
    CLEARED = "cleared"
    CONTROL = "control"
    OWN = "own"
    READ = "read"
    RECALLED = "recalled"

    def __str__(self) -> str:
        return str(self.value)
