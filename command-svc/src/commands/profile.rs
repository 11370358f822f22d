//! `PATCH /v1/users/me`, and what administrators decide about a user: `PUT /v1/admin/users/{user}`
//! and `POST /v1/admin/users/{user}/revoke`.

use axum::extract::State;
use domain::custom_fields::CustomFields;
use domain::ids::{InvalidIdError, UserId};
use domain::mailbox::push_event::PushDropCause;
use domain::profile::Profile;
use domain::profile::command::{ChangeProfile, ProfileCommand, RevokeTokens};
use domain::profile::event::{ProfileEvent, UserKind};
use domain::refusal::Refusal;
use domain::texts::{About, Avatar, DisplayName, Locale};
use event_log::{LockedAggregate, Observation};
use http_edge::{Admin, Json, Path, schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::avatar_file::AvatarFile;
use super::edit::EditResponse;
use super::push_drops;
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, CommandLookups, CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::params;
use crate::present::deserialize_present;
use crate::response::{CommandResponse, PositionPlaceholder, PositionResponse, ResponseBody};
use crate::screening::{self, ScreenedValue};
use crate::state::CommandState;

/// The handler of every command to a profile.
pub(crate) struct ProfileHandler {
    meta: CommandMeta<Profile>,
    command: ProfileCommand,
}

impl ProfileHandler {
    pub(crate) fn new(meta: CommandMeta<Profile>, command: ProfileCommand) -> Self {
        Self { meta, command }
    }
}

impl CommandLookups<ProfileHandler> for AvatarFile {
    async fn load(
        handler: &ProfileHandler,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, AttemptError> {
        let avatar = match &handler.command {
            ProfileCommand::Change(change) => change.avatar.as_ref().and_then(Option::as_ref),
            _ => None,
        };
        // An administrator chooses an image of their own, or one of the user.
        let owners = [&handler.meta.caller, &handler.meta.aggregate_id];
        Ok(Self::observe(state, avatar, &owners, observed).await?)
    }
}

impl CommandHandler for ProfileHandler {
    type Target = Profile;
    type Lookups = AvatarFile;

    fn meta(&self) -> &CommandMeta<Profile> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Profile>,
        avatar: AvatarFile,
    ) -> Result<Decision<ProfileEvent>, AttemptError> {
        let profile = locked.state();
        let mut command = self.command.clone();
        if let ProfileCommand::Change(change) = &command {
            let old = profile.public_profile().avatar.as_ref();
            avatar.check(old, change.avatar.as_ref())?;
        }
        let mut screened = ScreenedValue::unchanged(None);
        if let ProfileCommand::Change(change) = &mut command
            && let Some(name) = &mut change.display_name
            && *name != profile.public_profile().display_name
        {
            screened = screening::screen_name(&state.rulebook(), name.take())?;
            name.clone_from(&screened.value);
        }
        let events = profile.decide(command)?.into_iter();
        let response = EditResponse {
            masked: screened.masked,
            position: PositionPlaceholder,
        };
        Ok(Decision::with_body(
            events.map(|event| event.flagged(&screened.flags)).collect(),
            ResponseBody::serialize(&response)?,
        ))
    }
}

/// What to change of the caller's profile. Omitted fields stay unchanged; null removes a value.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[expect(
    clippy::option_option,
    reason = "omitted, null and a value have different meanings"
)]
pub(crate) struct ProfileRequest {
    /// The name that others see: 1 to 64 characters.
    #[serde(
        default,
        deserialize_with = "deserialize_present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64)]
    display_name: Option<Option<String>>,
    /// The avatar: the id of one of the caller's own files, whose bytes are an image, or an https
    /// URL.
    #[serde(
        default,
        deserialize_with = "deserialize_present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>, max_length = 2048)]
    avatar: Option<Option<String>>,
    /// What the user says about themselves: at most 300 characters.
    #[serde(
        default,
        deserialize_with = "deserialize_present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>, max_length = 300)]
    about: Option<Option<String>>,
    /// The language: a BCP 47 tag such as `de-AT`.
    #[serde(
        default,
        deserialize_with = "deserialize_present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>, max_length = 100)]
    locale: Option<Option<String>>,
    /// The app's own fields: a JSON object of at most 4 KiB.
    #[serde(
        default,
        deserialize_with = "deserialize_present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<Object>)]
    custom: Option<Option<Value>>,
}

