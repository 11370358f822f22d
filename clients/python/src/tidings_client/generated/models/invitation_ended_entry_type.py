from enum import StrEnum


class InvitationEndedEntryType(StrEnum):
    INVITATION_ENDED = "invitation_ended"

    def __str__(self) -> str:
        return str(self.value)
