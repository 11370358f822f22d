//! The handler that sends a message, the hot path: one parse, one decision, one append. The route
//! is in `send_route`.

use std::borrow::Cow;
use std::sync::Arc;

use domain::body::MessageBody;
use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, SendMessage, ThreadLookup};
use domain::conversation::event::ConversationEvent;
use domain::conversation::session_command::DeskLookup;
use domain::ids::{ClientKey, ConversationId, UserId};
use domain::limits::Limits;
use domain::mailbox::ScheduledContent;
use domain::mailbox::held_event::MessageHeld;
use domain::refusal::Refusal;
use domain::time::Timestamp;
use event_log::{LockedAggregate, LogError, Observation, Receipt, ReceiptKey};
use http::StatusCode;
use moderation::{ActiveHook, Rulebook};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::desks::find_desk_of;
use super::direct_peer::DirectPeer;
use super::due_message::DueMessage;
use super::message_draft::{MessageDraft, SendRequest};
use super::message_lookup::{self, ClearedMessage};
use super::used_file;
use super::waiting_message::WaitingMessage;
use crate::caller::AuthenticatedUser;
use crate::handler::{AttemptError, CommandHandler, CommandLookups, CommandMeta, Decision};
use crate::idempotency::Idempotency;
use crate::message_check::check_due;
use crate::metrics::CommandKind;
use crate::response::{PositionPlaceholder, ResponseBody};
use crate::state::CommandState;

/// The message that was sent.
#[derive(Serialize, ToSchema)]
#[schema(as = Sent)]
pub(crate) struct SendResponse<'a> {
    conversation_id: &'a str,
    /// The number of the message in its conversation: 1, 2, 3, ...
    #[schema(minimum = 1)]
    seq: i64,
    #[schema(value_type = String, format = DateTime)]
    sent_at: Timestamp,
    /// The log position of the message.
    #[serde(skip_serializing_if = "PositionPlaceholder::is_placeholder")]
    #[schema(value_type = i64, required = true, minimum = 1)]
    position: PositionPlaceholder,
    /// Present and true if a word list or the rules for links have masked parts of the text.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    masked: bool,
}

/// The handler that sends a message.
pub(crate) struct SendHandler {
    meta: CommandMeta<Conversation>,
    client_message_id: ClientKey,
    /// Where it waits, if no request sends it.
    waiting: Option<WaitingMessage>,
    /// The hook, if it still has to check the message: then the command is not executed.
    hook: Option<Arc<ActiveHook>>,
    /// The message, or the refusal of an invalid one. Only members see the refusal, and only under
    /// a new key.
    draft: Result<MessageDraft, Refusal>,
}

impl SendHandler {
    pub(crate) fn parse(
        sender: AuthenticatedUser,
        conversation: ConversationId,
        request: &SendRequest,
        limits: &Limits,
    ) -> Result<Self, Refusal> {
        let key = ClientKey::parse(&request.client_message_id)
            .map_err(|invalid| Refusal::invalid("client_message_id", invalid.0))?;
        let draft = MessageDraft::parse(request, limits);
        // A rule that came later must not change the fingerprint of an accepted message.
        let body = match &draft {
            Ok(draft) => Cow::Borrowed(draft.body.as_json()),
            Err(_) => Cow::Owned(MessageBody::canonical_json(&request.body)),
        };
        let fingerprint = request.fingerprint(&conversation, &body);
        let idempotency = Idempotency {
            key: ReceiptKey::for_send(&sender.id, &key),
            fingerprint,
        };
        let meta = CommandMeta {
            kind: CommandKind::Send,
            aggregate_id: conversation,
            caller: sender.id,
            actor: sender.actor,
            idempotency: Some(idempotency),
        };
        Ok(Self {
            meta,
            client_message_id: key,
            waiting: None,
            hook: None,
            draft,
        })
    }

    /// The same command with the body completed with what its file is. The fingerprint stays that
    /// of the request.
    pub(crate) async fn completed(mut self, state: &CommandState) -> Result<Self, LogError> {
        self.draft = match self.draft {
            Ok(draft) => draft.completed(state, &self.meta.caller).await?,
            refused => refused,
        };
        Ok(self)
    }

