//! `GET /v1/search`: every message that the caller may see and that has what is asked for.
//!
//! - `served`: the index, which the projector writes, as it changes.
//! - `scope`: what the caller may find, and the numbers of what the query names.
//! - `page`: a search within that.
//! - `hits`: what was found, from the read models.

mod hits;
mod page;
mod scope;
mod served;

pub use hits::Hit;
pub use page::{COUNTED, Page, Search, Turn};
pub use scope::Who;
pub use served::{Served, follow};

use std::time::Instant;

use ::search::Query as Words;
use ::search::index::Sort;
use axum::extract::State;
use axum::response::Response;
use domain::time::Timestamp;
use http_edge::{Caller, Problem, Query};
use serde::{Deserialize, Serialize};
use sqlx::types::time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::cursor::Listing;
use crate::docs::SearchProblems;
use crate::failed::Unanswered;
use crate::min_position::{MinPosition, MinPositionQuery, behind};
use crate::params::{self, Limit};
use crate::state::QueryState;

/// Hits of one page.
const LIMIT: Limit = Limit {
    default: 20,
    max: 100,
};

/// What is searched, and which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// What to search for, at most 1,024 characters: words (all of them), `"a phrase"`, `-word`, `OR`
    /// between two neighbours, `prefix*`, `from:user`, `in:conversation`, `type:image`, `has:link`,
    /// `has:mention`, `mentions:me`, `before:2026-11-01`, `after:2026-10-01`, `on:2026-10-31`. What makes
    /// no sense as an operator is searched as text.
    #[param(value_type = String, required = true)]
    q: Option<String>,
    /// How many hits at most.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, default = 20)]
    limit: Option<String>,
    /// The `next` of the page before, with the same `q` and `sort`.
    cursor: Option<String>,
    /// `relevance`: BM25, of which a very old message loses up to a fifth, one of a month ago a tenth. Or
    /// `newest`: the last sent first.
    #[param(value_type = Option<Order>, inline, default = "relevance")]
    sort: Option<String>,
}

/// The order of hits.
#[expect(dead_code, reason = "describes a parameter")]
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum Order {
    Relevance,
    Newest,
}

/// A page of hits.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchPage {
    /// In the order that was asked for. What was recalled, or whose conversation was left, at this very
    /// moment is left out.
    pub hits: Vec<Hit>,
    /// How many there are over all pages, at most 1,000.
    pub total: usize,
    /// Whether `total` is all of them; false: there are at least so many.
    pub total_is_exact: bool,
    /// Where the next page begins; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
    /// How long the search took, in milliseconds.
    pub took_ms: f64,
}

/// The caller's messages that have what is asked for.
#[utoipa::path(
    get, path = "/v1/search", operation_id = "search", tag = "messages",
    params(SearchQuery, MinPositionQuery),
    responses(
        (status = 200, description = "A page of hits.", body = SearchPage,
         headers(("Tidings-Position" = i64, description = "How far the index is."))),
        SearchProblems,
    ),
)]
pub async fn search(
    State(state): State<QueryState>,
    caller: Caller,
    Query(query): Query<SearchQuery>,
    min_position: MinPosition,
) -> Result<Response, Unanswered> {
    let limit = LIMIT.parse(query.limit.as_deref())?;
    let (sort, order) = sort(query.sort.as_deref())?;
    let text = query.q.as_deref().unwrap_or_default();
    let words = Words::parse(text).map_err(|refused| Problem::invalid("q", refused.to_string()))?;
    let listing = Listing {
        name: "search",
        of: &[&caller.user, order, text],
    };
    let cursor = query.cursor.as_deref();
    let from = listing.read("cursor", cursor, Turn::from_numbers)?;
    let at_least = min_position.at_least;
    let fresh = min_position.reached().await?;
    let indexed = state.search.watermark().reached(at_least).await;
    indexed.map_err(|known| behind(at_least, known))?;
    let began = Instant::now();
    let asked = Search {
        who: Who::User(&caller.user),
        query: words,
        sort,
        limit: usize::try_from(limit).unwrap_or_default(),
        from,
        now: Timestamp::from(OffsetDateTime::now_utc()),
    };
    let page = asked.page(&state.pool, &state.search).await?;
    let took = began.elapsed();
    metrics::histogram!("tidings_search_seconds").record(took);
    let answer = SearchPage {
        hits: page.hits,
        total: page.total,
        total_is_exact: !page.is_at_least,
        next: page.next.map(|turn| listing.write(&turn.numbers())),
        took_ms: (took.as_secs_f64() * 1e6).round() / 1e3,
    };
    fresh.answer(page.position, &answer)
}

fn sort(text: Option<&str>) -> Result<(Sort, &'static str), Problem> {
    match params::given(text) {
        None | Some("relevance") => Ok((Sort::Relevance, "relevance")),
        Some("newest") => Ok((Sort::Newest, "newest")),
        Some(_) => Err(Problem::malformed("sort", "expected relevance or newest")),
    }
}
