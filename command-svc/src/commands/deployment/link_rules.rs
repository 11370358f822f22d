//! `PUT /v1/moderation/links`.

use axum::extract::State;
use domain::deployment::command::{DeploymentCommand, SetLinkRules};
use domain::deployment::content::ContentAction;
use domain::ids::UserId;
use domain::refusal::Refusal;
use http_edge::{LargeJson, Moderator};
use moderation::links::parse_host;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::handler::execute_deployment;
use super::word_lists::ContentActionSchema;
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::metrics::CommandKind;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// Which hosts texts may link to. These rules replace the earlier ones.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct LinkRulesRequest {
    /// The refused hosts, at most 10,000: names or addresses without scheme and path, in Unicode or
    /// punycode. A host includes its subdomains.
    #[serde(default)]
    #[schema(max_items = 10_000)]
    deny: Vec<String>,
    /// If present, every other host is refused too; null for no such rule.
    #[schema(max_items = 10_000)]
    allow_only: Option<Vec<String>>,
    /// What happens to a text with a refused host.
    #[schema(value_type = ContentActionSchema)]
    action: ContentAction,
}

impl LinkRulesRequest {
    fn parse(&self, by: UserId) -> Result<DeploymentCommand, Refusal> {
        Ok(DeploymentCommand::SetLinkRules(SetLinkRules {
            deny: parse_hosts("deny", &self.deny)?,
            allow_only: self
                .allow_only
                .as_ref()
                .map(|hosts| parse_hosts("allow_only", hosts))
                .transpose()?,
            action: self.action,
            by,
        }))
    }
}

fn parse_hosts(field: &'static str, hosts: &[String]) -> Result<Vec<String>, Refusal> {
    let parse = |(index, host): (usize, &String)| {
        parse_host(host).ok_or_else(|| {
            let expected = "expected a host such as example.org, without scheme and path";
            Refusal::invalid(field, format!("{field}[{index}]: {expected}."))
        })
    };
    let mut parsed = hosts
        .iter()
        .enumerate()
        .map(parse)
        .collect::<Result<Vec<_>, _>>()?;
    parsed.sort_unstable();
    parsed.dedup();
    Ok(parsed)
}

/// Set the rules for links
///
/// Hosts are found in message texts with and without a scheme; punycode and Unicode are the same.
/// An empty `deny` without `allow_only` accepts every host.
#[utoipa::path(
    put,
    path = "/v1/moderation/links",
    operation_id = "set_link_rules",
    tag = "moderation",
    params(IdempotencyParams),
    request_body(content = LinkRulesRequest,
        example = json!({"deny": ["phishing.example"], "action": "refuse"})),
    responses(
        (status = 200, description = "Set, or already so", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn set_link_rules(
    State(state): State<CommandState>,
    _: Moderator,
    requester: Requester,
    LargeJson(request): LargeJson<LinkRulesRequest>,
) -> Result<CommandResponse, CommandError> {
    let command = request.parse(requester.user.clone());
    let kind = CommandKind::SetLinkRules;
    execute_deployment(&state, requester, kind, &[], &request, command).await
}
