from enum import StrEnum


class DeliveredEntryType(StrEnum):
    DELIVERED = "delivered"

    def __str__(self) -> str:
        return str(self.value)