    /// The same command with its text screened, and with the hook that checks it. The fingerprint
    /// stays that of the request.
    pub(crate) fn screened(mut self, body: &Value, rulebook: &Rulebook, limits: &Limits) -> Self {
        self.draft = self
            .draft
            .and_then(|draft| draft.screened(body, rulebook, limits));
        if let Ok(draft) = &self.draft {
            self.hook = rulebook.hook_for(draft.kind).cloned();
        }
        self
    }

    /// The handler that sends a scheduled message. `None` if its content is erased. The rules for
    /// texts may have changed since it was scheduled, so they apply again.
    pub(crate) fn for_scheduled(
        state: &CommandState,
        owner: &UserId,
        content: ScheduledContent,
    ) -> Result<Option<Self>, LogError> {
        let ScheduledContent { message, actor } = content;
        let Some(client_message_id) = message.client_message_id else {
            return Ok(None);
        };
        let due = DueMessage {
            number: message.number,
            send_at: message.send_at,
            body_digest: message.body.digest(),
        };
        let key = ReceiptKey::for_scheduled(owner, message.number);
        let send = Self {
            meta: waiting_meta(owner, actor, message.conversation, key),
            client_message_id,
            waiting: Some(WaitingMessage::Due(due)),
            hook: None,
            draft: Ok(MessageDraft {
                kind: message.kind,
                body: message.body,
                reply_to: message.reply_to,
                thread: message.thread,
                mentions: message.mentions,
                masked: false,
                flags: Vec::new(),
            }),
        };
        let rulebook = state.rulebook();
        send.screened_again(&rulebook, state.limits()).map(Some)
    }

    /// The handler that sends a held message for a moderator. `None` if its content is erased. A
    /// moderator decides instead of the hook.
    pub(crate) fn for_held(
        state: &CommandState,
        sender: &UserId,
        message: MessageHeld,
        by: &UserId,
    ) -> Result<Option<Self>, LogError> {
        let Some(client_message_id) = message.client_message_id else {
            return Ok(None);
        };
        let key = ReceiptKey::for_held(sender, message.held_id);
        let send = Self {
            meta: waiting_meta(sender, Some(by.clone()), message.conversation, key),
            client_message_id,
            waiting: Some(WaitingMessage::Held(message.held_id)),
            hook: None,
            draft: Ok(MessageDraft {
                kind: message.kind,
                body: message.body,
                reply_to: message.reply_to,
                thread: message.thread,
                mentions: message.mentions,
                masked: false,
                flags: Vec::new(),
            }),
        };
        let mut send = send.screened_again(&state.rulebook(), state.limits())?;
        send.end_check();
        Ok(Some(send))
    }

    /// The same for a message whose body is known to be valid.
    fn screened_again(self, rulebook: &Rulebook, limits: &Limits) -> Result<Self, LogError> {
        let body = match &self.draft {
            Ok(draft) if rulebook.screens() => serde_json::from_str(draft.body.as_json())
                .map_err(|error| LogError::Corrupt(format!("a waiting message: {error}")))?,
            _ => Value::Null,
        };
        Ok(self.screened(&body, rulebook, limits))
    }

    /// The hook, if it still has to check the message.
    pub(crate) fn hook(&self) -> Option<&Arc<ActiveHook>> {
        self.hook.as_ref()
    }

    /// The message was checked.
    pub(super) fn end_check(&mut self) {
        self.hook = None;
    }

    /// Lets the command be refused, unless it was executed earlier.
    pub(super) fn refuse(&mut self, refusal: Refusal) {
        self.draft = Err(refusal);
    }

    /// The client's key and the message.
    pub(super) fn content(&self) -> Result<(&ClientKey, &MessageDraft), Refusal> {
        let draft = self.draft.as_ref().map_err(Refusal::clone)?;
        Ok((&self.client_message_id, draft))
    }

    /// When it was due, if it was scheduled.
    fn due_time(&self) -> Option<Timestamp> {
        match self.waiting {
            Some(WaitingMessage::Due(due)) => Some(due.send_at),
            _ => None,
        }
    }

    /// Where it waits, if no request sends it.
    pub(super) fn waiting(&self) -> Option<WaitingMessage> {
        self.waiting
    }
}

