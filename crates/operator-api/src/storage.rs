//! `GET /v1/admin/storage` and below: what files occupy, and which of them nothing uses.

#![expect(
    unused_qualifications,
    reason = "utoipa qualifies the parameters of the route"
)]

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use diagnostics::read_model_position;
use diagnostics::storage::{
    self, ConversationStorage, OrphanedFile, StorageOrder, StorageTotals, UserStorage,
};
use event_log::reader::LogReader;
use http_edge::extract::{MinPositionParams, params};
use http_edge::{Admin, Problem, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::required_position::RequiredPosition;
use super::state::{OperatorProblems, OperatorState, database_away, position_headers};

/// The default and the maximum number of items per page.
const PAGE_LIMIT: (i64, i64) = (50, 200);

/// Selects the page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StorageParams {
    /// `bytes`: the largest first. `name`: in the order of the ids.
    #[param(value_type = Option<String>, default = "bytes", example = "name")]
    sort: Option<String>,
    /// The maximum number of items.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the previous page, with the same `sort`.
    after: Option<String>,
}

/// Selects the page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OrphanParams {
    /// Only files that are `stored`, or only uploads that are not finished (`reserved`).
    #[param(example = "stored")]
    state: Option<String>,
    /// The maximum number of files.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the previous page.
    #[param(example = "0")]
    after: Option<String>,
}

/// Some conversations that use files.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationStorageList {
    /// The conversations.
    pub conversations: Vec<ConversationStorage>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// Some users who have files.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserStorageList {
    /// The users.
    pub users: Vec<UserStorage>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// Some files that nothing uses.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrphanedFileList {
    /// The files, in the order in which they were announced.
    pub files: Vec<OrphanedFile>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// Returns what files occupy
///
/// The sum over all files, as the read model knows them. `tidings verify --files` compares it with
/// the store.
#[utoipa::path(
    get, path = "/v1/admin/storage", operation_id = "get_storage", tag = "admin",
    params(MinPositionParams),
    responses(
        (status = 200, description = "What files occupy.", body = StorageTotals,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position.")),
         example = json!({"files": 3, "bytes": 2_097_160, "unused_files": 1, "unused_bytes": 8,
                          "uploads": 1, "upload_bytes": 1_048_576})),
        OperatorProblems,
    ),
)]
pub async fn get_storage(
    State(state): State<OperatorState>,
    _admin: Admin,
    required: RequiredPosition,
) -> Result<(HeaderMap, Json<StorageTotals>), Problem> {
    required.wait(&state.pool).await?;
    let load = async {
        let headers = read_model_headers(&state).await?;
        Ok((headers, Json(storage::load_storage(&state.pool).await?)))
    };
    load.await
        .map_err(|error: sqlx::Error| database_away(&error))
}

/// Returns what files occupy, by conversation
///
/// A conversation counts the files that its messages use. A file that several conversations use
/// counts in each of them.
#[utoipa::path(
    get, path = "/v1/admin/storage/conversations", operation_id = "list_conversation_storage",
    tag = "admin",
    params(StorageParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of conversations that use files.",
         body = ConversationStorageList,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position.")),
         example = json!({"conversations": [
             {"id": "lunch", "kind": "group", "title": "Lunch", "files": 2, "bytes": 2_097_152}
         ], "next": null})),
        OperatorProblems,
    ),
)]
pub async fn list_conversation_storage(
    State(state): State<OperatorState>,
    _admin: Admin,
    Query(query): Query<StorageParams>,
    required: RequiredPosition,
) -> Result<(HeaderMap, Json<ConversationStorageList>), Problem> {
    let (order, limit) = query.parse()?;
    required.wait(&state.pool).await?;
    let load = async {
        let headers = read_model_headers(&state).await?;
        let mut found = storage::list_by_conversation(&state.pool, &order, limit + 1).await?;
        let next = cut(&mut found, limit, |last| {
            next_key(&order, last.bytes, &last.id)
        });
        let page = ConversationStorageList {
            conversations: found,
            next,
        };
        Ok((headers, Json(page)))
    };
    load.await
        .map_err(|error: sqlx::Error| database_away(&error))
}

/// Returns what files occupy, by user
///
/// A user counts the files that they have uploaded, whether anything uses them or not.
#[utoipa::path(
    get, path = "/v1/admin/storage/users", operation_id = "list_user_storage", tag = "admin",
    params(StorageParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of users who have files.", body = UserStorageList,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position.")),
         example = json!({"users": [
             {"id": "ann", "files": 3, "bytes": 2_097_160, "uploads": 1, "upload_bytes": 1_048_576}
         ], "next": null})),
        OperatorProblems,
    ),
)]
pub async fn list_user_storage(
    State(state): State<OperatorState>,
    _admin: Admin,
    Query(query): Query<StorageParams>,
    required: RequiredPosition,
) -> Result<(HeaderMap, Json<UserStorageList>), Problem> {
    let (order, limit) = query.parse()?;
    required.wait(&state.pool).await?;
    let load = async {
        let headers = read_model_headers(&state).await?;
        let mut found = storage::list_by_user(&state.pool, &order, limit + 1).await?;
        let next = cut(&mut found, limit, |last| {
            next_key(&order, last.bytes, &last.id)
        });
        let page = UserStorageList { users: found, next };
        Ok((headers, Json(page)))
    };
    load.await
        .map_err(|error: sqlx::Error| database_away(&error))
}

