//! `POST /v1/conversations/{id}/members`.

use axum::extract::State;
use domain::conversation::Conversation;
use domain::conversation::command::{AddMembers, ConversationCommand, InvitationCommand};
use domain::conversation::event::{ConversationEvent, Role};
use domain::conversation::invitation_command::UsersToAsk;
use domain::ids::UserId;
use domain::profile::settings::UserSettings;
use domain::refusal::Refusal;
use domain::time::Timestamp;
use event_log::{LockedAggregate, Observation};
use http_edge::{Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::consent::find_users_to_ask;
use super::rejected::{RejectedRequest, execute_parsed};
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::handler::{AttemptError, CommandHandler, CommandLookups, CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::params;
use crate::response::{CommandResponse, PositionPlaceholder, ResponseBody};
use crate::state::CommandState;

/// The users to add, or whose roles to change.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct AddMembersRequest {
    /// The users, at most 1,000. Required, unless `users` has them.
    #[schema(max_items = 1000)]
    members: Option<Vec<String>>,
    /// The name of `members` in earlier releases, which will be removed.
    #[schema(deprecated, max_items = 1000)]
    users: Option<Vec<String>>,
    /// The role. New members get `member` by default; existing members keep their role if omitted.
    role: Option<AssignableRole>,
}

/// The request for its fingerprint: the same under either name of the users.
#[derive(Serialize)]
struct FingerprintedRequest<'a> {
    users: &'a [String],
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

/// The users who were added, and those who were invited because they let only their contacts add
/// them.
#[derive(Serialize, ToSchema)]
#[schema(as = Added)]
pub(crate) struct AddMembersResponse<'a> {
    /// The users who were not members before.
    added: Vec<&'a str>,
    /// The users who were invited now: they join or decline.
    invited: Vec<&'a str>,
    #[serde(skip_serializing_if = "PositionPlaceholder::is_placeholder")]
    #[schema(value_type = i64, required = true, minimum = 0)]
    position: PositionPlaceholder,
}

/// The handler that adds members.
pub(crate) struct AddMembersHandler {
    meta: CommandMeta<Conversation>,
    add: AddMembers,
    /// The field in which the request has the users.
    field: &'static str,
}

const MEMBERS: &str = "members";
const USERS: &str = "users";

impl AddMembersRequest {
    fn parse(&self, by: UserId, now: Timestamp) -> Result<AddMembers, Refusal> {
        let role = self.role.map(|role| match role {
            AssignableRole::Member => Role::Member,
            AssignableRole::Admin => Role::Admin,
        });
        let (field, users) = match (&self.members, &self.users) {
            (Some(_), Some(_)) => {
                return Err(Refusal::invalid(
                    "users",
                    "The fields members and users are the same; send members alone.",
                ));
            }
            (None, None) => {
                return Err(Refusal::invalid("members", "Expected the users to add."));
            }
            (Some(users), None) => (MEMBERS, users),
            (None, Some(users)) => (USERS, users),
        };
        Ok(AddMembers {
            users: params::parse_users(field, users)?,
            role,
            by,
            now,
        })
    }

    fn fingerprinted(&self) -> FingerprintedRequest<'_> {
        let users = self.members.as_ref().or(self.users.as_ref());
        FingerprintedRequest {
            users: users.map(Vec::as_slice).unwrap_or_default(),
            role: self.role,
        }
    }

    fn field(&self) -> &'static str {
        if self.members.is_some() {
            MEMBERS
        } else {
            USERS
        }
    }
}

/// The users who must be asked before they are added.
pub(crate) struct MembersToAsk(UsersToAsk);

impl CommandLookups<AddMembersHandler> for MembersToAsk {
    async fn load(
        handler: &AddMembersHandler,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, AttemptError> {
        let AddMembers { users, by, .. } = &handler.add;
        // A command that names more users is refused.
        if users.len() > state.limits().users_per_command {
            return Ok(Self(UsersToAsk::new()));
        }
        let default = state.groups_from();
        let setting = |set: &UserSettings| set.groups_from_or(default);
        let to_ask = find_users_to_ask(state, by, users, setting, observed);
        Ok(Self(to_ask.await?))
    }
}

impl CommandHandler for AddMembersHandler {
    type Target = Conversation;
    type Lookups = MembersToAsk;

