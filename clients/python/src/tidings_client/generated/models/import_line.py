from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.earlier_line import EarlierLine
    from ..models.import_reaction import ImportReaction


T = TypeVar("T", bound="ImportLine")


@_attrs_define
class ImportLine:
    """A message from another system (`sender`, `sent_at`, `text` and its optional fields), or
    `members` who joined there.

        Attributes:
            conversation (str): The id of a group. Ids that start with `d_` are reserved for direct conversations.
            line (int): The number of the line, returned in the response.
            direct (list[str] | None | Unset): Two users whose direct conversation to use instead of `conversation`, unless
                they already
                have one that another source or one of them made.
            earlier (EarlierLine | None | Unset):
            edited_at (datetime.datetime | None | Unset): When the message was last edited. `text` is the text after that
                edit.
            file (None | str | Unset): One of the sender's own files that is stored: see `POST /v1/files`, with
                `Tidings-Act-For`. The text, if there is one, is its caption.
            id (None | str | Unset): The id of the message in the other system. Identifies the line when it is repeated, and
                is
                what `reply_to` and `thread` refer to.
            joined_at (datetime.datetime | None | Unset): When the `members` joined in the other system, if that is known.
            key (None | str | Unset): Identifies the line when it is repeated, if it has no `id`.
            members (list[str] | None | Unset): Users who join at this point of the conversation without sending a message.
                A line with
                members has no message.
            original (None | str | Unset): The original text of an edited message, if known.
            preferred (None | str | Unset): The id to use instead of `conversation`, unless there already is a conversation
                with this
                id that another source or a user made.
            reactions (list[ImportReaction] | None | Unset): The reactions to the message. Reactions beyond the limit of
                distinct keys are dropped.
            reply_to (None | str | Unset): The `id` of an earlier line of the conversation; an unknown id is dropped
                (`reply_dropped`).
            sender (None | str | Unset): The user who sent the message. Control characters are removed; truncated to 128
                characters.
            sent_at (datetime.datetime | None | Unset): When the message was sent.
            source (None | str | Unset): The export or system from which the line comes; at most 256 bytes. An import adds
                only to
                conversations that the same source made.
            text (None | str | Unset): The current text of the message.
            thread (None | str | Unset): The `id` of the first message of the thread that it belongs to; an unknown id is
                ignored.
            title (None | str | Unset): The title of the group if it does not exist yet; truncated to 200 characters.
    """

    conversation: str
    line: int
    direct: list[str] | None | Unset = UNSET
    earlier: EarlierLine | None | Unset = UNSET
    edited_at: datetime.datetime | None | Unset = UNSET
    file: None | str | Unset = UNSET
    id: None | str | Unset = UNSET
    joined_at: datetime.datetime | None | Unset = UNSET
    key: None | str | Unset = UNSET
    members: list[str] | None | Unset = UNSET
    original: None | str | Unset = UNSET
    preferred: None | str | Unset = UNSET
    reactions: list[ImportReaction] | None | Unset = UNSET
    reply_to: None | str | Unset = UNSET
    sender: None | str | Unset = UNSET
    sent_at: datetime.datetime | None | Unset = UNSET
    source: None | str | Unset = UNSET
    text: None | str | Unset = UNSET
    thread: None | str | Unset = UNSET
    title: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.earlier_line import EarlierLine  # noqa: PLC0415

        conversation = self.conversation

        line = self.line

        direct: list[str] | None | Unset
        if isinstance(self.direct, Unset):
            direct = UNSET
        elif isinstance(self.direct, list):
            direct = self.direct

        else:
            direct = self.direct

        earlier: dict[str, Any] | None | Unset
        if isinstance(self.earlier, Unset):
            earlier = UNSET
        elif isinstance(self.earlier, EarlierLine):
            earlier = self.earlier.to_dict()
        else:
            earlier = self.earlier

        edited_at: None | str | Unset
        if isinstance(self.edited_at, Unset):
            edited_at = UNSET
        elif isinstance(self.edited_at, datetime.datetime):
            edited_at = self.edited_at.isoformat()
        else:
            edited_at = self.edited_at

        file: None | str | Unset
        if isinstance(self.file, Unset):
            file = UNSET
        else:
            file = self.file

        id: None | str | Unset
        if isinstance(self.id, Unset):
            id = UNSET
        else:
            id = self.id

        joined_at: None | str | Unset
        if isinstance(self.joined_at, Unset):
            joined_at = UNSET
        elif isinstance(self.joined_at, datetime.datetime):
            joined_at = self.joined_at.isoformat()
        else:
            joined_at = self.joined_at

        key: None | str | Unset
        if isinstance(self.key, Unset):
            key = UNSET
        else:
            key = self.key

        members: list[str] | None | Unset
        if isinstance(self.members, Unset):
            members = UNSET
        elif isinstance(self.members, list):
            members = self.members

        else:
            members = self.members

        original: None | str | Unset
        if isinstance(self.original, Unset):
            original = UNSET
        else:
            original = self.original

        preferred: None | str | Unset
        if isinstance(self.preferred, Unset):
            preferred = UNSET
        else:
            preferred = self.preferred

        reactions: list[dict[str, Any]] | None | Unset
        if isinstance(self.reactions, Unset):
            reactions = UNSET
        elif isinstance(self.reactions, list):
            reactions = []
            for reactions_type_0_item_data in self.reactions:
                reactions_type_0_item = reactions_type_0_item_data.to_dict()
                reactions.append(reactions_type_0_item)

        else:
            reactions = self.reactions

        reply_to: None | str | Unset
        if isinstance(self.reply_to, Unset):
            reply_to = UNSET
        else:
            reply_to = self.reply_to

        sender: None | str | Unset
        if isinstance(self.sender, Unset):
            sender = UNSET
        else:
            sender = self.sender

        sent_at: None | str | Unset
        if isinstance(self.sent_at, Unset):
            sent_at = UNSET
        elif isinstance(self.sent_at, datetime.datetime):
            sent_at = self.sent_at.isoformat()
        else:
            sent_at = self.sent_at

        source: None | str | Unset
        if isinstance(self.source, Unset):
            source = UNSET
        else:
            source = self.source

        text: None | str | Unset
        if isinstance(self.text, Unset):
            text = UNSET
        else:
            text = self.text

        thread: None | str | Unset
        if isinstance(self.thread, Unset):
            thread = UNSET
        else:
            thread = self.thread

        title: None | str | Unset
        if isinstance(self.title, Unset):
            title = UNSET
        else:
            title = self.title

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "conversation": conversation,
                "line": line,
            }
        )
        if direct is not UNSET:
            field_dict["direct"] = direct
        if earlier is not UNSET:
            field_dict["earlier"] = earlier
        if edited_at is not UNSET:
            field_dict["edited_at"] = edited_at
        if file is not UNSET:
            field_dict["file"] = file
        if id is not UNSET:
            field_dict["id"] = id
        if joined_at is not UNSET:
            field_dict["joined_at"] = joined_at
        if key is not UNSET:
            field_dict["key"] = key
        if members is not UNSET:
            field_dict["members"] = members
        if original is not UNSET:
            field_dict["original"] = original
        if preferred is not UNSET:
            field_dict["preferred"] = preferred
        if reactions is not UNSET:
            field_dict["reactions"] = reactions
        if reply_to is not UNSET:
            field_dict["reply_to"] = reply_to
        if sender is not UNSET:
            field_dict["sender"] = sender
        if sent_at is not UNSET:
            field_dict["sent_at"] = sent_at
        if source is not UNSET:
            field_dict["source"] = source
        if text is not UNSET:
            field_dict["text"] = text
        if thread is not UNSET:
            field_dict["thread"] = thread
        if title is not UNSET:
            field_dict["title"] = title

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.earlier_line import EarlierLine  # noqa: PLC0415
        from ..models.import_reaction import ImportReaction  # noqa: PLC0415

        d = dict(src_dict)
        conversation = d.pop("conversation")

        line = d.pop("line")

        def _parse_direct(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                direct_type_0 = cast(list[str], data)

                return direct_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        direct = _parse_direct(d.pop("direct", UNSET))

        def _parse_earlier(data: object) -> EarlierLine | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                earlier_type_0 = EarlierLine.from_dict(data)

                return earlier_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(EarlierLine | None | Unset, data)

        earlier = _parse_earlier(d.pop("earlier", UNSET))

        def _parse_edited_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                edited_at_type_0 = datetime.datetime.fromisoformat(data)

                return edited_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        edited_at = _parse_edited_at(d.pop("edited_at", UNSET))

        def _parse_file(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        file = _parse_file(d.pop("file", UNSET))

        def _parse_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        id = _parse_id(d.pop("id", UNSET))

        def _parse_joined_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                joined_at_type_0 = datetime.datetime.fromisoformat(data)

                return joined_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        joined_at = _parse_joined_at(d.pop("joined_at", UNSET))

        def _parse_key(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        key = _parse_key(d.pop("key", UNSET))

        def _parse_members(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                members_type_0 = cast(list[str], data)

                return members_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        members = _parse_members(d.pop("members", UNSET))

        def _parse_original(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        original = _parse_original(d.pop("original", UNSET))

        def _parse_preferred(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        preferred = _parse_preferred(d.pop("preferred", UNSET))

        def _parse_reactions(data: object) -> list[ImportReaction] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                reactions_type_0 = []
                _reactions_type_0 = data
                for reactions_type_0_item_data in _reactions_type_0:
                    reactions_type_0_item = ImportReaction.from_dict(reactions_type_0_item_data)

                    reactions_type_0.append(reactions_type_0_item)

                return reactions_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[ImportReaction] | None | Unset, data)

        reactions = _parse_reactions(d.pop("reactions", UNSET))

        def _parse_reply_to(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reply_to = _parse_reply_to(d.pop("reply_to", UNSET))

        def _parse_sender(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        sender = _parse_sender(d.pop("sender", UNSET))

        def _parse_sent_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                sent_at_type_0 = datetime.datetime.fromisoformat(data)

                return sent_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        sent_at = _parse_sent_at(d.pop("sent_at", UNSET))

        def _parse_source(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        source = _parse_source(d.pop("source", UNSET))

        def _parse_text(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        text = _parse_text(d.pop("text", UNSET))

        def _parse_thread(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        thread = _parse_thread(d.pop("thread", UNSET))

        def _parse_title(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        title = _parse_title(d.pop("title", UNSET))

        import_line = cls(
            conversation=conversation,
            line=line,
            direct=direct,
            earlier=earlier,
            edited_at=edited_at,
            file=file,
            id=id,
            joined_at=joined_at,
            key=key,
            members=members,
            original=original,
            preferred=preferred,
            reactions=reactions,
            reply_to=reply_to,
            sender=sender,
            sent_at=sent_at,
            source=source,
            text=text,
            thread=thread,
            title=title,
        )

        import_line.additional_properties = d
        return import_line

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
