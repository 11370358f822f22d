//! `POST /v1/conversations`.

use axum::extract::State;
use domain::conversation::command::{ConversationCommand, CreateConversation, InvitationCommand};
use domain::conversation::event::{ConversationEvent, ConversationKind};
use domain::conversation::invitation_command::UsersToAsk;
use domain::conversation::{Conversation, find_direct_peer};
use domain::ids::{ConversationId, InvalidIdError, Title, UserId};
use domain::profile::settings::UserSettings;
use domain::refusal::Refusal;
use event_log::{LockedAggregate, LogError, Observation, Receipt};
use http::StatusCode;
use http_edge::{Json, schema};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::add_members::invited_users;
use super::consent::find_users_to_ask;
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, CommandLookups, CommandMeta, Decision};
use crate::idempotency::Idempotency;
use crate::metrics::CommandKind;
use crate::params;
use crate::response::{CommandResponse, PositionPlaceholder, ResponseBody};
use crate::screening;
use crate::state::CommandState;

/// What can be created: a conversation with a desk begins with a session of its customer.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NewConversationKind {
    Direct,
    Group,
}

/// The conversation to create.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct CreateRequest {
    kind: NewConversationKind,
    /// The other members, at most 1,000; the caller is always added. Exactly one for `direct`.
    members: Vec<String>,
    /// The title of a group, at most 200 characters.
    title: Option<String>,
    /// The id of a group, generated if omitted: 1 to 64 of `A-Z a-z 0-9 _ . -`, not starting with
    /// `d_`, and neither `.` nor `..`.
    id: Option<String>,
}

/// The conversation, created now or earlier.
#[derive(Serialize, ToSchema)]
#[schema(as = Created)]
pub(crate) struct CreateResponse<'a> {
    id: &'a str,
    #[schema(value_type = schema::ConversationKindSchema)]
    kind: ConversationKind,
    /// The other members, if it is new.
    added: Vec<&'a str>,
    /// The users who were invited to a new group, because they let only their contacts add them.
    invited: Vec<&'a str>,
    /// The log position of the last event of its creation, or the head of the log if it already
    /// existed.
    #[serde(skip_serializing_if = "PositionPlaceholder::is_placeholder")]
    #[schema(value_type = i64, required = true, minimum = 0)]
    position: PositionPlaceholder,
    /// Present and true if a word list has masked parts of the title.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    masked: bool,
}

/// The part of the first response that a replay needs to check access.
#[derive(Deserialize)]
struct CreateReceipt {
    id: ConversationId,
}

/// The handler that creates a conversation.
pub(crate) struct CreateHandler {
    meta: CommandMeta<Conversation>,
    kind: ConversationKind,
    title: Option<Title>,
    members: Vec<UserId>,
    /// The other member of a direct conversation.
    peer: Option<UserId>,
}

impl CreateHandler {
    fn parse(
        caller: UserId,
        idempotency: Option<Idempotency>,
        request: &CreateRequest,
    ) -> Result<Self, Refusal> {
        let members = params::parse_users("members", &request.members)?;
        let title = request.title.as_deref().map(Title::parse).transpose();
        let title = title.map_err(|invalid| Refusal::invalid("title", invalid.0))?;
        let id = request.id.as_deref();
        let (kind, id, peer) = match request.kind {
            NewConversationKind::Group => (ConversationKind::Group, resolve_group_id(id)?, None),
            NewConversationKind::Direct => {
                let (id, peer) = resolve_direct_pair(&caller, &members, id)?;
                (ConversationKind::Direct, id, Some(peer))
            }
        };
        Ok(Self {
            meta: CommandMeta {
                kind: CommandKind::Create,
                aggregate_id: id,
                caller,
                actor: None,
                idempotency,
            },
            kind,
            title,
            members,
            peer,
        })
    }
}

impl CreateHandler {
    /// The members of a new conversation other than the caller.
    fn added_members<'a>(&self, events: &'a [ConversationEvent]) -> Vec<&'a str> {
        let Some(ConversationEvent::ConversationCreated(created)) = events.first() else {
            return Vec::new();
        };
        let members = created.members.iter().map(|member| &member.user);
        let others = members.filter(|user| **user != self.meta.caller);
        others.map(UserId::as_str).collect()
    }
}

