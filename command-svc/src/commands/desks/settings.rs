//! `PUT` and `DELETE /v1/admin/desks/{desk}`.

use axum::extract::State;
use domain::deployment::flood::RuleDuration;
use domain::desk::Desk;
use domain::desk::command::DeskCommand;
use domain::desk::event::DeskEvent;
use domain::desk::settings::{DeskSettings, Routing};
use domain::desk::texts::Greeting;
use domain::ids::{DeskId, Title};
use domain::refusal::Refusal;
use event_log::LockedAggregate;
use http_edge::{Admin, Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::find::parse_desk;
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::params;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// How waiting sessions get an agent, for the API document.
#[derive(ToSchema)]
#[schema(as = DeskRouting, rename_all = "snake_case")]
#[expect(dead_code, reason = "only describes the OpenAPI schema")]
enum RoutingSchema {
    Manual,
    RoundRobin,
    LeastBusy,
}

/// All settings of a desk.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct DeskRequest {
    /// The name that people see.
    #[schema(max_length = 200)]
    title: String,
    /// The agents, in the order of their turns.
    #[serde(default)]
    #[schema(max_items = 1000)]
    agents: Vec<String>,
    /// `manual` (default): agents accept sessions. `round_robin`: agents who are online get them in
    /// turn. `least_busy`: the one with the fewest open sessions gets them.
    #[serde(default)]
    #[schema(value_type = RoutingSchema)]
    routing: Routing,
    /// Automatic routing gives no session to an agent who has this many, at all desks together.
    #[serde(default = "default_max_open")]
    #[schema(minimum = 1, maximum = 1000, default = 5)]
    max_open: u32,
    /// How long after the last message of either side a session closes by itself, such as `30s`,
    /// `10m` or `2h`. Sessions that are open keep theirs.
    #[serde(default = "default_idle_close")]
    #[schema(default = "10m")]
    idle_close: String,
    /// Within which time a customer is to have a reply.
    #[serde(default = "default_reply_target")]
    #[schema(default = "5m")]
    reply_target: String,
    /// The first message of every session.
    #[schema(max_length = 2000)]
    greeting: Option<String>,
    /// Whether agents are reminded, once, of a customer who has no reply within `reply_target`.
    /// Sessions that are open keep theirs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    reminders: bool,
}

fn default_max_open() -> u32 {
    5
}

fn default_idle_close() -> String {
    "10m".to_owned()
}

fn default_reply_target() -> String {
    "5m".to_owned()
}

impl DeskRequest {
    fn parse(&self) -> Result<DeskSettings, Refusal> {
        let duration = |field, text: &str| {
            let expected = "Expected a duration of at most 30d, such as 30s, 10m or 2h.";
            RuleDuration::parse(text).ok_or_else(|| Refusal::invalid(field, expected))
        };
        let greeting = self.greeting.as_deref().map(Greeting::parse).transpose();
        Ok(DeskSettings {
            title: Title::parse(&self.title)
                .map_err(|invalid| Refusal::invalid("title", invalid.0))?,
            agents: params::parse_users("agents", &self.agents)?,
            routing: self.routing,
            max_open: self.max_open,
            idle_close: duration("idle_close", &self.idle_close)?,
            reply_target: duration("reply_target", &self.reply_target)?,
            greeting: greeting.map_err(|invalid| Refusal::invalid("greeting", invalid.0))?,
            reminders: self.reminders,
        })
    }
}

/// The handler of a command to a desk.
struct DeskHandler {
    meta: CommandMeta<Desk>,
    command: Result<DeskCommand, Refusal>,
}

impl CommandHandler for DeskHandler {
    type Target = Desk;
    type Lookups = ();

    fn meta(&self) -> &CommandMeta<Desk> {
        &self.meta
    }

    async fn decide(
        &self,
        _: &CommandState,
        locked: &LockedAggregate<Desk>,
        (): (),
    ) -> Result<Decision<DeskEvent>, AttemptError> {
        let command = self.command.clone()?;
        Ok(Decision::from_events(locked.state().decide(command)?))
    }
}

async fn execute_desk(
    state: &CommandState,
    requester: Requester,
    kind: CommandKind,
    desk: DeskId,
    request: &impl Serialize,
    command: Result<DeskCommand, Refusal>,
) -> Result<CommandResponse, CommandError> {
    let actor = requester.user.clone();
    let name = desk.to_string();
    let mut meta = requester.into_meta(kind, desk, &[&name], request)?;
    meta.actor = Some(actor);
    execute(state, &DeskHandler { meta, command }).await
}

/// Set a service desk
///
/// Creates the desk or replaces all its settings. A user who is no agent any more loses the
/// conversations of the desk within a second, and their open sessions wait again.
#[utoipa::path(
    put,
    path = "/v1/admin/desks/{desk}",
    operation_id = "set_desk",
    tag = "desks",
    params(
        ("desk" = String, Path, description = "The desk: 1 to 64 of `A-Z a-z 0-9 _ . -`",
            example = "billing"),
        IdempotencyParams,
    ),
    request_body(content = DeskRequest,
        example = json!({"title": "Billing", "agents": ["bob"], "routing": "manual", "max_open": 5,
                         "idle_close": "10m", "reply_target": "5m", "greeting": "Hello!",
                         "reminders": true})),
    responses(
        (status = 200, description = "Set, or already so", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn set_desk(
    State(state): State<CommandState>,
    _: Admin,
    requester: Requester,
    Path(desk): Path<String>,
    Json(request): Json<DeskRequest>,
) -> Result<CommandResponse, CommandError> {
    let desk = DeskId::parse(&desk).map_err(|invalid| Refusal::invalid("desk", invalid.0))?;
    let by = requester.user.clone();
    let command = request.parse();
    let command = command.map(|settings| DeskCommand::Set { settings, by });
    execute_desk(
        &state,
        requester,
        CommandKind::SetDesk,
        desk,
        &request,
        command,
    )
    .await
}

/// Remove a service desk
///
/// Its sessions that are not closed are closed within a second, with the reason `desk_removed`, and
/// its agents lose the conversations. What was said stays with the customers.
#[utoipa::path(
    delete,
    path = "/v1/admin/desks/{desk}",
    operation_id = "remove_desk",
    tag = "desks",
    params(
        ("desk" = String, Path, description = "The desk", example = "billing"),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "There is no such desk now", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn remove_desk(
    State(state): State<CommandState>,
    _: Admin,
    requester: Requester,
    Path(desk): Path<String>,
) -> Result<CommandResponse, CommandError> {
    let desk = parse_desk(&desk)?;
    let by = requester.user.clone();
    let (kind, command) = (CommandKind::RemoveDesk, DeskCommand::Remove { by });
    execute_desk(&state, requester, kind, desk, &(), Ok(command)).await
}
