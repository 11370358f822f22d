//! `GET /v1/search`: full-text search over the messages that are visible to the caller.

use std::time::Instant;

use axum::extract::State;
use axum::response::Response;
use domain::deployment::feature::Feature;
use domain::time::Timestamp;
use http_edge::{Problem, Query};
use moderation::LiveRulebook;
use search::ParsedQuery;
use search::index::Sort;
use serde::{Deserialize, Serialize};
use sqlx::types::time::OffsetDateTime;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::{IntoParams, ToSchema};

use crate::consistency::as_of::CurrentContext;
use crate::consistency::min_position::projection_behind;
use crate::consistency::position_params::{AsUserParams, MinPositionParams};
use crate::cursor::CursorCodec;
use crate::docs::{AdminProblem, CallerProblems, InvalidProblem};
use crate::error::EndpointError;
use crate::params::{self, PageLimit};
use crate::search::state::SearchState;
use crate::search::{MessageHit, MessageSearch, SearchCursor, Searcher};
use crate::switches::require_feature;

/// The number of hits per page.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 20,
    max: 100,
};

/// The query, and the page of its hits.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SearchParams {
    /// The query, at most 1,024 characters: words (all must match), `"a phrase"`, `-word`, `OR`
    /// between two neighbours, `prefix*`, `from:user`, `in:conversation`, `type:image`, `has:link`,
    /// `has:mention`, `mentions:me`, `before:2026-11-01`, `after:2026-10-01`, `on:2026-10-31`. An
    /// invalid operator is searched as text, and `notes` says why; the options of a command
    /// (`rm -rf`) are text too.
    #[param(value_type = String, required = true, example = "noodle*")]
    q: Option<String>,
    /// The maximum number of hits. A page also ends at 1 MiB.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, default = 20)]
    limit: Option<String>,
    /// The `next` of the previous page, with the same `q` and `sort`.
    cursor: Option<String>,
    /// See `describe_order`.
    #[param(schema_with = describe_order, required = false)]
    sort: Option<String>,
}

/// The schema of `sort`. A derived one with a default would be an `allOf`, which generators of
/// clients do not take.
fn describe_order() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(["relevance", "newest"]))
        .default(Some("relevance".into()))
        .description(Some(
            "`relevance`: the BM25 score, reduced by age: by a tenth after a month, and by up to a \
             fifth for very old messages. `newest`: by position in the log, the last one first.",
        ))
        .build()
}

/// A page of hits.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchPage {
    /// The hits, in the requested order. Messages that became invisible during the search, because
    /// they were recalled or the caller left the conversation, are omitted.
    pub hits: Vec<MessageHit>,
    /// The number of hits on all pages, at most 1,000.
    pub total: usize,
    /// Whether `total` is exact. If false, there are at least as many hits.
    pub total_is_exact: bool,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
    /// How long the search took, in milliseconds.
    pub took_ms: f64,
    /// What has the form of an operator but was searched as text, and why, for humans. Absent if
    /// everything was understood.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, example = json!([
        "before:yesterday is searched as text; before takes a day such as 2026-11-01"
    ]))]
    pub notes: Vec<String>,
}

/// Searches the messages that are visible to the caller.
#[utoipa::path(
    get, path = "/v1/search", operation_id = "search", tag = "search",
    params(SearchParams, AsUserParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of hits.", body = SearchPage,
         headers(("Tidings-Position" = i64, description = "The log position of the search index."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        AdminProblem,
        InvalidProblem,
    ),
)]
pub async fn search_messages(
    State(state): State<SearchState>,
    State(rulebook): State<LiveRulebook>,
    Query(query): Query<SearchParams>,
    CurrentContext { user, min_position }: CurrentContext,
) -> Result<Response, EndpointError> {
    require_feature(&rulebook, Feature::Search)?;
    let limit = PAGE_LIMIT.parse(query.limit.as_deref())?;
    let (sort, order) = parse_sort(query.sort.as_deref())?;
    let text = query.q.as_deref().unwrap_or_default();
    let parsed =
        ParsedQuery::parse(text).map_err(|error| Problem::invalid("q", error.to_string()))?;
    let notes = parsed.notes.iter().map(ToString::to_string).collect();
    let codec = CursorCodec {
        listing: "search",
        scope: &[&user, order, text],
    };
    let cursor = query.cursor.as_deref();
    let cursor = codec.parse("cursor", cursor, SearchCursor::from_numbers)?;
    let at_least = min_position.at_least;
    min_position.wait_until_fresh().await?;
    let indexed = state.index.watermark().wait_for(at_least).await;
    indexed.map_err(|known| projection_behind(at_least, known))?;
    let guard = min_position.reserve_answer().await?;
    let began = Instant::now();
    let search = MessageSearch {
        searcher: Searcher::User(&user),
        query: parsed,
        sort,
        limit: usize::try_from(limit).unwrap_or_default(),
        cursor,
        now: Timestamp::from(OffsetDateTime::now_utc()),
    };
    let page = search.execute(&state.pool, &state.index).await?;
    let took = began.elapsed();
    metrics::histogram!("tidings_search_seconds").record(took);
    let answer = SearchPage {
        hits: page.hits,
        total: page.total,
        total_is_exact: !page.total_is_lower_bound,
        next: page.next.map(|cursor| codec.encode(&cursor.to_numbers())),
        took_ms: (took.as_secs_f64() * 1e6).round() / 1e3,
        notes,
    };
    guard.respond(page.position, &answer)
}

fn parse_sort(text: Option<&str>) -> Result<(Sort, &'static str), Problem> {
    match params::non_empty(text) {
        None | Some("relevance") => Ok((Sort::Relevance, "relevance")),
        Some("newest") => Ok((Sort::Newest, "newest")),
        Some(_) => Err(Problem::malformed("sort", "expected relevance or newest")),
    }
}
