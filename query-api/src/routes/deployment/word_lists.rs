//! `GET /v1/moderation/lists` and `GET /v1/moderation/lists/{name}`.

use axum::extract::State;
use axum::response::Response;
use domain::deployment::content::{ContentAction, TextPlace, WordMatching};
use domain::ids::RuleName;
use domain::time::Timestamp;
use http_edge::{Moderator, Path, Query};
use moderation::WordList;
use serde::Serialize;
use utoipa::ToSchema;

use super::name_page::NamePageParams;
use super::rules_at_head::read_rules;
use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::docs::{AdminProblem, CallerProblems, NotFoundProblem};
use crate::error::EndpointError;

/// The events that set word lists.
const EVENT_TYPES: [&str; 2] = ["word_list_set", "word_list_removed"];

/// A page of word lists.
#[derive(Debug, Serialize, ToSchema)]
pub struct WordListPage {
    /// The lists, ordered by name, without their words.
    pub lists: Vec<WordListSummary>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// A word list without its words.
#[derive(Debug, Serialize, ToSchema)]
pub struct WordListSummary {
    /// The name.
    pub name: String,
    /// What happens to a text with one of the words: `refuse`, `mask` or `flag`.
    #[schema(value_type = String)]
    pub action: ContentAction,
    /// Where a word may stand: `word` or `anywhere`.
    #[serde(rename = "match")]
    #[schema(value_type = String)]
    pub matching: WordMatching,
    /// The texts that it checks: `text`, `title`, `name`.
    #[serde(rename = "in")]
    #[schema(value_type = Vec<String>)]
    pub places: Vec<TextPlace>,
    /// The number of words.
    pub word_count: usize,
    /// Who set it.
    pub by: String,
    /// The time of the last change.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// A word list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WordList)]
pub struct WordListView {
    /// The name.
    pub name: String,
    /// What happens to a text with one of the words: `refuse`, `mask` or `flag`.
    #[schema(value_type = String)]
    pub action: ContentAction,
    /// Where a word may stand: `word` or `anywhere`.
    #[serde(rename = "match")]
    #[schema(value_type = String)]
    pub matching: WordMatching,
    /// The texts that it checks: `text`, `title`, `name`.
    #[serde(rename = "in")]
    #[schema(value_type = Vec<String>)]
    pub places: Vec<TextPlace>,
    /// The words, as they were given.
    pub words: Vec<String>,
    /// Who set it.
    pub by: String,
    /// The time of the last change.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

impl WordListSummary {
    fn new(name: &RuleName, list: &WordList) -> Self {
        Self {
            name: name.to_string(),
            action: list.action,
            matching: list.matching,
            places: list.places.clone(),
            word_count: list.words.len(),
            by: list.by.to_string(),
            at: list.at,
        }
    }
}

/// Returns the word lists, without their words.
#[utoipa::path(
    get, path = "/v1/moderation/lists", operation_id = "list_word_lists", tag = "moderation",
    params(NamePageParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of lists.", body = WordListPage,
         headers(("Tidings-Position" = i64, description = "The head position of the log."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        AdminProblem,
    ),
)]
pub async fn list_word_lists(
    State(state): State<ReadState>,
    _moderator: Moderator,
    Query(query): Query<NamePageParams>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let guard = min_position.wait().await?;
    let (position, rules) = read_rules(&state.reader, &EVENT_TYPES).await?;
    let (lists, next) = query.cut(&rules.word_lists)?;
    let lists = lists
        .into_iter()
        .map(|(name, list)| WordListSummary::new(name, list))
        .collect();
    guard.respond(position, &WordListPage { lists, next })
}

/// Returns a word list.
#[utoipa::path(
    get, path = "/v1/moderation/lists/{name}", operation_id = "get_word_list", tag = "moderation",
    params(("name" = String, Path, description = "The list.", example = "insults"),
           MinPositionParams),
    responses(
        (status = 200, description = "The list.", body = WordListView,
         headers(("Tidings-Position" = i64, description = "The head position of the log."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        AdminProblem,
        NotFoundProblem,
    ),
)]
pub async fn get_word_list(
    State(state): State<ReadState>,
    _moderator: Moderator,
    Path(name): Path<String>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let guard = min_position.wait().await?;
    let (position, rules) = read_rules(&state.reader, &EVENT_TYPES).await?;
    let found = RuleName::parse(&name)
        .ok()
        .and_then(|name| rules.word_lists.get_key_value(&name));
    let view = found.map(|(name, list)| WordListView {
        name: name.to_string(),
        action: list.action,
        matching: list.matching,
        places: list.places.clone(),
        words: list.words.clone(),
        by: list.by.to_string(),
        at: list.at,
    });
    guard.respond_or_not_found(position, view.as_ref())
}
