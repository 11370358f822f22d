//! `POST /v1/conversations`.

use axum::extract::State;
use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, Create};
use domain::conversation::event::{ConversationEvent, ConversationKind};
use domain::ids::{ConversationId, InvalidId, Title, UserId};
use domain::refusal::Refusal;
use event_log::{Failed, Locked, Observed, Receipt};
use http::StatusCode;
use http_edge::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::membership;
use crate::answer::{Answered, Fields, Later};
use crate::asker::Asker;
use crate::docs::{self, Problems};
use crate::execute::execute;
use crate::keyed::Keyed;
use crate::meters::Op;
use crate::no::No;
use crate::order::{Decision, Order, Stop};
use crate::parts;
use crate::state::CommandState;

/// A conversation to begin.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct CreateRequest {
    #[schema(value_type = docs::Kind)]
    kind: ConversationKind,
    /// The other members, at most 1,000; the caller is added. Exactly one for `direct`.
    members: Vec<String>,
    /// A group's name, at most 200 characters.
    title: Option<String>,
    /// A group's own id: 1 to 64 of `A-Z a-z 0-9 _ . -`, not starting with `d_`.
    id: Option<String>,
}

/// A conversation that was begun, now or before.
#[derive(Serialize, ToSchema)]
pub(crate) struct Created<'a> {
    id: &'a str,
    #[schema(value_type = docs::Kind)]
    kind: ConversationKind,
    /// The log position at which it began, or the log's head if it existed.
    #[serde(skip_serializing_if = "Later::is_later")]
    #[schema(value_type = i64, required = true, minimum = 0)]
    position: Later,
}

/// As much of a first answer as is needed to give it again.
#[derive(Deserialize)]
struct CreatedBefore {
    id: ConversationId,
}

/// A creation, parsed.
pub(crate) struct CreateOrder {
    id: ConversationId,
    kind: ConversationKind,
    title: Option<Title>,
    members: Vec<UserId>,
    /// The other one of a direct conversation.
    peer: Option<UserId>,
    caller: UserId,
    keyed: Option<Keyed>,
}

impl CreateOrder {
    fn parse(
        caller: UserId,
        keyed: Option<Keyed>,
        request: &CreateRequest,
    ) -> Result<Self, Refusal> {
        let members = parts::users("members", &request.members)?;
        let title = request.title.as_deref().map(Title::parse).transpose();
        let title = title.map_err(|invalid| Refusal::invalid("title", invalid.0))?;
        let (id, peer) = match request.kind {
            ConversationKind::Group => (group_id(request.id.as_deref())?, None),
            ConversationKind::Direct => {
                let (id, peer) = pair(&caller, &members, request.id.as_deref())?;
                (id, Some(peer))
            }
        };
        Ok(Self {
            id,
            kind: request.kind,
            title,
            members,
            peer,
            caller,
            keyed,
        })
    }
}

/// The id that the client has chosen, or a new one.
fn group_id(own: Option<&str>) -> Result<ConversationId, Refusal> {
    let invalid = |invalid: InvalidId| Refusal::invalid("id", invalid.0);
    let Some(own) = own else {
        return ConversationId::parse(&format!("c_{}", uuid::Uuid::now_v7().simple()))
            .map_err(invalid);
    };
    let id = ConversationId::parse(own).map_err(invalid)?;
    if id.is_direct() {
        return Err(Refusal::invalid(
            "id",
            "d_ is the beginning of direct conversations' ids",
        ));
    }
    Ok(id)
}

/// The one id of a pair, and the other one of it.
fn pair(
    caller: &UserId,
    members: &[UserId],
    own: Option<&str>,
) -> Result<(ConversationId, UserId), Refusal> {
    if own.is_some() {
        return Err(Refusal::invalid(
            "id",
            "the id of a direct conversation follows from its pair",
        ));
    }
    let mut others = members.iter().filter(|user| *user != caller);
    match others.next() {
        Some(other) if others.all(|user| user == other) => {
            Ok((ConversationId::direct(caller, other), other.clone()))
        }
        _ => Err(Refusal::invalid(
            "members",
            "a direct conversation needs exactly one user other than yourself",
        )),
    }
}

impl Order for CreateOrder {
    type Home = Conversation;
    /// Whether the other one has blocked the caller.
    type Known = bool;

    fn op(&self) -> Op {
        Op::Create
    }

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn keyed(&self) -> Option<&Keyed> {
        self.keyed.as_ref()
    }

