from enum import StrEnum


class ThreadUnfollowedEntryType(StrEnum):
    THREAD_UNFOLLOWED = "thread_unfollowed"

    def __str__(self) -> str:
        return str(self.value)