/// The meta data of a command that sends a message which waits. The key alone identifies it: what
/// was sent is sent, whatever it was.
fn waiting_meta(
    owner: &UserId,
    actor: Option<UserId>,
    conversation: ConversationId,
    key: ReceiptKey,
) -> CommandMeta<Conversation> {
    CommandMeta {
        kind: CommandKind::Send,
        aggregate_id: conversation,
        caller: owner.clone(),
        actor,
        idempotency: Some(Idempotency {
            key,
            fingerprint: 0,
        }),
    }
}

/// What other aggregates know.
#[derive(Default)]
pub(crate) struct SendLookups {
    peer: DirectPeer,
    /// Whether the sender has cleared the message to which this one replies.
    reply: Option<ClearedMessage>,
    /// Whether the sender has cleared the root of the thread.
    root: Option<ClearedMessage>,
    /// Why the message cannot use its file, if so.
    file: Option<Refusal>,
    /// The desk of a conversation with one.
    desk: Option<DeskLookup>,
}

impl CommandLookups<SendHandler> for SendLookups {
    async fn load(
        handler: &SendHandler,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, AttemptError> {
        let (conversation, sender) = (&handler.meta.aggregate_id, &handler.meta.caller);
        if let Some(waiting) = handler.waiting {
            waiting.observe(state, sender, observed).await?;
        }
        let mut lookups = Self {
            peer: DirectPeer::load(state, conversation, sender, observed).await?,
            desk: find_desk_of(state, conversation, observed).await?,
            ..Self::default()
        };
        let Ok(draft) = &handler.draft else {
            return Ok(lookups);
        };
        if let Some(seq) = draft.reply_to {
            let reply = ClearedMessage::observe(state, conversation, sender, seq, observed);
            lookups.reply = Some(reply.await?);
        }
        if let Some(seq) = draft.thread {
            let root = ClearedMessage::observe(state, conversation, sender, seq, observed);
            lookups.root = Some(root.await?);
        }
        let content = (draft.kind, &draft.body);
        lookups.file = used_file::find_refusal(state, sender, content, observed).await?;
        Ok(lookups)
    }
}

impl SendHandler {
    /// Loads the thread with this root.
    async fn load_thread(
        &self,
        locked: &LockedAggregate<Conversation>,
        root: i64,
        cleared: Option<ClearedMessage>,
    ) -> Result<ThreadLookup, AttemptError> {
        match cleared {
            Some(cleared) if !cleared.is_cleared() => {
                let caller = &self.meta.caller;
                let message = message_lookup::load_unless_recent(locked, caller, root, cleared);
                let message = message.await?;
                Ok(ThreadLookup { root, message })
            }
            // To the sender, a message that they have cleared does not exist.
            _ => Ok(ThreadLookup {
                root: 0,
                message: None,
            }),
        }
    }
}

impl CommandHandler for SendHandler {
    type Target = Conversation;
    type Lookups = SendLookups;

    fn meta(&self) -> &CommandMeta<Conversation> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Conversation>,
        lookups: SendLookups,
    ) -> Result<Decision<ConversationEvent>, AttemptError> {
        let conversation = locked.state();
        let peer = lookups.peer;
        if conversation.peer_of(&self.meta.caller) != peer.user.as_ref() {
            return Err(AttemptError::Retry);
        }
        let refusal = self.draft.as_ref().err().or(lookups.file.as_ref());
        if refusal.is_some() && !conversation.is_member(&self.meta.caller) {
            return Err(Refusal::not_found().into());
        }
        let draft = match (&self.draft, &lookups.file) {
            (Ok(draft), None) => draft,
            (Err(refusal), _) | (_, Some(refusal)) => return Err(refusal.clone().into()),
        };
        let thread = match draft.thread {
            Some(root) => Some(self.load_thread(locked, root, lookups.root).await?),
            None => None,
        };
        let send = SendMessage {
            sender: self.meta.caller.clone(),
            kind: draft.kind,
            body: draft.body.clone(),
            // To the sender, a message that they have cleared does not exist.
            reply_to: draft.reply_to.map(|seq| {
                let is_cleared = lookups.reply.is_some_and(ClearedMessage::is_cleared);
                if is_cleared { 0 } else { seq }
            }),
            mentions: draft.mentions.clone(),
            client_message_id: self.client_message_id.clone(),
            now: state.now(),
            blocked: peer.has_blocked,
            thread,
            scheduled_for: self.due_time(),
            desk: lookups.desk,
        };
        let mut events = conversation.decide(ConversationCommand::Send(send), state.limits())?;
        if self.hook.is_some() {
            return Err(check_due().into());
        }
        // Before it there may be what opens a service session.
        let message = events.pop().map(|event| event.flagged(&draft.flags));
        events.extend(message);
        let fields = match events.last() {
            Some(ConversationEvent::MessageSent(message)) => {
                ResponseBody::serialize(&SendResponse {
                    conversation_id: self.meta.aggregate_id.as_str(),
                    seq: message.seq,
                    sent_at: message.sent_at,
                    position: PositionPlaceholder,
                    masked: draft.masked,
                })?
            }
            _ => {
                return Err(
                    LogError::Corrupt("a send produced no message_sent event".into()).into(),
                );
            }
        };
        Ok(Decision {
            events,
            status: StatusCode::CREATED,
            body: fields,
        })
    }

