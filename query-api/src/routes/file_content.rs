//! `GET /v1/files/{id}/content`: the bytes of a file, or a range of them, or a preview of an image.
//!
//! The bytes always pass through this process, also those in a bucket. A signed address would stay
//! valid after a recall, and everybody who has it could pass it on; so every request is checked by
//! the rule of visibility instead. Nothing that is served here runs in a browser.

use std::fmt::Write as _;
use std::ops::Range;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use file_store::{FileStore, ObjectKey, Previews, StoreError, UploadKey};
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, RANGE,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_edge::{Caller, Path, Problem, Query};
use utoipa::IntoParams;

use super::file_preview::{PreviewParams, RequestedPreview};
use super::files::{self, FileView};
use crate::consistency::min_position::{MinPosition, TIDINGS_POSITION};
use crate::consistency::position_params::MinPositionParams;
use crate::docs::{CallerProblems, NotFoundProblem};
use crate::error::EndpointError;
use crate::people::PeopleState;

/// The `Retry-After` while the file store is away.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// A client may keep the bytes, and asks each time whether it may still show them.
const CACHING: HeaderValue = HeaderValue::from_static("private, no-cache");

/// Whatever the bytes are, a browser that opens them as a page runs nothing.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

/// Pages of other origins cannot embed the bytes; they can fetch them with a token, if allowed.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The headers that select what is sent.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the OpenAPI document")]
struct RangeParams {
    /// The bytes.
    #[param(rename = "Range", value_type = Option<String>, example = "bytes=0-1023")]
    range: Option<String>,
    /// The `ETag` that the client has.
    #[param(
        rename = "If-None-Match",
        value_type = Option<String>,
        example = "\"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\""
    )]
    if_none_match: Option<String>,
}

/// Returns the bytes of a file
///
/// Everybody who can see the file can read them. `Range` selects a part, `If-None-Match` with the
/// `ETag` of an earlier answer saves sending them again. Images, audio and video are answered for
/// display (`Content-Disposition: inline`), everything else for saving.
///
/// `size` asks for a preview of an image instead: turned as the EXIF data of the image say, without
/// these data, and of an animation the first frame. It is a JPEG, or a PNG if anything is
/// transparent, and is sent as a whole. If it is not there yet, it is made. What has none (other
/// formats than JPEG, PNG, GIF and WebP, images that cannot be read, and very large ones) is
/// answered with `404 no_preview`.
#[utoipa::path(
    get, path = "/v1/files/{id}/content", operation_id = "get_file_content", tag = "files",
    params(("id" = String, Path, description = "The file.",
            example = "019ad2c5-7a31-7c1e-9f6e-2f0f3d1c9b5a"),
           RangeParams, PreviewParams, MinPositionParams),
    responses(
        (status = 200, description = "All bytes of the file, or of the preview.", content_type = "application/octet-stream",
         body = inline(Vec<u8>),
         headers(("ETag" = String), ("Content-Disposition" = String), ("Accept-Ranges" = String))),
        (status = 206, description = "The bytes of the range.", content_type = "application/octet-stream",
         body = inline(Vec<u8>), headers(("ETag" = String), ("Content-Range" = String))),
        (status = 304, description = "The client has the bytes."),
        (status = 416, description = "The file has no such bytes (`range_not_satisfiable`).",
         body = Problem, content_type = "application/problem+json"),
        CallerProblems,
        NotFoundProblem,
    ),
)]
pub async fn get_file_content(
    State(people): State<PeopleState>,
    State(previews): State<Previews>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<PreviewParams>,
    headers: HeaderMap,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let size = query.parse()?;
    min_position.wait_until_fresh().await?;
    let (position, file) = files::find(&people, &caller.user, &id).await?;
    let preview = size.and_then(|size| RequestedPreview::new(file.as_ref()?, size));
    let stored = file.and_then(StoredFile::new);
    let file = stored.ok_or_else(Problem::not_found_yet)?;
    let mut response = match preview {
        Some(preview) => {
            file.respond_with_preview(preview, &previews, &headers)
                .await?
        }
        None => file.respond(previews.store(), &headers).await?,
    };
    let answer = response.headers_mut();
    answer.insert(TIDINGS_POSITION.clone(), HeaderValue::from(position));
    answer.insert(CACHE_CONTROL, CACHING);
    answer.insert(CONTENT_SECURITY_POLICY, POLICY);
    answer.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    Ok(response)
}

