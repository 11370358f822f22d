from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.push_provider import PushProvider
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.browser_subscription import BrowserSubscription


T = TypeVar("T", bound="PushRequest")


@_attrs_define
class PushRequest:
    """How to push to a device.

    Attributes:
        provider (PushProvider): Who delivers the pushes of a device.
        preview (bool | Unset): Whether pushes show the text of messages. Default: True.
        subscription (BrowserSubscription | None | Unset):
        token (None | str | Unset): For `apns` and `fcm`: the token that the app got, at most 1,024 characters. It is
            stored
            beside the log, and no answer returns it.
        topic (None | str | Unset): For `apns`: the bundle id of the app, if it is another one than the server's
            setting.
    """

    provider: PushProvider
    preview: bool | Unset = True
    subscription: BrowserSubscription | None | Unset = UNSET
    token: None | str | Unset = UNSET
    topic: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.browser_subscription import BrowserSubscription  # noqa: PLC0415

        provider = self.provider.value

        preview = self.preview

        subscription: dict[str, Any] | None | Unset
        if isinstance(self.subscription, Unset):
            subscription = UNSET
        elif isinstance(self.subscription, BrowserSubscription):
            subscription = self.subscription.to_dict()
        else:
            subscription = self.subscription

        token: None | str | Unset
        if isinstance(self.token, Unset):
            token = UNSET
        else:
            token = self.token

        topic: None | str | Unset
        if isinstance(self.topic, Unset):
            topic = UNSET
        else:
            topic = self.topic

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "provider": provider,
            }
        )
        if preview is not UNSET:
            field_dict["preview"] = preview
        if subscription is not UNSET:
            field_dict["subscription"] = subscription
        if token is not UNSET:
            field_dict["token"] = token
        if topic is not UNSET:
            field_dict["topic"] = topic

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.browser_subscription import BrowserSubscription  # noqa: PLC0415

        d = dict(src_dict)
        provider = PushProvider(d.pop("provider"))

        preview = d.pop("preview", UNSET)

        def _parse_subscription(data: object) -> BrowserSubscription | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                subscription_type_0 = BrowserSubscription.from_dict(data)

                return subscription_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BrowserSubscription | None | Unset, data)

        subscription = _parse_subscription(d.pop("subscription", UNSET))

        def _parse_token(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        token = _parse_token(d.pop("token", UNSET))

        def _parse_topic(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        topic = _parse_topic(d.pop("topic", UNSET))

        push_request = cls(
            provider=provider,
            preview=preview,
            subscription=subscription,
            token=token,
            topic=topic,
        )

        push_request.additional_properties = d
        return push_request

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
