//! `POST /v1/conversations/{id}/members`.

use axum::extract::State;
use domain::conversation::Conversation;
use domain::conversation::command::{AddMembers, ConversationCommand};
use domain::conversation::event::{ConversationEvent, Role};
use domain::ids::UserId;
use domain::refusal::Refusal;
use event_log::LockedAggregate;
use http_edge::{Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::rejected::{RejectedRequest, execute_parsed};
use crate::caller::Requester;
use crate::docs::CommandProblems;
use crate::error::CommandError;
use crate::handler::{AttemptError, CommandHandler, CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::params;
use crate::response::{CommandResponse, PositionPlaceholder, ResponseBody};
use crate::state::CommandState;

/// The users to add, or whose roles to change.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct AddMembersRequest {
    /// The users, at most 1,000.
    users: Vec<String>,
    /// The role. New members get `member` by default; existing members keep their role if omitted.
    role: Option<AssignableRole>,
}

/// A role that members can be given.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = GivenRole)]
pub(crate) enum AssignableRole {
    Member,
    Admin,
}

/// The users who were added.
#[derive(Serialize, ToSchema)]
#[schema(as = Added)]
pub(crate) struct AddMembersResponse<'a> {
    /// The users who were not members before.
    added: Vec<&'a str>,
    #[serde(skip_serializing_if = "PositionPlaceholder::is_placeholder")]
    #[schema(value_type = i64, required = true, minimum = 0)]
    position: PositionPlaceholder,
}

/// The handler that adds members.
pub(crate) struct AddMembersHandler {
    meta: CommandMeta<Conversation>,
    add: AddMembers,
}

impl AddMembersRequest {
    fn parse(&self, by: UserId) -> Result<AddMembers, Refusal> {
        let role = self.role.map(|role| match role {
            AssignableRole::Member => Role::Member,
            AssignableRole::Admin => Role::Admin,
        });
        Ok(AddMembers {
            users: params::parse_users("users", &self.users)?,
            role,
            by,
        })
    }
}

impl CommandHandler for AddMembersHandler {
    type Target = Conversation;
    type Lookups = ();

    fn meta(&self) -> &CommandMeta<Conversation> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Conversation>,
        (): (),
    ) -> Result<Decision<ConversationEvent>, AttemptError> {
        let command = ConversationCommand::AddMembers(self.add.clone());
        let events = locked.state().decide(command, state.limits())?;
        let added = events.iter().filter_map(|event| match event {
            ConversationEvent::MemberAdded(added) => Some(added.user.as_str()),
            _ => None,
        });
        let fields = ResponseBody::serialize(&AddMembersResponse {
            added: added.collect(),
            position: PositionPlaceholder,
        })?;
        Ok(Decision::with_body(events, fields))
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
        (status = 200, description = "The users are members", body = AddMembersResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn add_members(
    State(state): State<CommandState>,
    requester: Requester,
    Path(id): Path<String>,
    Json(request): Json<AddMembersRequest>,
) -> Result<CommandResponse, CommandError> {
    let add = request.parse(requester.user.clone());
    let conversation = params::parse_conversation(&id)?;
    let meta = requester.into_meta(CommandKind::AddMembers, conversation, &[&id], &request)?;
    let handler =
        RejectedRequest::check(meta, add).map(|(meta, add)| AddMembersHandler { meta, add });
    execute_parsed(&state, handler).await
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
