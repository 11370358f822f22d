//! `PATCH /v1/conversations/{id}`.

use axum::extract::State;
use domain::conversation::Conversation;
use domain::conversation::command::{ChangeConversation, ConversationCommand};
use domain::conversation::event::{ConversationEvent, HistoryVisibility};
use domain::conversation::settings::{
    JoinPolicy, PolicyChange, PostPolicy, RetentionDays, SlowMode,
};
use domain::custom_fields::CustomFields;
use domain::ids::{InvalidIdError, Title, Topic, UserId};
use domain::refusal::Refusal;
use domain::texts::Avatar;
use domain::time::Timestamp;
use event_log::{LockedAggregate, Observation};
use http_edge::{Json, Path, schema};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::avatar_file::AvatarFile;
use super::edit::EditResponse;
use super::rejected::{RejectedRequest, execute_parsed};
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::handler::{AttemptError, CommandHandler, CommandLookups, CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::params;
use crate::response::{CommandResponse, PositionPlaceholder, ResponseBody};
use crate::screening;
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
    /// Who can send messages; `members` by default. With `admins` the group is a channel: others
    /// get 403 `read_only`, and can still react.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::PostPolicySchema>)]
    post: Option<PostPolicy>,
    /// How users join; `added` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::JoinPolicySchema>)]
    join: Option<JoinPolicy>,
    /// How many seconds a member other than the owner and admins waits between two messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 3600)]
    slow_mode: Option<i64>,
    /// After how many days the server erases messages; null for never.
    #[serde(
        default,
        deserialize_with = "some_if_present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 3650)]
    #[expect(
        clippy::option_option,
        reason = "omitted, null and a value have different meanings"
    )]
    retention_days: Option<Option<i64>>,
    /// Whether only the owner and admins can write, edit, react and recall; others get 403
    /// `frozen`.
    #[serde(skip_serializing_if = "Option::is_none")]
    frozen: Option<bool>,
    /// What the group is about, at most 500 characters; null removes it.
    #[serde(
        default,
        deserialize_with = "some_if_present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>, max_length = 500)]
    #[expect(
        clippy::option_option,
        reason = "omitted, null and a value have different meanings"
    )]
    topic: Option<Option<String>>,
    /// The avatar of the group: the id of one of the caller's own files, whose bytes are an image,
    /// or an https URL of at most 2,048 characters; null removes it. Members see the file.
    #[serde(
        default,
        deserialize_with = "some_if_present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>, max_length = 2048)]
    #[expect(
        clippy::option_option,
        reason = "omitted, null and a value have different meanings"
    )]
    avatar: Option<Option<String>>,
    /// What the app keeps with the group: a JSON object of at most 4 KiB; null removes it.
    #[serde(
        default,
        deserialize_with = "some_if_present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<Object>)]
    #[expect(
        clippy::option_option,
        reason = "omitted, null and a value have different meanings"
    )]
    custom: Option<Option<Value>>,
}

/// Deserialises a field that is present, so that null differs from an omitted field.
#[expect(
    clippy::option_option,
    reason = "omitted, null and a value have different meanings"
)]
fn some_if_present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Parses a field unless it is omitted or null.
#[expect(
    clippy::option_option,
    reason = "omitted, null and a value have different meanings"
)]
fn parse_present<V, T>(
    field: &'static str,
    present: Option<&Option<V>>,
    parse: impl FnOnce(&V) -> Result<T, InvalidIdError>,
) -> Result<Option<Option<T>>, Refusal> {
    let Some(value) = present else {
        return Ok(None);
    };
    let parsed = value.as_ref().map(parse).transpose();
    parsed
        .map(Some)
        .map_err(|invalid| Refusal::invalid(field, invalid.0))
}

/// The handler that changes a group.
pub(crate) struct ChangeHandler {
    meta: CommandMeta<Conversation>,
    change: ChangeConversation,
}

impl ChangeRequest {
    fn parse(&self, by: UserId, now: Timestamp) -> Result<ChangeConversation, Refusal> {
        Ok(ChangeConversation {
            title: parse_present("title", self.title.as_ref(), |title| Title::parse(title))?,
            history: self.history,
            policy: self.parse_policy()?,
            by,
            now,
        })
    }

    fn parse_policy(&self) -> Result<PolicyChange, Refusal> {
        let custom = self.custom.as_ref().map(|custom| {
            let custom = custom.as_ref().map(CustomFields::parse);
            custom.transpose()
        });
        let slow_mode = self.slow_mode.map(SlowMode::try_from).transpose();
        Ok(PolicyChange {
            post: self.post,
            join: self.join,
            slow_mode: slow_mode.map_err(|invalid| Refusal::invalid("slow_mode", invalid.0))?,
            retention_days: parse_present(
                "retention_days",
                self.retention_days.as_ref(),
                |days| RetentionDays::try_from(*days),
            )?,
            frozen: self.frozen,
            topic: parse_present("topic", self.topic.as_ref(), |topic| Topic::parse(topic))?,
            avatar: parse_present("avatar", self.avatar.as_ref(), |avatar| {
                Avatar::parse(avatar)
            })?,
            custom: custom.transpose()?,
        })
    }
}

