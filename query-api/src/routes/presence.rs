//! `GET /v1/presence`: which of some users are online.

use axum::extract::State;
use axum::response::Response;
use domain::deployment::feature::Feature;
use http_edge::{Caller, Problem, Query};
use moderation::LiveRulebook;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::docs::CallerProblems;
use crate::error::EndpointError;
use crate::live::state::LiveState;
use crate::live::user_presence::{self, UserPresence};
use crate::switches::require_feature;

/// The maximum number of users in one call.
const MAX_USERS: usize = 100;

/// The users to report.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PresenceParams {
    /// The ids of up to 100 users, separated by commas. A user whose id has a comma can only be
    /// watched over a WebSocket.
    #[param(value_type = String, required = true, example = "ann,bob")]
    users: Option<String>,
}

/// The presence of users.
#[derive(Debug, Serialize, ToSchema)]
pub struct Presences {
    /// Those of the users who share a conversation with the caller, ordered by id. Others are left
    /// out, as if they did not exist.
    pub users: Vec<UserPresence>,
}

/// Reports which of some users are online.
///
/// A WebSocket can watch them: it reports the same, and every change.
#[utoipa::path(
    get, path = "/v1/presence", operation_id = "get_presence", tag = "users",
    params(PresenceParams, MinPositionParams),
    responses(
        (status = 200, description = "The presence of those whom the caller may see.",
         body = Presences,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
    ),
)]
pub async fn get_presence(
    State(state): State<ReadState>,
    State(live): State<LiveState>,
    State(rulebook): State<LiveRulebook>,
    caller: Caller,
    Query(query): Query<PresenceParams>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    require_feature(&rulebook, Feature::Presence)?;
    let names = parse_users(query.users.as_deref().unwrap_or_default())?;
    let guard = min_position.wait().await?;
    let shared = user_presence::load_sharing(&state.pool, &caller.user, &names).await;
    let (position, shared) = shared?;
    let users = live.presence.load_presence(&shared).await?;
    guard.respond(position, &Presences { users })
}

fn parse_users(list: &str) -> Result<Vec<&str>, Problem> {
    let names: Vec<&str> = list.split(',').filter(|name| !name.is_empty()).collect();
    if names.is_empty() || names.len() > MAX_USERS {
        let expected = format!("expected the ids of up to {MAX_USERS} users, separated by commas");
        return Err(Problem::malformed("users", expected));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_up_to_a_hundred_users() {
        assert_eq!(parse_users("ann,bob").unwrap(), ["ann", "bob"]);
        assert_eq!(parse_users(",ann,").unwrap(), ["ann"]);
        assert_eq!(
            parse_users(&"a,".repeat(MAX_USERS)).unwrap().len(),
            MAX_USERS
        );
        for bad in ["", ",", &"a,".repeat(MAX_USERS + 1)] {
            let problem = parse_users(bad).unwrap_err();
            assert_eq!(problem.errors()[0].field, "users", "{bad}");
        }
    }
}