/// Returns the files that nothing uses
///
/// Stored files that nothing uses, and uploads that are not finished, with the time when they
/// will be deleted.
#[utoipa::path(
    get, path = "/v1/admin/storage/orphans", operation_id = "list_orphaned_files", tag = "admin",
    params(OrphanParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of files that nothing uses.", body = OrphanedFileList,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position.")),
         example = json!({"files": [
             {"id": "019ad2c5-7a31-7c1e-9f6e-2f0f3d1c9b5a", "uploader": "ann", "state": "stored",
              "type": "text/plain", "size": 8, "reserved_at": "2026-11-26T09:00:00.000Z",
              "unused_since": "2026-11-26T09:00:12.345Z",
              "deleted_at": "2026-11-27T09:00:12.345Z"}
         ], "next": null})),
        OperatorProblems,
    ),
)]
pub async fn list_orphaned_files(
    State(state): State<OperatorState>,
    _admin: Admin,
    Query(query): Query<OrphanParams>,
    required: RequiredPosition,
) -> Result<(HeaderMap, Json<OrphanedFileList>), Problem> {
    let (default, max) = PAGE_LIMIT;
    let limit = params::parse_limit(query.limit.as_deref(), default, max)?;
    let after = given(query.after.as_deref()).map_or(Ok(0), |text| {
        let expected = || Problem::malformed("after", "expected the `next` of a page");
        text.parse::<i64>().map_err(|_| expected())
    })?;
    let phase @ (None | Some("stored" | "reserved")) = given(query.state.as_deref()) else {
        return Err(Problem::malformed("state", "expected stored or reserved"));
    };
    required.wait(&state.pool).await?;
    let load = async {
        let headers = read_model_headers(&state).await?;
        let mut found = storage::list_orphans(&state.pool, after, phase, limit + 1).await?;
        let next = cut(&mut found, limit, |last| last.position.to_string());
        Ok((headers, Json(OrphanedFileList { files: found, next })))
    };
    load.await
        .map_err(|error: sqlx::Error| database_away(&error))
}

impl StorageParams {
    fn parse(&self) -> Result<(StorageOrder, i64), Problem> {
        let (default, max) = PAGE_LIMIT;
        let limit = params::parse_limit(self.limit.as_deref(), default, max)?;
        let after = given(self.after.as_deref());
        let expected = || {
            let expected = "expected the `next` of a page with the same `sort`";
            Problem::malformed("after", expected)
        };
        let order = match given(self.sort.as_deref()) {
            None | Some("bytes") => {
                let key = after.map(|after| parse_bytes_key(after).ok_or_else(expected));
                StorageOrder::ByBytes(key.transpose()?)
            }
            Some("name") => {
                let key = after.map(|after| after.strip_prefix("name.").ok_or_else(expected));
                StorageOrder::ByName(key.transpose()?.map(str::to_owned))
            }
            Some(_) => return Err(Problem::malformed("sort", "expected bytes or name")),
        };
        Ok((order, limit))
    }
}

fn parse_bytes_key(after: &str) -> Option<(i64, String)> {
    let (bytes, name) = after.strip_prefix("bytes.")?.split_once('.')?;
    Some((bytes.parse().ok()?, name.to_owned()))
}

/// The cursor after a row.
fn next_key(order: &StorageOrder, bytes: i64, name: &str) -> String {
    match order {
        StorageOrder::ByBytes(_) => format!("bytes.{bytes}.{name}"),
        StorageOrder::ByName(_) => format!("name.{name}"),
    }
}

/// Ends a page of which one more row was read. Returns the cursor of the next one.
fn cut<T>(rows: &mut Vec<T>, limit: i64, key: impl FnOnce(&T) -> String) -> Option<String> {
    let limit = usize::try_from(limit).unwrap_or_default();
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    rows.last().filter(|_| has_more).map(key)
}

/// An empty parameter counts as absent.
fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

async fn read_model_headers(state: &OperatorState) -> Result<HeaderMap, sqlx::Error> {
    let position = read_model_position(&state.pool).await?;
    position_headers(&LogReader::new(state.pool.clone()), position).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(sort: &str, after: &str) -> Result<StorageOrder, ()> {
        let params = StorageParams {
            sort: Some(sort.to_owned()),
            limit: None,
            after: Some(after.to_owned()),
        };
        params.parse().map(|(order, _)| order).map_err(|_| ())
    }

    #[test]
    fn a_cursor_is_that_of_a_page_in_the_same_order() {
        let by_bytes = StorageOrder::ByBytes(Some((12, "a.b".to_owned())));
        assert_eq!(parse("", &next_key(&by_bytes, 12, "a.b")), Ok(by_bytes));
        let by_name = StorageOrder::ByName(Some("a.b".to_owned()));
        assert_eq!(parse("name", &next_key(&by_name, 12, "a.b")), Ok(by_name));
        assert_eq!(parse("bytes", ""), Ok(StorageOrder::ByBytes(None)));
        assert_eq!(parse("name", ""), Ok(StorageOrder::ByName(None)));
        for (sort, after) in [
            ("bytes", "name.a"),
            ("name", "bytes.1.a"),
            ("bytes", "bytes.x.a"),
            ("bytes", "7"),
            ("size", ""),
        ] {
            assert_eq!(parse(sort, after), Err(()), "{sort} {after}");
        }
    }

    #[test]
    fn a_page_has_a_next_one_only_if_there_are_more_rows() {
        let mut rows = vec![1, 2, 3];
        assert_eq!(cut(&mut rows, 2, i32::to_string), Some("2".to_owned()));
        assert_eq!(rows, [1, 2]);
        assert_eq!(cut(&mut rows, 2, i32::to_string), None);
        assert_eq!(cut(&mut Vec::<i32>::new(), 2, i32::to_string), None);
    }
}
