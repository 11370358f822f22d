from enum import StrEnum


class VisibilityReason(StrEnum):
    BEFORE_JOIN = "before_join"
    CLEARED = "cleared"
    ERASED = "erased"
    EXPIRED = "expired"
    LEFT = "left"
    MEMBER = "member"
    NEVER_MEMBER = "never_member"
    NOT_YET = "not_yet"
    NO_CONVERSATION = "no_conversation"
    NO_MESSAGE = "no_message"
    PARKED = "parked"
    RECALLED = "recalled"
    STAY = "stay"

    def __str__(self) -> str:
        return str(self.value)