/// What to change of a user. Omitted fields stay unchanged; null removes a value.
//
// It lists the fields of `ProfileRequest` again: a flattened field would make unknown names valid.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[expect(
    clippy::option_option,
    reason = "omitted, null and a value have different meanings"
)]
pub(crate) struct UserRequest {
    /// The name that others see: 1 to 64 characters.
    #[serde(
        default,
        deserialize_with = "deserialize_present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64)]
    display_name: Option<Option<String>>,
    /// The avatar: the id of a file of the caller or of this user, whose bytes are an image, or an
    /// https URL.
    #[serde(
        default,
        deserialize_with = "deserialize_present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>, max_length = 2048)]
    avatar: Option<Option<String>>,
    /// What the user says about themselves: at most 300 characters.
    #[serde(
        default,
        deserialize_with = "deserialize_present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>, max_length = 300)]
    about: Option<Option<String>>,
    /// The language: a BCP 47 tag such as `de-AT`.
    #[serde(
        default,
        deserialize_with = "deserialize_present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>, max_length = 100)]
    locale: Option<Option<String>>,
    /// The app's own fields: a JSON object of at most 4 KiB.
    #[serde(
        default,
        deserialize_with = "deserialize_present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<Object>)]
    custom: Option<Option<Value>>,
    /// What kind of user it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::UserKindSchema>)]
    kind: Option<UserKind>,
    /// Whether the user is deactivated: every call with their tokens is refused, and live
    /// connections are closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    deactivated: Option<bool>,
}

impl UserRequest {
    fn parse(self, by: UserId) -> Result<ChangeProfile, Refusal> {
        let profile = ProfileRequest {
            display_name: self.display_name,
            avatar: self.avatar,
            about: self.about,
            locale: self.locale,
            custom: self.custom,
        };
        Ok(ChangeProfile {
            kind: self.kind,
            deactivated: self.deactivated,
            ..profile.parse(by)?
        })
    }
}

/// Parses a field that is present.
#[expect(
    clippy::option_option,
    reason = "omitted, null and a value have different meanings"
)]
fn parse_text<T>(
    field: &'static str,
    text: Option<&Option<String>>,
    parse: fn(&str) -> Result<T, InvalidIdError>,
) -> Result<Option<Option<T>>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let parsed = text.as_deref().map(parse).transpose();
    let parsed = parsed.map_err(|invalid| Refusal::invalid(field, invalid.0))?;
    Ok(Some(parsed))
}

impl ProfileRequest {
    fn parse(&self, by: UserId) -> Result<ChangeProfile, Refusal> {
        let custom = match &self.custom {
            None => None,
            Some(value) => Some(value.as_ref().map(CustomFields::parse).transpose()?),
        };
        Ok(ChangeProfile {
            display_name: parse_text(
                "display_name",
                self.display_name.as_ref(),
                DisplayName::parse,
            )?,
            avatar: parse_text("avatar", self.avatar.as_ref(), Avatar::parse)?,
            about: parse_text("about", self.about.as_ref(), About::parse)?,
            locale: parse_text("locale", self.locale.as_ref(), Locale::parse)?,
            custom,
            kind: None,
            deactivated: None,
            by,
        })
    }
}

