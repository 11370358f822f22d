//! Uploads the files beside an export, each as a file of the sender of its message.
//!
//! An upload has an idempotency key that derives from the line and the bytes. So an import that is
//! repeated finds what the first one has uploaded, and sends no bytes.

use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use connectivity::OutageLog;
use domain::hex::to_hex;
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, HeaderValue};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::chunks::{AttachedFile, ImportChunk};
use crate::duplicates::hash_parts;
use crate::import_client::{ImportClient, PostError, rejection_error};
use crate::rejected::RejectedRecord;

/// How long the upload of one file may take.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(1_800);

/// How often a file is uploaded under another key, because the one that an earlier import has
/// uploaded is gone.
const MAX_KEYS: u32 = 5;

/// How many bytes of a file are read at once.
const READ_BYTES: usize = 256 * 1024;

/// The answer to a call, if the system did not refuse it.
type CallAnswer = Result<(Value, bool), String>;

/// The size and the digest of a file.
struct FileDigest {
    size: u64,
    sha256: String,
}

/// A problem document, as far as an import shows it.
#[derive(Deserialize)]
struct RefusalDetail {
    detail: String,
}

impl ImportClient {
    /// Uploads the files of a chunk, and names them in its lines. A line whose file cannot be
    /// uploaded names it in its text.
    pub(crate) async fn upload_attached(&self, chunk: &mut ImportChunk) -> Result<()> {
        let mut body = Vec::with_capacity(chunk.body.len());
        let mut copied = 0;
        for attached in std::mem::take(&mut chunk.attached) {
            let uploaded = self.upload(&attached).await?;
            let name = &attached.file.name;
            let mut line: Map<String, Value> =
                serde_json::from_slice(&chunk.body[attached.at.clone()])?;
            match uploaded {
                Ok(id) => {
                    line.insert("file".to_owned(), id.into());
                    if line.get("text").is_some_and(|text| text == "") {
                        line.remove("text");
                    }
                }
                Err(reason) => {
                    let text = attached.file.text_without.as_str();
                    line.insert("text".to_owned(), text.into());
                    let sent = &chunk.lines[attached.index];
                    let reason = format!("the file {name:?} is not imported: {reason}");
                    let part = RejectedRecord::new(sent.line, &sent.file, &sent.place, reason);
                    chunk.rejected_files.push(part);
                }
            }
            body.extend_from_slice(&chunk.body[copied..attached.at.start]);
            serde_json::to_writer(&mut body, &line)?;
            copied = attached.at.end;
        }
        body.extend_from_slice(&chunk.body[copied..]);
        chunk.body = body;
        Ok(())
    }

    /// Uploads a file. Returns its id, or why it cannot be uploaded.
    async fn upload(&self, attached: &AttachedFile) -> Result<Result<String, String>> {
        let path = attached.file.path.clone();
        let digest = tokio::task::spawn_blocking(move || digest_file(&path)).await;
        let digest = match digest.context("the reader thread panicked")? {
            Ok(digest) => digest,
            Err(error) => return Ok(Err(error.to_string())),
        };
        for attempt in 0..MAX_KEYS {
            let (file, is_replay) = match self.reserve(attached, &digest, attempt).await? {
                Ok(reserved) => reserved,
                Err(refused) => return Ok(Err(refused)),
            };
            let Some(id) = file["id"].as_str() else {
                return Ok(Err("the system answered without an id".to_owned()));
            };
            match self.send_bytes(attached, &digest, id).await? {
                Ok(_) => return Ok(Ok(id.to_owned())),
                // An earlier import has announced it, and it has expired or was deleted.
                Err(_) if is_replay => {}
                Err(refused) => return Ok(Err(refused)),
            }
        }
        Ok(Err("it was deleted after earlier imports".to_owned()))
    }

