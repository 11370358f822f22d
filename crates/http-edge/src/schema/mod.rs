//! OpenAPI schemas that services share. The edge knows no domain, so the enums here mirror those of
//! the domain; a test of `command-svc` compares them.
//!
//! - [`problem_responses`]: the responses with a problem, to which the operations refer.
//! - [`message_body`]: the bodies of messages by type. [`ndjson`]: bodies of JSON lines.
//! - [`union`]: unions with a discriminator, in the form that generators of clients take.

#![allow(missing_docs, reason = "the variants are the words of the API")]

pub mod message_body;
pub mod ndjson;
pub mod problem_responses;
pub mod union;

use utoipa::openapi::schema::Schema;
use utoipa::openapi::{ComponentsBuilder, OpenApi, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::problem::Problem;

/// An OpenAPI document that contains the schema of a problem and the responses with one, to which
/// every operation refers.
pub fn base_document() -> OpenApi {
    let mut parts = Vec::new();
    Problem::schemas(&mut parts);
    let components = ComponentsBuilder::new()
        .schemas_from_iter(parts)
        .schema_from::<Problem>()
        .responses_from_iter(problem_responses::components())
        .build();
    let mut document = OpenApi::default();
    document.components = Some(components);
    document
}

/// `direct` is a conversation of two users that never changes; users can join and leave a `group`;
/// in a conversation with a `desk`, a customer writes with the agents who have their sessions.
#[derive(ToSchema)]
#[schema(as = ConversationKind, rename_all = "snake_case")]
pub enum ConversationKindSchema {
    Direct,
    Group,
    Desk,
}

/// What new members can see of earlier messages: `all` of them, or only those `since_join`.
#[derive(ToSchema)]
#[schema(as = History, rename_all = "snake_case")]
pub enum HistorySchema {
    All,
    SinceJoin,
}

/// The role of a member, in ascending order of permissions.
#[derive(ToSchema)]
#[schema(as = Role, rename_all = "snake_case")]
pub enum RoleSchema {
    Member,
    Admin,
    Owner,
}

/// The type of a message. `control` messages are delivered and stored, but never counted, previewed
/// or searched.
#[derive(ToSchema)]
#[schema(as = MessageType, rename_all = "snake_case")]
pub enum MessageTypeSchema {
    Text,
    Image,
    File,
    Audio,
    Video,
    Location,
    Custom,
    Control,
}

/// What kind of user it is: a person, a program, or the deployment itself.
#[derive(ToSchema)]
#[schema(as = UserKind, rename_all = "snake_case")]
pub enum UserKindSchema {
    User,
    Bot,
    System,
}

/// Who may do something without being asked: `anyone`, or only `contacts` of the user.
#[derive(ToSchema)]
#[schema(as = Consent, rename_all = "snake_case")]
pub enum ConsentSchema {
    Anyone,
    Contacts,
}

/// Hours of every day in which a user does not want to be disturbed. They may span midnight.
#[derive(ToSchema)]
#[schema(as = QuietHours)]
#[expect(dead_code, reason = "describes the OpenAPI document")]
pub struct QuietHoursSchema {
    /// When they begin.
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "22:00")]
    from: String,
    /// When they end.
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "07:00")]
    to: String,
    /// The name of the time zone in the IANA database.
    #[schema(example = "Asia/Shanghai")]
    time_zone: String,
}

/// The words of an enum.
pub fn schema_values<S: PartialSchema>() -> Vec<String> {
    let RefOr::T(Schema::Object(words)) = S::schema() else {
        return Vec::new();
    };
    let words = words.enum_values.unwrap_or_default().into_iter();
    words
        .filter_map(|word| word.as_str().map(str::to_owned))
        .collect()
}

/// Who can send messages: every member, or only the owner and admins.
#[derive(ToSchema)]
#[schema(as = PostPolicy, rename_all = "snake_case")]
pub enum PostPolicySchema {
    Members,
    Admins,
}

/// How users join: the owner and admins add them (`added`), users ask and are admitted (`asked`),
/// or anyone who has the id joins (`open`).
#[derive(ToSchema)]
#[schema(as = JoinPolicy, rename_all = "snake_case")]
pub enum JoinPolicySchema {
    Added,
    Asked,
    Open,
}

/// Where near-equal texts are counted, and where their sender is silenced: in each conversation by
/// itself, or in `all` together.
#[derive(ToSchema)]
#[schema(as = FloodReach, rename_all = "snake_case")]
pub enum FloodReachSchema {
    Conversation,
    All,
}

/// What happens when a user floods: a case is opened (`flag`), or the user is silenced too.
#[derive(ToSchema)]
#[schema(as = FloodAction, rename_all = "snake_case")]
pub enum FloodActionSchema {
    Flag,
    Silence,
}
