//! `PUT /v1/moderation/flood`.

use axum::extract::State;
use domain::deployment::command::{DeploymentCommand, SetFloodRules};
use domain::deployment::flood::{FloodAction, FloodReach, FloodRule, RuleDuration};
use domain::ids::UserId;
use domain::refusal::Refusal;
use http_edge::{Json, Moderator, schema};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::handler::execute_deployment;
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::metrics::CommandKind;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// What counts as flooding. These rules replace the earlier ones.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct FloodRulesRequest {
    /// The rules, at most 20; an empty list removes all of them.
    #[schema(max_items = 20)]
    rules: Vec<FloodRuleRequest>,
}

/// A sender who sends `same_text` near-equal texts within `within` floods.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = NewFloodRule)]
pub(crate) struct FloodRuleRequest {
    /// How many near-equal texts: 2 to 100.
    #[schema(minimum = 2, maximum = 100)]
    same_text: u32,
    /// Within which time: a duration such as `30s` or `10m`, at most `1d`.
    within: String,
    /// Whether the texts of each conversation are counted by themselves, or those of all
    /// conversations together.
    #[schema(value_type = schema::FloodReachSchema)]
    across: FloodReach,
    /// What happens. A case is opened in any case.
    #[schema(value_type = schema::FloodActionSchema)]
    then: FloodAction,
    /// How long the first silence lasts: a duration such as `1m`, at most `30d`. Required for
    /// `silence`. Each further one within a day lasts twice as long, and at least 30 minutes.
    #[serde(rename = "for")]
    lasting: Option<String>,
}

impl FloodRuleRequest {
    fn parse(&self, index: usize) -> Result<FloodRule, Refusal> {
        let duration = |field: &str, text: &str| {
            RuleDuration::parse(text).ok_or_else(|| {
                let expected = "expected a duration such as 30s, 10m, 2h or 7d";
                Refusal::invalid("rules", format!("rules[{index}].{field}: {expected}."))
            })
        };
        let lasting = self.lasting.as_deref();
        Ok(FloodRule {
            same_text: self.same_text,
            within: duration("within", &self.within)?,
            across: self.across,
            then: self.then,
            lasting: lasting.map(|text| duration("for", text)).transpose()?,
        })
    }
}

impl FloodRulesRequest {
    fn parse(&self, by: UserId) -> Result<DeploymentCommand, Refusal> {
        let rules = self.rules.iter().enumerate();
        let rules = rules.map(|(index, rule)| rule.parse(index));
        Ok(DeploymentCommand::SetFloodRules(SetFloodRules {
            rules: rules.collect::<Result<_, _>>()?,
            by,
        }))
    }
}

/// Set the flood rules
///
/// A user who sends many near-equal texts within a short time is silenced for some time, or
/// flagged. Texts are near-equal if they are equal in their folded form without digits,
/// punctuation and symbols. What follows the log applies the rules within a second, to messages
/// that are sent from now on; imported messages do not count.
#[utoipa::path(
    put,
    path = "/v1/moderation/flood",
    operation_id = "set_flood_rules",
    tag = "moderation",
    params(IdempotencyParams),
    request_body(content = FloodRulesRequest, examples(
        ("silence" = (value = json!({"rules": [{
            "same_text": 5, "within": "30s", "across": "conversation", "then": "silence", "for": "1m"
        }]}))),
        ("flag" = (value = json!({"rules": [{
            "same_text": 20, "within": "10m", "across": "all", "then": "flag"
        }]}))),
        ("no rules" = (value = json!({"rules": []}))),
    )),
    responses(
        (status = 200, description = "Set, or already so", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn set_flood_rules(
    State(state): State<CommandState>,
    _: Moderator,
    requester: Requester,
    Json(request): Json<FloodRulesRequest>,
) -> Result<CommandResponse, CommandError> {
    let command = request.parse(requester.user.clone());
    let kind = CommandKind::SetFloodRules;
    execute_deployment(&state, requester, kind, &[], &request, command).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(rules: &str) -> Result<Vec<FloodRule>, String> {
        let request: FloodRulesRequest =
            serde_json::from_str(&format!(r#"{{"rules":{rules}}}"#)).expect("a request");
        let by = UserId::parse("root").expect("a valid user id");
        match request.parse(by) {
            Ok(DeploymentCommand::SetFloodRules(set)) => Ok(set.rules),
            Ok(other) => panic!("{other:?}"),
            Err(refusal) => Err(refusal.detail),
        }
    }

    #[test]
    fn durations_are_parsed_and_named_if_they_are_none() {
        let rule = |within: &str| {
            format!(
                r#"[{{"same_text":5,"within":"{within}","across":"all","then":"silence","for":"1m"}}]"#
            )
        };
        let rules = parse(&rule("30s")).expect("valid");
        assert_eq!(rules[0].within.seconds(), 30);
        assert_eq!(
            rules[0].lasting.as_ref().map(RuleDuration::seconds),
            Some(60)
        );
        let refused = parse(&rule("soon")).expect_err("invalid");
        assert!(refused.contains("rules[0].within"), "{refused}");
    }
}
