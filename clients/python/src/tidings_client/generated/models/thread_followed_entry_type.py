from enum import StrEnum


class ThreadFollowedEntryType(StrEnum):
    THREAD_FOLLOWED = "thread_followed"

    def __str__(self) -> str:
        return str(self.value)