/// Change your profile
///
/// What others see of the caller. Who may see a profile depends on the directory of the deployment,
/// and they also see the file of its avatar. A file that is not stored, or is being deleted, cannot
/// become an avatar (`422 file_not_ready`).
#[utoipa::path(
    patch,
    path = "/v1/users/me",
    operation_id = "change_profile",
    tag = "users",
    params(IdempotencyParams),
    request_body(content = ProfileRequest, example = json!({"display_name": "Ann", "locale": "en"})),
    responses(
        (status = 200, description = "Changed, or already so", body = EditResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn change_profile(
    State(state): State<CommandState>,
    requester: Requester,
    Json(request): Json<ProfileRequest>,
) -> Result<CommandResponse, CommandError> {
    let user = requester.user.clone();
    let change = request.parse(user.clone())?;
    let meta = requester.into_meta(CommandKind::ChangeProfile, user, &[], &request)?;
    let command = ProfileCommand::Change(change);
    execute(&state, &ProfileHandler::new(meta, command)).await
}

/// Set up a user
///
/// An administrator changes a profile, says what kind of user it is, or deactivates the user. Once
/// a user is deactivated, every call with their token gets `403 deactivated`, and their live
/// connections close with 4403 within a second. Their messages stay.
#[utoipa::path(
    put,
    path = "/v1/admin/users/{user}",
    operation_id = "set_user",
    tag = "admin",
    params(
        ("user" = String, Path, description = "The user", example = "bob"),
        IdempotencyParams,
    ),
    request_body(content = UserRequest, example = json!({"display_name": "Bob", "kind": "user"})),
    responses(
        (status = 200, description = "Changed, or already so", body = EditResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn set_user(
    State(state): State<CommandState>,
    _: Admin,
    requester: Requester,
    Path(user): Path<String>,
    Json(request): Json<UserRequest>,
) -> Result<CommandResponse, CommandError> {
    let target = params::parse_user(&user)?;
    let admin = requester.user.clone();
    let mut meta = requester.into_meta(CommandKind::SetUser, target.clone(), &[&user], &request)?;
    meta.actor = Some(admin.clone());
    let command = ProfileCommand::Change(request.parse(admin.clone())?);
    let response = execute(&state, &ProfileHandler::new(meta, command)).await?;
    // A repeated request completes what an earlier one could not.
    let profiles = state.log().profiles();
    let (deactivated, _) = profiles
        .peek(target.as_str(), Profile::is_deactivated)
        .await?;
    if deactivated {
        push_drops::drop_all(&state, &target, &admin, PushDropCause::Deactivated).await?;
    }
    Ok(response)
}

/// Revoke the tokens of a user
///
/// Every process refuses tokens of the user that were issued (`iat`) up to now, with `401 revoked`,
/// within a second; a token without `iat` counts as issued before. Live connections close with
/// 4401. New tokens are accepted.
#[utoipa::path(
    post,
    path = "/v1/admin/users/{user}/revoke",
    operation_id = "revoke_tokens",
    tag = "admin",
    params(
        ("user" = String, Path, description = "The user", example = "dave"),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The tokens are revoked", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn revoke_tokens(
    State(state): State<CommandState>,
    _: Admin,
    requester: Requester,
    Path(user): Path<String>,
) -> Result<CommandResponse, CommandError> {
    let admin = requester.user.clone();
    let target = params::parse_user(&user)?;
    let mut meta = requester.into_meta(CommandKind::RevokeTokens, target, &[&user], &())?;
    meta.actor = Some(admin.clone());
    let command = ProfileCommand::RevokeTokens(RevokeTokens {
        before: state.now(),
        by: admin,
    });
    execute(&state, &ProfileHandler::new(meta, command)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(request: &str) -> Result<ChangeProfile, Option<&'static str>> {
        let request: ProfileRequest = serde_json::from_str(request).expect("a request");
        let by = UserId::parse("ann").expect("a valid user id");
        request.parse(by).map_err(|refusal| refusal.field)
    }

    #[test]
    fn null_differs_from_an_omitted_field() {
        let empty = parse("{}").expect("valid");
        assert!(empty.display_name.is_none() && empty.custom.is_none());
        let removing = parse(r#"{"display_name":null,"custom":null}"#).expect("valid");
        assert_eq!(
            (removing.display_name, removing.custom),
            (Some(None), Some(None))
        );
    }

    #[test]
    fn an_invalid_field_is_named() {
        for (field, value) in [
            ("display_name", r#""""#),
            ("avatar", r#""ann.png""#),
            ("about", &format!("{:?}", "x".repeat(301))),
            ("locale", r#""en_US""#),
            ("custom", "[]"),
        ] {
            let request = format!("{{\"{field}\":{value}}}");
            assert_eq!(parse(&request).err(), Some(Some(field)), "{request}");
        }
    }
}
