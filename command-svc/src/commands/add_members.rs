//! `POST /v1/conversations/{id}/members`.

use axum::extract::State;
use domain::conversation::Conversation;
use domain::conversation::command::{AddMembers, ConversationCommand};
use domain::conversation::event::{ConversationEvent, Role};
use domain::ids::{ConversationId, UserId};
use domain::refusal::Refusal;
use event_log::{LogError, LockedAggregate, Observation, Receipt};
use http_edge::{Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::membership;
use super::refused::RefusedOrder;
use crate::answer::{Answered, Fields, Later};
use crate::asker::Asker;
use crate::docs::Problems;
use crate::execute::execute;
use crate::keyed::Keyed;
use crate::meters::Op;
use crate::no::No;
use crate::order::{Decision, Order, Stop};
use crate::parts;
use crate::state::CommandState;

/// The users to add, or whose roles to change.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct AddMembersRequest {
    /// The users, at most 1,000.
    users: Vec<String>,
    /// The role. New members get `member` by default; existing members keep their role if omitted.
    role: Option<GivenRole>,
}

/// A role that members can be given.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = GivenRole)]
pub(crate) enum GivenRole {
    Member,
    Admin,
}

/// The users who were added.
#[derive(Serialize, ToSchema)]
#[schema(as = Added)]
pub(crate) struct Added<'a> {
    /// The users who were not members before.
    added: Vec<&'a str>,
    #[serde(skip_serializing_if = "Later::is_later")]
    #[schema(value_type = i64, required = true, minimum = 0)]
    position: Later,
}

/// The handler that adds members.
pub(crate) struct AddMembersOrder {
    conversation: ConversationId,
    add: AddMembers,
    keyed: Option<Keyed>,
}

impl AddMembersRequest {
    fn parse(&self, by: UserId) -> Result<AddMembers, Refusal> {
        let role = self.role.map(|role| match role {
            GivenRole::Member => Role::Member,
            GivenRole::Admin => Role::Admin,
        });
        Ok(AddMembers {
            users: parts::users("users", &self.users)?,
            role,
            by,
        })
    }
}

impl Order for AddMembersOrder {
    type Home = Conversation;
    type Known = ();

    fn op(&self) -> Op {
        Op::AddMembers
    }

    fn id(&self) -> &str {
        self.conversation.as_str()
    }

    fn keyed(&self) -> Option<&Keyed> {
        self.keyed.as_ref()
    }

    async fn look_up(&self, _: &CommandState, _: &mut Vec<Observation>) -> Result<(), Stop> {
        Ok(())
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Conversation>,
        (): (),
    ) -> Result<Decision<ConversationEvent>, Stop> {
        let command = ConversationCommand::AddMembers(self.add.clone());
        let events = locked.state().decide(command, state.limits())?;
        let added = events.iter().filter_map(|event| match event {
            ConversationEvent::MemberAdded(added) => Some(added.user.as_str()),
            _ => None,
        });
        let fields = Fields::of(&Added {
            added: added.collect(),
            position: Later,
        })?;
        Ok(Decision::with(events, fields))
    }

    async fn may_replay(&self, state: &CommandState, _: &Receipt) -> Result<bool, LogError> {
        membership::is_member(state, &self.conversation, &self.add.by).await
    }
}

/// Add members to a group, or change their roles
///
/// Requires the role owner or admin. Only the owner can demote an admin.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/members",
    operation_id = "add_members",
    tag = "conversations",
    params(
        ("id" = String, Path, description = "The conversation"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 128 printable ASCII characters"),
    ),
    request_body = AddMembersRequest,
    responses(
        (status = 200, description = "The users are members", body = Added,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        Problems,
    ),
)]
pub(crate) async fn add_members(
    State(state): State<CommandState>,
    Asker { user, key }: Asker,
    Path(id): Path<String>,
    Json(request): Json<AddMembersRequest>,
) -> Result<Answered, No> {
    let conversation = parts::conversation(&id)?;
    let idempotency = Keyed::command(&user, key.as_ref(), Op::AddMembers, &[&id], &request)?;
    match request.parse(user.clone()) {
        Ok(add) => {
            execute(
                &state,
                &AddMembersOrder {
                    conversation,
                    add,
                    keyed: idempotency,
                },
            )
            .await
        }
        Err(refusal) => {
            let rejected = RefusedOrder {
                op: Op::AddMembers,
                conversation,
                caller: user,
                keyed: idempotency,
                refusal,
            };
            execute(&state, &rejected).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_role_cannot_be_assigned() {
        let request = serde_json::from_str::<AddMembersRequest>(r#"{"users":[],"role":"owner"}"#);
        assert!(request.is_err());
    }

    #[test]
    fn users_must_be_valid() {
        let request: AddMembersRequest =
            serde_json::from_str(r#"{"users":["bob",""]}"#).expect("a request");
        let by = UserId::parse("ann").expect("a valid user id");
        assert_eq!(
            request.parse(by).err().and_then(|refusal| refusal.field),
            Some("users")
        );
    }
}
