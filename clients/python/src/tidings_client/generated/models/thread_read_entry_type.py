from enum import StrEnum


class ThreadReadEntryType(StrEnum):
    THREAD_READ = "thread_read"

    def __str__(self) -> str:
        return str(self.value)
