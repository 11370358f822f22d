from enum import StrEnum


class JoinRequestEndedEntryType(StrEnum):
    JOIN_REQUEST_ENDED = "join_request_ended"

    def __str__(self) -> str:
        return str(self.value)
