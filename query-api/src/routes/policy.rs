//! The policy of a conversation, as the read model has it and as clients get it.

use domain::conversation::settings::ConversationPolicy;
use http_edge::schema::{JoinPolicySchema, PostPolicySchema};
use utoipa::ToSchema;

use crate::error::QueryError;

/// What the owner and admins of a conversation have set. A direct conversation has the defaults.
#[expect(dead_code, reason = "describes the OpenAPI document")]
#[derive(Debug, ToSchema)]
#[schema(as = Policy)]
pub struct PolicySchema {
    /// Who can send messages.
    #[schema(value_type = PostPolicySchema)]
    post: String,
    /// How users join.
    #[schema(value_type = JoinPolicySchema)]
    join: String,
    /// How many seconds a member other than the owner and admins waits between two messages.
    #[schema(minimum = 0, maximum = 3600)]
    slow_mode: i64,
    /// After how many days the server erases messages; null for never.
    #[schema(required = true, minimum = 1, maximum = 3650)]
    retention_days: Option<i64>,
    /// Whether only the owner and admins can write, edit, react and recall.
    frozen: bool,
    /// What the conversation is about.
    #[schema(required = true)]
    topic: Option<String>,
    /// The address of its picture.
    #[schema(required = true)]
    avatar: Option<String>,
    /// What the app keeps with it.
    #[schema(value_type = Option<Object>, required = true)]
    custom: Option<serde_json::Value>,
}

/// Parses a stored policy; the default one, if there is none.
pub fn parse(stored: Option<&str>) -> Result<ConversationPolicy, QueryError> {
    let Some(stored) = stored else {
        return Ok(ConversationPolicy::default());
    };
    serde_json::from_str(stored).map_err(|error| QueryError::Corrupt {
        value: "a policy",
        reason: error.to_string(),
    })
}
