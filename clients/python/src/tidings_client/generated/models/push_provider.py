from enum import StrEnum


class PushProvider(StrEnum):
    APNS = "apns"
    FCM = "fcm"
    WEBPUSH = "webpush"

    def __str__(self) -> str:
        return str(self.value)
