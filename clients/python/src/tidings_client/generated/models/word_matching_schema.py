from enum import StrEnum


class WordMatchingSchema(StrEnum):
    ANYWHERE = "anywhere"
    WORD = "word"

    def __str__(self) -> str:
        return str(self.value)
