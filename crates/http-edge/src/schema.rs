//! OpenAPI schemas that services share. The edge knows no domain, so the enums here mirror those of
//! the domain; a test of `command-svc` compares them.

#![allow(missing_docs, reason = "the variants are the words of the API")]

use utoipa::ToSchema;
use utoipa::openapi::{ComponentsBuilder, OpenApi};

use crate::problem::Problem;

/// An OpenAPI document that contains the schema of a problem, to which the responses of every
/// operation refer.
pub fn base_document() -> OpenApi {
    let mut parts = Vec::new();
    Problem::schemas(&mut parts);
    let components = ComponentsBuilder::new()
        .schemas_from_iter(parts)
        .schema_from::<Problem>()
        .build();
    let mut document = OpenApi::default();
    document.components = Some(components);
    document
}

/// `direct` is a conversation of two users that never changes; users can join and leave a `group`.
#[derive(ToSchema)]
#[schema(as = ConversationKind, rename_all = "snake_case")]
pub enum ConversationKindSchema {
    Direct,
    Group,
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
