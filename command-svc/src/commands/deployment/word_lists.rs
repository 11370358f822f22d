//! `PUT` and `DELETE /v1/moderation/lists/{name}`.

use axum::extract::State;
use domain::deployment::command::{DeploymentCommand, RemoveRule, SetWordList};
use domain::deployment::content::{ContentAction, TextPlace, WordMatching};
use domain::deployment::listed_words::ListedWords;
use domain::ids::UserId;
use domain::refusal::Refusal;
use http_edge::{LargeJson, Moderator, Path};
use moderation::word_matcher::fold_word;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::handler::execute_deployment;
use super::name::{parse_existing, parse_name};
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::metrics::CommandKind;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// The action of a rule, for the API document.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only describes the OpenAPI schema")]
pub(super) enum ContentActionSchema {
    Refuse,
    Mask,
    Flag,
}

/// Where words may stand, for the API document.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only describes the OpenAPI schema")]
enum WordMatchingSchema {
    Word,
    Anywhere,
}

/// The places that a list checks, for the API document.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only describes the OpenAPI schema")]
enum TextPlaceSchema {
    Text,
    Title,
    Name,
}

/// A word list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct WordListRequest {
    /// What happens to a text with one of the words: `refuse` answers 422 `content_refused`, `mask`
    /// stores each code point of the match as `*`, `flag` opens a case.
    #[schema(value_type = ContentActionSchema)]
    action: ContentAction,
    /// Whether a match must be a whole word. Scripts without spaces have no limits between words.
    #[serde(rename = "match")]
    #[schema(value_type = WordMatchingSchema)]
    matching: WordMatching,
    /// The words, up to 100,000, each of 1 to 100 characters.
    #[schema(max_items = 100_000)]
    words: Vec<String>,
    /// The texts that the list checks: message texts, titles and topics, display names. By default
    /// all of them.
    #[serde(rename = "in", default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<TextPlaceSchema>>)]
    places: Option<Vec<TextPlace>>,
}

impl WordListRequest {
    fn parse(&self, name: &str, by: UserId) -> Result<DeploymentCommand, Refusal> {
        let words = ListedWords::parse(self.words.clone())?;
        let invisible = words
            .as_slice()
            .iter()
            .position(|word| fold_word(word).is_empty());
        if let Some(index) = invisible {
            return Err(Refusal::invalid(
                "words",
                format!("The word at index {index} contains only invisible characters."),
            ));
        }
        Ok(DeploymentCommand::SetWordList(SetWordList {
            name: parse_name(name)?,
            action: self.action,
            matching: self.matching,
            places: self
                .places
                .clone()
                .unwrap_or_else(|| TextPlace::ALL.to_vec()),
            words,
            by,
        }))
    }
}

/// Set a word list
///
/// Texts are compared after folding: case, width, accents, traditional and simplified Chinese,
/// invisible characters and combining marks do not matter, nor do separators between single letters
/// (`b a d`). A look-alike from another script is not folded. The list is checked on sending and
/// editing, and for titles and display names. The body has at most 8 MiB. Every process applies the
/// list within a second.
#[utoipa::path(
    put,
    path = "/v1/moderation/lists/{name}",
    operation_id = "set_word_list",
    tag = "moderation",
    params(
        ("name" = String, Path, description = "The list: 1 to 64 of `A-Z a-z 0-9 _ . -`",
            example = "insults"),
        IdempotencyParams,
    ),
    request_body(content = WordListRequest, example = json!({
        "action": "mask", "match": "word", "words": ["blatherskite", "笨蛋"], "in": ["text"]
    })),
    responses(
        (status = 200, description = "Set, or already so", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn set_word_list(
    State(state): State<CommandState>,
    _: Moderator,
    requester: Requester,
    Path(name): Path<String>,
    LargeJson(request): LargeJson<WordListRequest>,
) -> Result<CommandResponse, CommandError> {
    let command = request.parse(&name, requester.user.clone());
    let kind = CommandKind::SetWordList;
    execute_deployment(&state, requester, kind, &[&name], &request, command).await
}

/// Remove a word list
#[utoipa::path(
    delete,
    path = "/v1/moderation/lists/{name}",
    operation_id = "remove_word_list",
    tag = "moderation",
    params(
        ("name" = String, Path, description = "The list", example = "insults"),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "There is no such list now", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn remove_word_list(
    State(state): State<CommandState>,
    _: Moderator,
    requester: Requester,
    Path(name): Path<String>,
) -> Result<CommandResponse, CommandError> {
    let remove = RemoveRule {
        name: parse_existing(&name)?,
        by: requester.user.clone(),
    };
    let (kind, command) = (
        CommandKind::RemoveWordList,
        DeploymentCommand::RemoveWordList(remove),
    );
    execute_deployment(&state, requester, kind, &[&name], &(), Ok(command)).await
}