/// A file whose bytes are in the store.
struct StoredFile {
    key: ObjectKey,
    name: Option<String>,
    media_type: String,
    size: u64,
    etag: String,
}

impl StoredFile {
    fn new(file: FileView) -> Option<Self> {
        Some(Self {
            key: ObjectKey::new(UploadKey::parse(&file.id)?, file.sha256.as_deref()?)?,
            name: file.name,
            media_type: file.media_type?,
            size: u64::try_from(file.size).ok()?,
            etag: format!("\"{}\"", file.sha256?),
        })
    }

    async fn respond(&self, store: &FileStore, headers: &HeaderMap) -> Result<Response, Problem> {
        let etag = HeaderValue::from_str(&self.etag).map_err(|_| Problem::internal())?;
        if is_known(&self.etag, headers) {
            return Ok((StatusCode::NOT_MODIFIED, [(ETAG, etag)]).into_response());
        }
        let (status, range) = match self.requested_range(headers) {
            Ok(None) => (StatusCode::OK, 0..self.size),
            Ok(Some(range)) => (StatusCode::PARTIAL_CONTENT, range),
            Err(Unsatisfiable) => return Ok(self.refuse_range()),
        };
        let bytes = store.get(&self.key, range.clone()).await;
        let bytes = bytes.map_err(|error| store_away(&error))?;
        let mut response = (status, Body::from_stream(bytes)).into_response();
        let answer = response.headers_mut();
        answer.insert(ETAG, etag);
        answer.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        answer.insert(CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
        answer.insert(CONTENT_TYPE, self.content_type());
        answer.insert(CONTENT_DISPOSITION, self.disposition()?);
        if status == StatusCode::PARTIAL_CONTENT {
            let (first, last) = (range.start, range.end - 1);
            let text = format!("bytes {first}-{last}/{}", self.size);
            let value = HeaderValue::from_str(&text).map_err(|_| Problem::internal())?;
            answer.insert(CONTENT_RANGE, value);
        }
        Ok(response)
    }

    /// The preview, as a whole.
    async fn respond_with_preview(
        &self,
        preview: RequestedPreview,
        previews: &Previews,
        headers: &HeaderMap,
    ) -> Result<Response, Problem> {
        let etag = HeaderValue::from_str(&preview.etag()).map_err(|_| Problem::internal())?;
        if is_known(&preview.etag(), headers) {
            return Ok((StatusCode::NOT_MODIFIED, [(ETAG, etag)]).into_response());
        }
        let image = preview.open(previews).await?;
        let mut response = Body::from_stream(image.bytes).into_response();
        let answer = response.headers_mut();
        answer.insert(ETAG, etag);
        answer.insert(CONTENT_LENGTH, HeaderValue::from(image.size));
        let media_type = HeaderValue::from_static(image.media_type);
        answer.insert(CONTENT_TYPE, media_type);
        answer.insert(CONTENT_DISPOSITION, self.disposition()?);
        Ok(response)
    }

    /// The range of the request, unless it is of a version that the client no longer has.
    fn requested_range(&self, headers: &HeaderMap) -> Result<Option<Range<u64>>, Unsatisfiable> {
        let is_current = |value: &HeaderValue| value.as_bytes() == self.etag.as_bytes();
        if headers
            .get(IF_RANGE)
            .is_some_and(|value| !is_current(value))
        {
            return Ok(None);
        }
        let text = headers.get(RANGE).and_then(|value| value.to_str().ok());
        text.map_or(Ok(None), |text| parse_range(text, self.size))
    }

    fn refuse_range(&self) -> Response {
        let detail = format!(
            "The file has {} bytes, and none of them are in the range.",
            self.size
        );
        let status = StatusCode::RANGE_NOT_SATISFIABLE;
        let problem = Problem::new(status, "range_not_satisfiable", detail);
        let mut response = problem.into_response();
        if let Ok(value) = HeaderValue::from_str(&format!("bytes */{}", self.size)) {
            response.headers_mut().insert(CONTENT_RANGE, value);
        }
        response
    }

    /// Only images, audio and video are named what they are; the bytes of everything else are for
    /// saving.
    fn content_type(&self) -> HeaderValue {
        let unknown = HeaderValue::from_static("application/octet-stream");
        match self.media_type.as_str() {
            "text/plain" => HeaderValue::from_static("text/plain; charset=utf-8"),
            media_type => HeaderValue::from_str(media_type).unwrap_or(unknown),
        }
    }

    fn disposition(&self) -> Result<HeaderValue, Problem> {
        let is_media = ["image/", "audio/", "video/"]
            .iter()
            .any(|kind| self.media_type.starts_with(kind));
        let mut text = if is_media { "inline" } else { "attachment" }.to_owned();
        if let Some(name) = &self.name {
            text.push_str("; filename*=UTF-8''");
            push_percent_encoded(&mut text, name);
        }
        HeaderValue::from_str(&text).map_err(|_| Problem::internal())
    }
}

/// Whether the client has what this tag names.
fn is_known(etag: &str, headers: &HeaderMap) -> bool {
    let known = headers.get_all(IF_NONE_MATCH).iter();
    let known = known.filter_map(|value| value.to_str().ok());
    known.flat_map(|list| list.split(',')).any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.trim_start_matches("W/") == etag
    })
}

