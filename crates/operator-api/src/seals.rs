//! `GET /v1/admin/seals`: the seals of the log, and how far they are behind it.

#![expect(
    unused_qualifications,
    reason = "utoipa qualifies the parameters of the route"
)]

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use data_dir::seal_key;
use diagnostics::SealLag;
use domain::hex::to_hex;
use domain::time::Timestamp;
use event_log::reader::LogReader;
use http_edge::extract::params;
use http_edge::{Admin, Problem, Query};
use log_integrity::seal::{Seal, store};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::state::{OperatorProblems, OperatorState, head_headers};

/// The default and the maximum number of seals per page.
const PAGE_LIMIT: (i64, i64) = (50, 200);

/// Selects the page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SealListParams {
    /// The maximum number of seals.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the previous page.
    #[param(example = "1000")]
    after: Option<String>,
}

/// A page of seals, and how far they are behind the log.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SealList {
    /// The newest first.
    seals: Vec<SealView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    next: Option<String>,
    /// The end of the log.
    head: i64,
    /// The last sealed position; 0 without a seal.
    sealed: i64,
    /// The age of the oldest event that is not sealed, in seconds.
    lag_s: f64,
    /// The public key of this system in hexadecimal digits; null if it has no key.
    #[schema(required = true)]
    own_key: Option<String>,
}

/// A signed commitment to the events of a range of positions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Seal)]
pub(super) struct SealView {
    /// The number of the seal: 1, 2, 3, ...
    number: i64,
    /// The first position that it covers.
    first: i64,
    /// The last position that it covers.
    last: i64,
    /// How many events it covers.
    events: usize,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    sealed_at: Timestamp,
    /// The key that verifies its signature, in hexadecimal digits.
    public_key: String,
    /// Its hash, which the next seal contains, in hexadecimal digits.
    hash: String,
}

impl SealView {
    fn new(seal: &Seal, log_id: &str) -> Self {
        Self {
            number: seal.number,
            first: seal.first,
            last: seal.last,
            events: seal.event_count(),
            sealed_at: seal.sealed_at,
            public_key: to_hex(&seal.public_key),
            hash: to_hex(&seal.hash(log_id)),
        }
    }
}

/// Returns the seals of the log. A job of the kind `verify` compares them with the events.
#[utoipa::path(
    get, path = "/v1/admin/seals", operation_id = "list_seals", tag = "admin",
    params(SealListParams),
    responses(
        (status = 200, description = "A page of seals.", body = SealList,
         headers(("Tidings-Position" = i64, description = "The head position of the log."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        OperatorProblems,
    ),
)]
pub(super) async fn list_seals(
    State(state): State<OperatorState>,
    _admin: Admin,
    Query(query): Query<SealListParams>,
) -> Result<(HeaderMap, Json<SealList>), Problem> {
    let (default, max) = PAGE_LIMIT;
    let limit = params::parse_limit(query.limit.as_deref(), default, max)?;
    let before: i64 = match query.after.as_deref().filter(|text| !text.is_empty()) {
        None => i64::MAX,
        Some(text) => text
            .parse()
            .map_err(|_| Problem::malformed("after", "expected the `next` of a page"))?,
    };
    let headers = head_headers(&state).await?;
    let list = load(&state, before, limit).await.map_err(|error| {
        tracing::error!(error = format!("{error:#}"), "The seals cannot be read.");
        Problem::internal()
    })?;
    Ok((headers, Json(list)))
}

async fn load(state: &OperatorState, before: i64, limit: i64) -> anyhow::Result<SealList> {
    let pool = &state.writes;
    let head = LogReader::new(pool.clone()).head().await?;
    let log_id = head.log_id.to_string();
    let newest = store::load_last(pool).await?;
    let mut found = store::load_before(pool, before, limit + 1).await?;
    let has_more = found.len() as i64 > limit;
    found.truncate(limit as usize);
    let last = found.last().map(|last| last.number.to_string());
    let own_key = seal_key::load(&state.job_sources.seal_key_path)?;
    Ok(SealList {
        next: last.filter(|_| has_more),
        seals: found
            .iter()
            .map(|seal| SealView::new(seal, &log_id))
            .collect(),
        head: head.position,
        sealed: newest.map_or(0, |seal| seal.last),
        lag_s: SealLag::measure(pool).await?.seconds,
        own_key: own_key.map(|key| to_hex(&key.public_key())),
    })
}
