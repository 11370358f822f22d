//! The preview that a request asks for.

use std::time::Duration;

use file_store::{
    ImageDimensions, ObjectKey, PreviewError, PreviewImage, PreviewSize, PreviewSource, Previews,
    UploadKey,
};
use http::StatusCode;
use http_edge::Problem;
use serde::Deserialize;
use utoipa::IntoParams;

use super::files::FileView;

/// The `Retry-After` while no preview can be made.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Selects a preview.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PreviewParams {
    /// A preview of an image whose longest side has at most so many pixels, instead of the file:
    /// 256 or 1024.
    #[param(value_type = Option<i64>, example = 256)]
    size: Option<String>,
}

impl PreviewParams {
    /// The size of the preview; `None` for the file.
    pub fn parse(&self) -> Result<Option<PreviewSize>, Problem> {
        let Some(text) = &self.size else {
            return Ok(None);
        };
        let size = PreviewSize::parse(text);
        let unknown = || {
            let expected = "expected 256 or 1024, or no parameter for the file itself";
            Problem::malformed("size", expected)
        };
        size.map(Some).ok_or_else(unknown)
    }
}

/// A preview of a file that the caller can see.
pub struct RequestedPreview {
    source: PreviewSource,
    sha256: String,
    size: PreviewSize,
}

impl RequestedPreview {
    /// `None` if the bytes of the file are not there.
    pub fn new(file: &FileView, size: PreviewSize) -> Option<Self> {
        let pixels = |count: Option<i64>| u32::try_from(count?).ok();
        let sides = pixels(file.width).zip(pixels(file.height));
        let sha256 = file.sha256.clone()?;
        let source = PreviewSource {
            key: ObjectKey::new(UploadKey::parse(&file.id)?, &sha256)?,
            media_type: file.media_type.clone()?,
            size: u64::try_from(file.size).ok()?,
            dimensions: sides.map(|(width, height)| ImageDimensions { width, height }),
        };
        Some(Self {
            source,
            sha256,
            size,
        })
    }

    /// Another tag than that of the file, and of other sizes.
    pub fn etag(&self) -> String {
        format!("\"{}-{}\"", self.sha256, self.size.pixels())
    }

    /// Reads the preview, and makes it first if it is not there.
    pub async fn open(&self, previews: &Previews) -> Result<PreviewImage, Problem> {
        let opened = previews.open(&self.source, self.size).await;
        opened
            .map_err(|error| unavailable(&error))?
            .ok_or_else(no_preview)
    }
}

fn no_preview() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no_preview",
        "The file has no preview: it is no JPEG, PNG, GIF or WebP image that can be read, or it is \
         too large. Ask for the file without `size`.",
    )
}

fn unavailable(error: &PreviewError) -> Problem {
    tracing::warn!(%error, "a preview cannot be made");
    Problem::unavailable(
        "preview_unavailable",
        "The preview cannot be made at the moment; try again, or ask for the file without `size`.",
        RETRY_AFTER,
    )
}