/// Encodes text as RFC 5987 demands: every byte but letters, digits and a few marks.
fn push_percent_encoded(target: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            target.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(target, "%{byte:02X}");
        }
    }
}

/// No byte of the file is in the range.
#[derive(Debug, PartialEq, Eq)]
struct Unsatisfiable;

/// Parses the header `Range`. Several ranges, other units and what is no range count as no range,
/// as RFC 9110 allows.
fn parse_range(text: &str, size: u64) -> Result<Option<Range<u64>>, Unsatisfiable> {
    let Some((first, last)) = text
        .strip_prefix("bytes=")
        .and_then(|range| range.trim().split_once('-'))
    else {
        return Ok(None);
    };
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let range = match (number(first), number(last)) {
        (Some(first), None) if last.is_empty() => first..size,
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
        (None, Some(count)) if first.is_empty() => size.saturating_sub(count)..size,
        _ => return Ok(None),
    };
    if range.is_empty() {
        return Err(Unsatisfiable);
    }
    Ok(Some(range))
}

fn store_away(error: &StoreError) -> Problem {
    tracing::error!(%error, "the bytes of a file cannot be read");
    Problem::unavailable(
        "file_store_unavailable",
        "The file store does not answer, or does not have the bytes; try again later.",
        RETRY_AFTER,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_within_the_file() {
        for (text, expected) in [
            ("bytes=0-0", Ok(Some(0..1))),
            ("bytes=2-", Ok(Some(2..10))),
            ("bytes=2-99", Ok(Some(2..10))),
            ("bytes=-3", Ok(Some(7..10))),
            ("bytes=-99", Ok(Some(0..10))),
            ("bytes=0-18446744073709551615", Ok(Some(0..10))),
            ("bytes=10-", Err(Unsatisfiable)),
            ("bytes=99999999999999999999-", Err(Unsatisfiable)),
            ("bytes=-0", Err(Unsatisfiable)),
            ("bytes=5-2", Ok(None)),
            ("bytes=0-1,3-4", Ok(None)),
            ("bytes=-", Ok(None)),
            ("bytes=a-b", Ok(None)),
            ("lines=0-1", Ok(None)),
        ] {
            assert_eq!(parse_range(text, 10), expected, "{text}");
        }
        assert_eq!(parse_range("bytes=0-", 0), Err(Unsatisfiable));
    }

    #[test]
    fn a_name_is_encoded_whatever_it_contains() {
        let mut text = String::new();
        push_percent_encoded(&mut text, "a \"b\"; é.png");
        assert_eq!(text, "a%20%22b%22%3B%20%C3%A9.png");
    }
}