    async fn look_up(&self, state: &CommandState, seen: &mut Vec<Observed>) -> Result<bool, Stop> {
        let Some(peer) = &self.peer else {
            return Ok(false);
        };
        let mailboxes = state.log().mailboxes();
        let (has_blocked, observed) = mailboxes
            .peek(peer.as_str(), |it| it.has_blocked(&self.caller))
            .await?;
        seen.push(observed);
        Ok(has_blocked)
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &Locked<Conversation>,
        blocked: bool,
    ) -> Result<Decision<ConversationEvent>, Stop> {
        let create = Create {
            kind: self.kind,
            title: self.title.clone(),
            members: self.members.clone(),
            by: self.caller.clone(),
            blocked,
        };
        let command = ConversationCommand::Create(create);
        let events = locked.state().decide(command, state.limits())?;
        let status = if events.is_empty() {
            StatusCode::OK
        } else {
            StatusCode::CREATED
        };
        let created = Created {
            id: self.id(),
            kind: self.kind,
            position: Later,
        };
        Ok(Decision {
            events,
            status,
            fields: Fields::of(&created)?,
        })
    }

    /// Somebody who has left what they once created is answered as a stranger.
    async fn may_replay(&self, state: &CommandState, receipt: &Receipt) -> Result<bool, Failed> {
        match serde_json::from_slice::<CreatedBefore>(&receipt.answer) {
            Ok(created) => membership::is_member(state, &created.id, &self.caller).await,
            // The key was used for something else, which is what the caller is told.
            Err(_) => Ok(true),
        }
    }
}

/// Begin a conversation
///
/// A direct conversation has one id for its pair, whoever creates it and however often.
#[utoipa::path(
    post,
    path = "/v1/conversations",
    operation_id = "create_conversation",
    tag = "conversations",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 128 printable ASCII characters")),
    request_body = CreateRequest,
    responses(
        (status = 201, description = "Begun", body = Created,
            headers(("Tidings-Position" = i64))),
        (status = 200, description = "The pair's direct conversation, or the first answer again",
            body = Created, headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        Problems,
    ),
)]
pub(crate) async fn create_conversation(
    State(state): State<CommandState>,
    Asker { user, key }: Asker,
    Json(request): Json<CreateRequest>,
) -> Result<Answered, No> {
    let keyed = Keyed::command(&user, key.as_ref(), Op::Create, &[], &request)?;
    let order = CreateOrder::parse(user, keyed, &request)?;
    execute(&state, &order).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(request: &str) -> Result<CreateOrder, Option<&'static str>> {
        let request = serde_json::from_str(request).expect("a request");
        let caller = UserId::parse("ann").expect("a legal user id");
        CreateOrder::parse(caller, None, &request).map_err(|refusal| refusal.field)
    }

    #[test]
    fn a_pair_has_one_id() {
        let one = order(r#"{"kind":"direct","members":["bob"]}"#).expect("legal");
        let same = order(r#"{"kind":"direct","members":["bob","ann","bob"]}"#).expect("legal");
        assert_eq!(one.id, same.id);
        assert!(one.id.is_direct());
    }

    #[test]
    fn a_direct_conversation_is_with_one_other() {
        for members in ["[]", r#"["ann"]"#, r#"["bob","cid"]"#] {
            let request = format!(r#"{{"kind":"direct","members":{members}}}"#);
            assert_eq!(order(&request).err(), Some(Some("members")), "{members}");
        }
        let request = r#"{"kind":"direct","members":["bob"],"id":"mine"}"#;
        assert_eq!(order(request).err(), Some(Some("id")));
    }

    #[test]
    fn an_id_is_the_clients_or_new() {
        let own = order(r#"{"kind":"group","members":[],"id":"team.a"}"#).expect("legal");
        assert_eq!(own.id.as_str(), "team.a");
        for bad in ["", "d_1", "a b", "ä"] {
            let request = format!(r#"{{"kind":"group","members":[],"id":"{bad}"}}"#);
            assert_eq!(order(&request).err(), Some(Some("id")), "{bad}");
        }
        let one = order(r#"{"kind":"group","members":[]}"#).expect("legal");
        let other = order(r#"{"kind":"group","members":[],"id":null}"#).expect("legal");
        assert!(one.id.as_str().starts_with("c_") && one.id.as_str().len() >= 22);
        assert_ne!(one.id, other.id);
    }

    #[test]
    fn a_title_must_be_legal() {
        let request = format!(
            r#"{{"kind":"group","members":[],"title":"{}"}}"#,
            "t".repeat(201)
        );
        assert_eq!(order(&request).err(), Some(Some("title")));
    }
}