    async fn may_replay(&self, state: &CommandState, _: &Receipt) -> Result<bool, LogError> {
        // Nobody waits for the response to a message that waited, which says what became of it.
        if self.waiting.is_some() {
            return Ok(true);
        }
        state
            .is_member(&self.meta.aggregate_id, &self.meta.caller)
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handler(request: &str) -> Result<SendHandler, Refusal> {
        let request: SendRequest = serde_json::from_str(request).expect("a request");
        let sender = AuthenticatedUser {
            id: UserId::parse("ann").expect("a valid user id"),
            actor: None,
        };
        let conversation = ConversationId::parse("c").expect("a valid conversation id");
        SendHandler::parse(sender, conversation, &request, &Limits::default())
    }

    #[test]
    fn the_fingerprint_ignores_whitespace_and_key_order() {
        let one = handler(r#"{"client_message_id":"k","type":"custom","body":{"a":1,"b":2}}"#);
        let same = handler(
            r#"{"body": {"b": 2, "a": 1}, "type": "custom", "reply_to": null, "mentions": [],
                "client_message_id": "k", "unknown": true}"#,
        );
        let idempotency = |handler: Result<SendHandler, Refusal>| {
            handler.expect("valid").meta.idempotency.expect("a key")
        };
        let one = idempotency(one);
        assert_eq!(one, idempotency(same));
        for other in [
            r#"{"client_message_id":"k","type":"custom","body":{"a":1,"b":3}}"#,
            r#"{"client_message_id":"k","type":"control","body":{"a":1,"b":2}}"#,
            r#"{"client_message_id":"k","type":"custom","body":{"a":1,"b":2},"reply_to":1}"#,
            r#"{"client_message_id":"k","type":"custom","body":{"a":1,"b":2},"thread":1}"#,
            r#"{"client_message_id":"k","type":"custom","body":{"a":1,"b":2},"mentions":["bob"]}"#,
        ] {
            let other = idempotency(handler(other));
            assert_eq!(one.key, other.key);
            assert_ne!(one.fingerprint, other.fingerprint);
        }
    }

    #[test]
    fn a_body_that_a_later_rule_refuses_keeps_its_fingerprint() {
        // An earlier release accepted such an image, and a retry of it must find its response.
        let fingerprint = |body: &str| {
            let request = format!(r#"{{"client_message_id":"k","type":"image","body":{body}}}"#);
            let handler = handler(&request).expect("the key is valid");
            assert!(handler.draft.is_err());
            handler.meta.idempotency.expect("a key").fingerprint
        };
        assert_eq!(
            fingerprint(r#"{"size":3.0,"a":1}"#),
            fingerprint(r#"{"a":1.0,"size":3}"#)
        );
    }

    #[test]
    fn a_key_must_be_valid() {
        for key in ["", "ä", &"k".repeat(129), "a\tb"] {
            let request = serde_json::json!({"client_message_id": key, "type": "text", "body": {"text": "hi"}});
            let refusal = handler(&request.to_string()).err().expect("a refusal");
            assert_eq!(refusal.field, Some("client_message_id"), "{key}");
        }
    }

    #[test]
    fn an_invalid_body_is_refused_only_after_access_and_key_are_checked() {
        let handler = handler(r#"{"client_message_id":"k","type":"text","body":{"text":" "}}"#);
        let refusal = handler
            .expect("the key is valid")
            .draft
            .err()
            .expect("a refusal");
        assert_eq!(refusal.field, Some("body.text"));
    }
}