    async fn reserve(
        &self,
        attached: &AttachedFile,
        digest: &FileDigest,
        attempt: u32,
    ) -> Result<CallAnswer> {
        let attempt = attempt.to_string();
        let key = to_hex(&hash_parts(&[&attached.key, &digest.sha256, &attempt]));
        let file = json!({
            "name": attached.file.name,
            "type": "application/octet-stream",
            "size": digest.size,
            "sha256": digest.sha256,
        });
        let outages = OutageLog::new("Announcing a file");
        let (key, file) = (&key[..32], &file);
        self.retry(&outages, move || self.try_reserve(attached, key, file))
            .await
    }

    async fn try_reserve(
        &self,
        attached: &AttachedFile,
        key: &str,
        file: &Value,
    ) -> Result<CallAnswer, PostError> {
        let request = self.http.post(self.files_url.clone());
        let request = request.header("idempotency-key", key).json(file);
        self.call(request, &attached.sender).await
    }

    /// Sends the bytes, unless the system has them.
    async fn send_bytes(
        &self,
        attached: &AttachedFile,
        digest: &FileDigest,
        id: &str,
    ) -> Result<CallAnswer> {
        let outages = OutageLog::new("Sending a file");
        self.retry(&outages, move || self.try_send(attached, digest, id))
            .await
    }

    async fn try_send(
        &self,
        attached: &AttachedFile,
        digest: &FileDigest,
        id: &str,
    ) -> Result<CallAnswer, PostError> {
        let url = format!("{}/{id}/content", self.files_url);
        let range = format!("bytes */{}", digest.size);
        let asked = self.http.put(&url).header(CONTENT_RANGE, range);
        let known = self.call(asked, &attached.sender).await?;
        if !matches!(&known, Ok((file, _)) if file["state"] == "reserved") {
            return Ok(known);
        }
        let file = tokio::fs::File::open(&attached.file.path).await;
        let file = file.map_err(|error| PostError::Permanent(error.into()))?;
        let request = self.http.put(&url).timeout(UPLOAD_TIMEOUT);
        let request = request.header(CONTENT_LENGTH, digest.size).body(file);
        self.call(request, &attached.sender).await
    }

    /// Makes a call for a user. The inner error says why the system refuses it.
    async fn call(&self, request: RequestBuilder, user: &str) -> Result<CallAnswer, PostError> {
        let Ok(user) = HeaderValue::from_bytes(user.as_bytes()) else {
            return Ok(Err(format!("{user:?} is no name of a user")));
        };
        let request = request.header("tidings-act-for", user);
        let response = request.bearer_auth(self.token.reveal()).send().await;
        let response = response.map_err(|error| self.describe_failure(error))?;
        read_answer(response).await
    }
}

async fn read_answer(response: Response) -> Result<CallAnswer, PostError> {
    let status = response.status();
    let is_refused = [
        StatusCode::NOT_FOUND,
        StatusCode::CONFLICT,
        StatusCode::GONE,
        StatusCode::PAYLOAD_TOO_LARGE,
        StatusCode::UNPROCESSABLE_ENTITY,
    ];
    if !status.is_success() && !is_refused.contains(&status) {
        return Err(rejection_error(response).await);
    }
    let is_replay = response.headers().contains_key("idempotent-replay");
    let passing = |error: reqwest::Error| PostError::Transient(error.without_url().into(), None);
    let body = response.bytes().await.map_err(passing)?;
    if status.is_success() {
        let answer = serde_json::from_slice(&body);
        let answer = answer.map_err(|error| PostError::Permanent(error.into()))?;
        return Ok(Ok((answer, is_replay)));
    }
    let refusal: Option<RefusalDetail> = serde_json::from_slice(&body).ok();
    Ok(Err(refusal.map_or_else(
        || format!("the system answered {status}"),
        |refusal| refusal.detail,
    )))
}

fn digest_file(path: &Path) -> std::io::Result<FileDigest> {
    let mut file = std::fs::File::open(path)?;
    let (mut size, mut hasher) = (0, Sha256::new());
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            let sha256 = to_hex(&hasher.finalize());
            return Ok(FileDigest { size, sha256 });
        }
        hasher.update(&buffer[..read]);
        size += read as u64;
    }
}
