//! Starts the child process that makes previews, and reads what it makes.

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStdin, ChildStdout, Command};

use crate::preview_process::{MAX_OUTPUT_BYTES, RENDER_COMMAND, RenderOutcome};
use crate::store::ByteStream;
use crate::store_error::StoreError;

/// How long one image may take, with the time that the store takes to send it.
const RENDER_TIMEOUT: Duration = Duration::from_secs(20);

/// The program that runs, even after an upgrade has replaced its file.
const THIS_PROGRAM: &str = "/proc/self/exe";

/// The allocator of the child takes memory as it needs it. By default it takes a gibibyte at its
/// start, which the limit of the child counts.
const CHILD_ENVIRONMENT: [(&str, &str); 1] = [("MIMALLOC_ARENA_EAGER_COMMIT", "0")];

/// Why no preview was made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RenderError {
    /// The bytes are no image that can be read within the limits, and will never be.
    #[error("the bytes are no image, or one that is too large")]
    Unreadable,
    /// It took too long, although the child computed little.
    #[error("no preview was made in time")]
    TimedOut,
    /// The child could not be started, or did not do what it should.
    #[error("the process that makes previews failed: {0}")]
    Failed(String),
    /// The bytes could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<std::io::Error> for RenderError {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// The program whose child processes make previews.
#[derive(Debug, Clone)]
pub struct Renderer {
    program: PathBuf,
    timeout: Duration,
}

impl Renderer {
    /// Child processes of this program, each of which may take so long. It must call
    /// [`crate::render_previews`] if its first argument is [`RENDER_COMMAND`].
    pub fn new(program: PathBuf, timeout: Duration) -> Self {
        Self { program, timeout }
    }

    /// Child processes of the program that runs.
    pub fn of_this_program() -> std::io::Result<Self> {
        let running = Path::new(THIS_PROGRAM);
        let program = if running.exists() {
            running.to_owned()
        } else {
            std::env::current_exe()?
        };
        Ok(Self::new(program, RENDER_TIMEOUT))
    }

    /// Makes the previews of an image, in the order of [`crate::PreviewSize::ALL`]. If the caller
    /// stops waiting, the child ends.
    pub(crate) async fn render(&self, image: ByteStream) -> Result<Vec<Bytes>, RenderError> {
        let rendered = tokio::time::timeout(self.timeout, self.run(image)).await;
        rendered.unwrap_or(Err(RenderError::TimedOut))
    }

    async fn run(&self, image: ByteStream) -> Result<Vec<Bytes>, RenderError> {
        let mut child = Command::new(&self.program)
            .arg(RENDER_COMMAND)
            .env_clear()
            .envs(CHILD_ENVIRONMENT)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(RenderError::Failed("it has no pipes".to_owned()));
        };
        let (sent, output) = tokio::join!(send(image, input), receive(output));
        sent?;
        let output = output?;
        let status = child.wait().await?;
        match RenderOutcome::read(status.code(), status.signal(), output) {
            RenderOutcome::Rendered(previews) => Ok(previews),
            RenderOutcome::Unreadable => Err(RenderError::Unreadable),
            RenderOutcome::Failed => Err(RenderError::Failed(status.to_string())),
        }
    }
}

/// Sends the image. The child may end before it has read all of it.
async fn send(mut image: ByteStream, mut input: ChildStdin) -> Result<(), StoreError> {
    while let Some(bytes) = image.try_next().await? {
        if input.write_all(&bytes).await.is_err() {
            break;
        }
    }
    Ok(())
}

async fn receive(output: ChildStdout) -> std::io::Result<Bytes> {
    let mut received = Vec::new();
    let mut output = output.take(MAX_OUTPUT_BYTES);
    output.read_to_end(&mut received).await?;
    Ok(received.into())
}