/// The id that the client chose for a group, or a new one.
fn resolve_group_id(chosen: Option<&str>) -> Result<ConversationId, Refusal> {
    let invalid = |invalid: InvalidIdError| Refusal::invalid("id", invalid.0);
    let Some(chosen) = chosen else {
        return ConversationId::parse(&format!("c_{}", uuid::Uuid::now_v7().simple()))
            .map_err(invalid);
    };
    ConversationId::parse_group(chosen).map_err(invalid)
}

/// The id of the direct conversation of a pair of users, and the user who is not the caller.
fn resolve_direct_pair(
    caller: &UserId,
    members: &[UserId],
    chosen: Option<&str>,
) -> Result<(ConversationId, UserId), Refusal> {
    if chosen.is_some() {
        return Err(Refusal::invalid(
            "id",
            "the id of a direct conversation is derived from its members; omit it",
        ));
    }
    let peer = find_direct_peer(caller, members)?;
    Ok((ConversationId::direct(caller, peer), peer.clone()))
}

/// Whether the other member of a direct conversation has blocked the caller, and which members must
/// be asked first.
pub(crate) struct CreateLookups {
    is_blocked: bool,
    to_ask: UsersToAsk,
}

impl CommandLookups<CreateHandler> for CreateLookups {
    async fn load(
        handler: &CreateHandler,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, AttemptError> {
        let (caller, members) = (&handler.meta.caller, &handler.members);
        let Some(peer) = &handler.peer else {
            // A command that names more users is refused.
            let to_ask = if members.len() > state.limits().users_per_command + 1 {
                UsersToAsk::new()
            } else {
                let default = state.groups_from();
                let setting = |set: &UserSettings| set.groups_from_or(default);
                find_users_to_ask(state, caller, members, setting, observed).await?
            };
            return Ok(Self {
                is_blocked: false,
                to_ask,
            });
        };
        let peers = std::slice::from_ref(peer);
        let setting = |set: &UserSettings| set.direct_from;
        let to_ask = find_users_to_ask(state, caller, peers, setting, observed);
        let to_ask = to_ask.await?;
        let mailboxes = state.log().mailboxes();
        let (is_blocked, observation) = mailboxes
            .peek(peer.as_str(), |mailbox| mailbox.has_blocked(caller))
            .await?;
        observed.push(observation);
        Ok(Self { is_blocked, to_ask })
    }
}

impl CommandHandler for CreateHandler {
    type Target = Conversation;
    type Lookups = CreateLookups;

    fn meta(&self) -> &CommandMeta<Conversation> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Conversation>,
        lookups: CreateLookups,
    ) -> Result<Decision<ConversationEvent>, AttemptError> {
        let title = screening::screen_title(&state.rulebook(), self.title.clone())?;
        let create = CreateConversation {
            kind: self.kind,
            title: title.value,
            members: self.members.clone(),
            by: self.meta.caller.clone(),
            blocked: lookups.is_blocked,
            created_at: None,
        };
        let command = InvitationCommand::Create(create, lookups.to_ask);
        let command = ConversationCommand::Invitation(command);
        let events = locked.state().decide(command, state.limits())?;
        let flagged = |event: ConversationEvent| event.flagged(&title.flags);
        let events: Vec<_> = events.into_iter().map(flagged).collect();
        let status = if events.is_empty() {
            StatusCode::OK
        } else {
            StatusCode::CREATED
        };
        let created = CreateResponse {
            id: self.meta.aggregate_id.as_str(),
            kind: self.kind,
            added: self.added_members(&events),
            invited: invited_users(&events),
            position: PositionPlaceholder,
            masked: title.masked,
        };
        let body = ResponseBody::serialize(&created)?;
        Ok(Decision {
            events,
            status,
            body,
        })
    }

