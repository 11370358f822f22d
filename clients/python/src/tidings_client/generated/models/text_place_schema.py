from enum import StrEnum


class TextPlaceSchema(StrEnum):
    NAME = "name"
    TEXT = "text"
    TITLE = "title"

    def __str__(self) -> str:
        return str(self.value)
