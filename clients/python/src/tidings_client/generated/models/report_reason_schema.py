from enum import StrEnum


class ReportReasonSchema(StrEnum):
    ABUSE = "abuse"
    ILLEGAL = "illegal"
    OTHER = "other"
    SPAM = "spam"

    def __str__(self) -> str:
        return str(self.value)
