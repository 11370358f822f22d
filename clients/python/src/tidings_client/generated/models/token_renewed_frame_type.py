from enum import StrEnum


class TokenRenewedFrameType(StrEnum):
    TOKEN_RENEWED = "token_renewed"

    def __str__(self) -> str:
        return str(self.value)
