//! The response to a send that the hook holds.

use domain::held_id::HeldId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::response::PositionPlaceholder;

/// What a response with a held message begins with.
const HELD_BODY: &[u8] = br#"{"state":"held","#;

/// A message that is held until a moderator decides. Nobody but its sender sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = Held)]
pub(crate) struct HeldResponse {
    /// `held`.
    #[schema(value_type = String, example = "held")]
    state: HeldTag,
    /// Its id, for the sender alone.
    #[schema(value_type = String, example = "h1")]
    held_id: HeldId,
    #[serde(skip_serializing_if = "PositionPlaceholder::is_placeholder")]
    #[schema(value_type = i64, required = true, minimum = 1)]
    position: PositionPlaceholder,
}

/// The only state of a [`HeldResponse`].
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum HeldTag {
    Held,
}

/// The part of a stored response that names the held message.
#[derive(Deserialize)]
struct StoredResponse {
    held_id: HeldId,
}

impl HeldResponse {
    /// The response to a send that was held under this id.
    pub(crate) fn new(held_id: HeldId) -> Self {
        Self {
            state: HeldTag::Held,
            held_id,
            position: PositionPlaceholder,
        }
    }
}

/// Whether this is the response to a send that was held.
pub(crate) fn is_held_response(body: &[u8]) -> bool {
    body.starts_with(HELD_BODY)
}

/// The held message that a response is about.
pub(crate) fn parse_held_id(body: &[u8]) -> Option<HeldId> {
    let stored = serde_json::from_slice::<StoredResponse>(body).ok()?;
    Some(stored.held_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::ResponseBody;

    #[test]
    fn a_stored_response_says_that_it_is_held() {
        let response = HeldResponse::new(HeldId::from_number(7));
        let body = ResponseBody::serialize(&response).expect("JSON");
        assert!(is_held_response(&body.0));
        assert_eq!(parse_held_id(&body.0), Some(HeldId::from_number(7)));
        assert!(!is_held_response(br#"{"conversation_id":"c","seq":1}"#));
    }
}