    /// A user who has left the conversation they created gets `not_found`.
    async fn may_replay(&self, state: &CommandState, receipt: &Receipt) -> Result<bool, LogError> {
        match serde_json::from_slice::<CreateReceipt>(&receipt.answer) {
            Ok(created) => state.is_member(&created.id, &self.meta.caller).await,
            // The key was used for another kind of command, so the caller gets a mismatch.
            Err(_) => Ok(true),
        }
    }
}

/// Create a conversation
///
/// A pair of users has at most one direct conversation. Creating it again, by either of them,
/// returns the existing one. A user whose `direct_from` is `contacts` accepts new ones from their
/// contacts alone: others get `403 not_a_contact`. Members of a group whose `groups_from` is
/// `contacts` are invited instead, unless the caller is a contact of theirs.
#[utoipa::path(
    post,
    path = "/v1/conversations",
    operation_id = "create_conversation",
    tag = "conversations",
    params(IdempotencyParams),
    request_body(content = CreateRequest, examples(
        ("a group" = (value = json!({
            "kind": "group", "id": "lunch", "title": "Lunch", "members": ["bob"]
        }))),
        ("two people" = (value = json!({"kind": "direct", "members": ["bob"]}))),
    )),
    responses(
        (status = 201, description = "Created", body = CreateResponse,
            headers(("Tidings-Position" = i64))),
        (status = 200, description = "The existing direct conversation, or the first response",
            body = CreateResponse, headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn create_conversation(
    State(state): State<CommandState>,
    Requester { user, actor, key }: Requester,
    Json(request): Json<CreateRequest>,
) -> Result<CommandResponse, CommandError> {
    let idempotency =
        Idempotency::for_command(&user, key.as_ref(), CommandKind::Create, &[], &request)?;
    let mut handler = CreateHandler::parse(user, idempotency, &request)?;
    handler.meta.actor = actor;
    execute(&state, &handler).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handler(request: &str) -> Result<CreateHandler, Option<&'static str>> {
        let request = serde_json::from_str(request).expect("a request");
        let caller = UserId::parse("ann").expect("a valid user id");
        CreateHandler::parse(caller, None, &request).map_err(|refusal| refusal.field)
    }

    #[test]
    fn a_pair_has_one_id() {
        let one = handler(r#"{"kind":"direct","members":["bob"]}"#).expect("valid");
        let same = handler(r#"{"kind":"direct","members":["bob","ann","bob"]}"#).expect("valid");
        assert_eq!(one.meta.aggregate_id, same.meta.aggregate_id);
        assert!(one.meta.aggregate_id.is_direct());
    }

    #[test]
    fn a_direct_conversation_has_exactly_one_other_member() {
        for members in ["[]", r#"["ann"]"#, r#"["bob","cid"]"#] {
            let request = format!(r#"{{"kind":"direct","members":{members}}}"#);
            assert_eq!(handler(&request).err(), Some(Some("members")), "{members}");
        }
        let request = r#"{"kind":"direct","members":["bob"],"id":"mine"}"#;
        assert_eq!(handler(request).err(), Some(Some("id")));
    }

    #[test]
    fn a_group_id_is_chosen_or_generated() {
        let own = handler(r#"{"kind":"group","members":[],"id":"team.a"}"#).expect("valid");
        assert_eq!(own.meta.aggregate_id.as_str(), "team.a");
        for bad in ["", "d_1", "a b", "ä"] {
            let request = format!(r#"{{"kind":"group","members":[],"id":"{bad}"}}"#);
            assert_eq!(handler(&request).err(), Some(Some("id")), "{bad}");
        }
        let one = handler(r#"{"kind":"group","members":[]}"#).expect("valid");
        let other = handler(r#"{"kind":"group","members":[],"id":null}"#).expect("valid");
        assert!(
            one.meta.aggregate_id.as_str().starts_with("c_")
                && one.meta.aggregate_id.as_str().len() >= 22
        );
        assert_ne!(one.meta.aggregate_id, other.meta.aggregate_id);
    }

    #[test]
    fn a_title_must_be_valid() {
        let request = format!(
            r#"{{"kind":"group","members":[],"title":"{}"}}"#,
            "t".repeat(201)
        );
        assert_eq!(handler(&request).err(), Some(Some("title")));
    }
}
