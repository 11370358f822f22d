//! `PATCH /v1/conversations/{id}`.

use axum::extract::State;
use domain::conversation::Conversation;
use domain::conversation::command::{ChangeConversation, ConversationCommand};
use domain::conversation::event::{ConversationEvent, HistoryVisibility};
use domain::ids::{Title, UserId};
use domain::refusal::Refusal;
use event_log::LockedAggregate;
use http_edge::{Json, Path, schema};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::rejected::{RejectedRequest, execute_parsed};
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::handler::{AttemptError, CommandHandler, CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::params;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// The fields to change. Omitted fields stay unchanged.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ChangeRequest {
    /// The new title, at most 200 characters; null removes the title.
    #[serde(
        default,
        deserialize_with = "some_if_present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>, max_length = 200)]
    #[expect(
        clippy::option_option,
        reason = "omitted, null and a value have different meanings"
    )]
    title: Option<Option<String>>,
    #[schema(value_type = Option<schema::HistorySchema>)]
    history: Option<HistoryVisibility>,
}

/// Deserialises a field that is present, so that null differs from an omitted field.
#[expect(
    clippy::option_option,
    reason = "omitted, null and a value have different meanings"
)]
fn some_if_present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// The handler that changes a group.
pub(crate) struct ChangeHandler {
    meta: CommandMeta<Conversation>,
    change: ChangeConversation,
}

impl ChangeRequest {
    fn parse(&self, by: UserId) -> Result<ChangeConversation, Refusal> {
        let title = match &self.title {
            None => None,
            Some(None) => Some(None),
            Some(Some(title)) => {
                let title = Title::parse(title);
                Some(Some(
                    title.map_err(|invalid| Refusal::invalid("title", invalid.0))?,
                ))
            }
        };
        Ok(ChangeConversation {
            title,
            history: self.history,
            by,
        })
    }
}

impl CommandHandler for ChangeHandler {
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
        let command = ConversationCommand::Change(self.change.clone());
        Ok(Decision::from_events(
            locked.state().decide(command, state.limits())?,
        ))
    }
}

/// Change a group's title or history visibility
///
/// Requires the role owner or admin.
#[utoipa::path(
    patch,
    path = "/v1/conversations/{id}",
    operation_id = "change_conversation",
    tag = "conversations",
    params(
        ("id" = String, Path, description = "The conversation", example = "lunch"),
        IdempotencyParams,
    ),
    request_body(content = ChangeRequest, example = json!({"title": "Lunch at noon"})),
    responses(
        (status = 200, description = "Changed, or already so", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn change_conversation(
    State(state): State<CommandState>,
    requester: Requester,
    Path(id): Path<String>,
    Json(request): Json<ChangeRequest>,
) -> Result<CommandResponse, CommandError> {
    let change = request.parse(requester.user.clone());
    let conversation = params::parse_conversation(&id)?;
    let meta = requester.into_meta(CommandKind::Change, conversation, &[&id], &request)?;
    let handler =
        RejectedRequest::check(meta, change).map(|(meta, change)| ChangeHandler { meta, change });
    execute_parsed(&state, handler).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(request: &str) -> Result<ChangeConversation, Option<&'static str>> {
        let request: ChangeRequest = serde_json::from_str(request).expect("a request");
        request
            .parse(UserId::parse("ann").expect("a valid user id"))
            .map_err(|refusal| refusal.field)
    }

    #[test]
    fn null_differs_from_an_omitted_field() {
        assert_eq!(change("{}").expect("valid").title, None);
        assert_eq!(
            change(r#"{"title":null}"#).expect("valid").title,
            Some(None)
        );
        let changed = change(r#"{"title":"a","history":"since_join"}"#).expect("valid");
        assert_eq!(
            changed.title.flatten().map(String::from).as_deref(),
            Some("a")
        );
        assert_eq!(changed.history, Some(HistoryVisibility::SinceJoin));
        assert_eq!(change(r#"{"title":" "}"#).err(), Some(Some("title")));
    }
}