impl CommandLookups<ChangeHandler> for AvatarFile {
    async fn load(
        handler: &ChangeHandler,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, AttemptError> {
        let avatar = handler.change.policy.avatar.as_ref();
        let avatar = avatar.and_then(Option::as_ref);
        Ok(Self::observe(state, avatar, &[&handler.meta.caller], observed).await?)
    }
}

impl CommandHandler for ChangeHandler {
    type Target = Conversation;
    type Lookups = AvatarFile;

    fn meta(&self) -> &CommandMeta<Conversation> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Conversation>,
        avatar: AvatarFile,
    ) -> Result<Decision<ConversationEvent>, AttemptError> {
        let conversation = locked.state();
        let mut change = self.change.clone();
        let mut response = EditResponse {
            masked: false,
            position: PositionPlaceholder,
        };
        let (mut title_flags, mut topic_flags) = (Vec::new(), Vec::new());
        // Everybody else gets the same response, whatever the texts.
        if conversation.is_member(&self.meta.caller) {
            let rulebook = state.rulebook();
            if let Some(title) = change.title.take() {
                let screened = screening::screen_title(&rulebook, title)?;
                change.title = Some(screened.value);
                response.masked = screened.masked;
                title_flags = screened.flags;
            }
            if let Some(topic) = change.policy.topic.take() {
                let screened = screening::screen_topic(&rulebook, topic)?;
                change.policy.topic = Some(screened.value);
                response.masked |= screened.masked;
                topic_flags = screened.flags;
            }
        }
        let new_avatar = change.policy.avatar.clone();
        let events = conversation.decide(ConversationCommand::Change(change), state.limits())?;
        // Only now is it certain that the caller may change anything.
        avatar.check(conversation.policy().avatar.as_ref(), new_avatar.as_ref())?;
        let flagged = |event: ConversationEvent| match event {
            ConversationEvent::ConversationChanged(_) => event.flagged(&title_flags),
            ConversationEvent::ConversationPolicyChanged(_) => event.flagged(&topic_flags),
            other => other,
        };
        let events = events.into_iter().map(flagged).collect();
        Ok(Decision::with_body(
            events,
            ResponseBody::serialize(&response)?,
        ))
    }
}

/// Change a group's title, history visibility or policy
///
/// Requires the role owner or admin. Members get the entries `conversation_changed` and
/// `conversation_policy_changed`.
#[utoipa::path(
    patch,
    path = "/v1/conversations/{id}",
    operation_id = "change_conversation",
    tag = "conversations",
    params(
        ("id" = String, Path, description = "The conversation", example = "lunch"),
        IdempotencyParams,
    ),
    request_body(content = ChangeRequest, examples(
        ("a title" = (value = json!({"title": "Lunch at noon"}))),
        ("a channel that anyone can join" = (value = json!({
            "post": "admins", "join": "open", "topic": "Where we eat"
        }))),
        ("slow mode" = (value = json!({"slow_mode": 30}))),
    )),
    responses(
        (status = 200, description = "Changed, or already so", body = EditResponse,
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
    let change = request.parse(requester.user.clone(), state.now());
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
            .parse(
                UserId::parse("ann").expect("a valid user id"),
                Timestamp::default(),
            )
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

    #[test]
    fn a_policy_is_parsed_field_by_field() {
        let policy = |request: &str| change(request).expect("valid").policy;
        assert_eq!(policy(r#"{"title":"a"}"#), PolicyChange::default());
        let changed = policy(
            r#"{"post":"admins","join":"asked","slow_mode":30,"retention_days":7,"frozen":true,
                "topic":"t","avatar":"https://a/b","custom":{"b":1,"a":2.0}}"#,
        );
        assert_eq!(changed.post, Some(PostPolicy::Admins));
        assert_eq!(changed.join, Some(JoinPolicy::Asked));
        assert_eq!(changed.slow_mode.map(SlowMode::seconds), Some(30));
        let custom = changed.custom.flatten();
        assert_eq!(
            custom.as_ref().map(CustomFields::as_json),
            Some(r#"{"a":2,"b":1}"#)
        );
        let removed = policy(r#"{"retention_days":null,"topic":null,"avatar":null,"custom":null}"#);
        assert_eq!(removed.retention_days, Some(None));
        assert_eq!((removed.topic, removed.custom), (Some(None), Some(None)));
        for (bad, field) in [
            (r#"{"slow_mode":3601}"#, "slow_mode"),
            (r#"{"slow_mode":-1}"#, "slow_mode"),
            (r#"{"retention_days":0}"#, "retention_days"),
            (r#"{"retention_days":3651}"#, "retention_days"),
            (r#"{"topic":" "}"#, "topic"),
            (r#"{"avatar":"http://a"}"#, "avatar"),
            (r#"{"avatar":"https://"}"#, "avatar"),
            (r#"{"custom":[1]}"#, "custom"),
        ] {
            assert_eq!(change(bad).err(), Some(Some(field)), "{bad}");
        }
        let large = format!(r#"{{"custom":{{"a":"{}"}}}}"#, "x".repeat(4_096));
        assert_eq!(change(&large).err(), Some(Some("custom")));
    }

    #[test]
    fn the_fingerprint_of_an_earlier_release_stays_valid() {
        let request: ChangeRequest = serde_json::from_str(r#"{"title":"a"}"#).expect("a request");
        let text = serde_json::to_string(&request).expect("JSON");
        assert_eq!(text, r#"{"title":"a","history":null}"#);
    }
}