    fn meta(&self) -> &CommandMeta<Conversation> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Conversation>,
        MembersToAsk(to_ask): MembersToAsk,
    ) -> Result<Decision<ConversationEvent>, AttemptError> {
        let command = InvitationCommand::AddMembers(self.add.clone(), to_ask);
        let command = ConversationCommand::Invitation(command);
        // The rules call the users `users`.
        let rename = |refusal: Refusal| Refusal {
            field: refusal.field.map(|field| match field {
                USERS => self.field,
                other => other,
            }),
            ..refusal
        };
        let decided = locked.state().decide(command, state.limits());
        let events = decided.map_err(rename)?;
        let added = events.iter().filter_map(|event| match event {
            ConversationEvent::MemberAdded(added) => Some(added.user.as_str()),
            _ => None,
        });
        let fields = ResponseBody::serialize(&AddMembersResponse {
            added: added.collect(),
            invited: invited_users(&events),
            position: PositionPlaceholder,
        })?;
        Ok(Decision::with_body(events, fields))
    }
}

/// The users whom these events invite.
pub(super) fn invited_users(events: &[ConversationEvent]) -> Vec<&str> {
    let invited = events.iter().filter_map(|event| match event {
        ConversationEvent::Invited(invited) => Some(invited.user.as_str()),
        _ => None,
    });
    invited.collect()
}

/// Add members to a group, or change their roles
///
/// Requires the role owner or admin. Only the owner can demote an admin. A user whose `groups_from`
/// is `contacts` is invited instead, unless the caller is a contact of theirs.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/members",
    operation_id = "add_members",
    tag = "conversations",
    params(
        ("id" = String, Path, description = "The conversation", example = "lunch"),
        IdempotencyParams,
    ),
    request_body(content = AddMembersRequest, example = json!({"users": ["cleo"]})),
    responses(
        (status = 200, description = "The users are members, or invited", body = AddMembersResponse,
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
    let add = request.parse(requester.user.clone(), state.now());
    let conversation = params::parse_conversation(&id)?;
    let meta = requester.into_meta(
        CommandKind::AddMembers,
        conversation,
        &[&id],
        &request.fingerprinted(),
    )?;
    let field = request.field();
    let handler =
        RejectedRequest::check(meta, add).map(|(meta, add)| AddMembersHandler { meta, add, field });
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
            request
                .parse(by, Timestamp::default())
                .err()
                .and_then(|refusal| refusal.field),
            Some("users")
        );
    }

    #[test]
    fn either_name_of_the_users_is_accepted_but_not_both() {
        let request =
            |json: &str| serde_json::from_str::<AddMembersRequest>(json).expect("a request");
        let parse = |json: &str| {
            let by = UserId::parse("ann").expect("a valid user id");
            let parsed = request(json).parse(by, Timestamp::default());
            parsed
                .map(|add| add.users.len())
                .map_err(|refusal| refusal.field)
        };
        assert_eq!(parse(r#"{"members":["bob","eve"]}"#), Ok(2));
        assert_eq!(parse(r#"{"users":["bob"]}"#), Ok(1));
        assert_eq!(
            parse(r#"{"members":["bob"],"users":["bob"]}"#),
            Err(Some("users"))
        );
        assert_eq!(parse("{}"), Err(Some("members")));
        assert_eq!(parse(r#"{"members":[""]}"#), Err(Some("members")));
        // The stored fingerprints of an earlier release stay valid.
        let fingerprinted =
            |json: &str| serde_json::to_string(&request(json).fingerprinted()).expect("JSON");
        let stored = r#"{"users":["bob"],"role":"admin"}"#;
        assert_eq!(fingerprinted(stored), stored);
        assert_eq!(
            fingerprinted(r#"{"role":"admin","members":["bob"]}"#),
            stored
        );
        assert_eq!(
            fingerprinted(r#"{"users":[]}"#),
            r#"{"users":[],"role":null}"#
        );
    }
}
