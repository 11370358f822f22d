from enum import StrEnum


class HeldMessageReleasedEntryType(StrEnum):
    HELD_MESSAGE_RELEASED = "held_message_released"

    def __str__(self) -> str:
        return str(self.value)
