from enum import StrEnum


class MessageRestoredEntryType(StrEnum):
    MESSAGE_RESTORED = "message_restored"

    def __str__(self) -> str:
        return str(self.value)
