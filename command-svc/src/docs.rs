//! What the OpenAPI document says of commands besides their routes.

use std::collections::BTreeMap;

use http::StatusCode;
use http_edge::schema::message_body::split_by_message_type;
use http_edge::schema::problem_responses::responses_with;
use http_edge::schema::union::{self, merge_all_of, name_items, pascal_case};
use utoipa::IntoResponses;
use utoipa::openapi::{OpenApi, RefOr, Response};

pub(crate) use http_edge::IdempotencyParams;

/// The statuses of the problems that any command can return.
const PROBLEMS: [StatusCode; 10] = [
    StatusCode::BAD_REQUEST,
    StatusCode::UNAUTHORIZED,
    StatusCode::FORBIDDEN,
    StatusCode::NOT_FOUND,
    StatusCode::CONFLICT,
    StatusCode::PAYLOAD_TOO_LARGE,
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    StatusCode::UNPROCESSABLE_ENTITY,
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::SERVICE_UNAVAILABLE,
];

/// The schemas that only contribute their fields to those of the lines of a batch.
const PARTS: [&str; 5] = [
    "SendLine",
    "EditLine",
    "ReadLine",
    "ReactionLine",
    "MessageLine",
];

/// The problems that any command can return.
pub(crate) struct CommandProblems;

impl IntoResponses for CommandProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses_with(&PROBLEMS)
    }
}

/// Puts unions into the form that generators of clients take.
pub(crate) fn arrange_unions(api: &mut OpenApi) {
    let schemas = union::schemas_of(api);
    merge_all_of(schemas);
    name_items(schemas, "BatchLine", "op", |op| {
        format!("Batch{}", pascal_case(op))
    });
    for name in PARTS {
        schemas.remove(name);
    }
    split_by_message_type(schemas, "SendRequest", |kind| format!("Send{kind}Request"));
}

#[cfg(test)]
mod tests {
    use domain::body::MessageType;
    use domain::conversation::event::{ConversationKind, HistoryVisibility, Role};
    use domain::conversation::settings::{JoinPolicy, PostPolicy};
    use domain::profile::event::UserKind;
    use domain::profile::settings::Consent;
    use http_edge::schema::{
        ConsentSchema, ConversationKindSchema, HistorySchema, JoinPolicySchema, MessageTypeSchema,
        PostPolicySchema, RoleSchema, UserKindSchema,
    };
    use serde::Serialize;
    use serde_json::to_value;
    use utoipa::PartialSchema;

    fn assert_mirrors<S: PartialSchema>(values: &[impl Serialize]) {
        let schema = to_value(S::schema()).expect("a schema");
        assert_eq!(schema["enum"], to_value(values).expect("values"));
    }

    #[test]
    fn the_schemas_of_the_edge_mirror_the_domain() {
        use MessageType::{Audio, Control, Custom, File, Image, Location, Text, Video};
        assert_mirrors::<ConversationKindSchema>(&[
            ConversationKind::Direct,
            ConversationKind::Group,
            ConversationKind::Desk,
        ]);
        assert_mirrors::<HistorySchema>(&[HistoryVisibility::All, HistoryVisibility::SinceJoin]);
        assert_mirrors::<PostPolicySchema>(&[PostPolicy::Members, PostPolicy::Admins]);
        assert_mirrors::<JoinPolicySchema>(&[
            JoinPolicy::Added,
            JoinPolicy::Asked,
            JoinPolicy::Open,
        ]);
        assert_mirrors::<RoleSchema>(&[Role::Member, Role::Admin, Role::Owner]);
        assert_mirrors::<UserKindSchema>(&[UserKind::User, UserKind::Bot, UserKind::System]);
        assert_mirrors::<ConsentSchema>(&[Consent::Anyone, Consent::Contacts]);
        assert_mirrors::<MessageTypeSchema>(&[
            Text, Image, File, Audio, Video, Location, Custom, Control,
        ]);
    }
}
