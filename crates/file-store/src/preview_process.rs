//! The child process that makes previews: it limits itself, reads an image from standard input, and
//! writes its previews to standard output, each with its length in front of it.

use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

use bytes::{Buf as _, Bytes};
use rlimit::Resource;

use crate::key::PreviewSize;
use crate::thumbnail::{MAX_DECODER_BYTES, make_previews};

/// The first argument of the child. It is no command for people, so the command line does not know
/// it: the child must not read settings, which name secrets.
pub const RENDER_COMMAND: &str = "render-previews";

/// Larger files have no previews.
pub(crate) const MAX_SOURCE_BYTES: u64 = 64 * 1024 * 1024;

/// Previews are smaller: at most four bytes for each of their pixels, which no format makes much
/// larger.
pub(crate) const MAX_OUTPUT_BYTES: u64 = 8 * 1024 * 1024;

/// How much memory the child may write to: the file, what a decoder may allocate, and copies of
/// parts.
const MAX_MEMORY: u64 = MAX_SOURCE_BYTES + MAX_DECODER_BYTES + 192 * 1024 * 1024;

/// How many seconds the child may compute.
const MAX_CPU_SECONDS: u64 = 5;

/// The exit code for bytes that are no image, or one that is too large.
const UNREADABLE: u8 = 3;

/// The exit code of a Rust program that panicked: a decoder met what it does not expect.
const PANICKED: u8 = 101;

/// The exit code if the child cannot limit itself, read or write.
const FAILED: u8 = 4;

/// The signals that end the child when it reaches a limit (24: processor time; 6: memory, as the
/// Rust runtime aborts) or a decoder is wrong (4, 7, 11).
const LIMIT_SIGNALS: [i32; 5] = [4, 6, 7, 11, 24];

/// Makes the previews of the image on standard input.
pub fn render_previews() -> ExitCode {
    ExitCode::from(match limit_this_process().and_then(|()| render()) {
        Ok(true) => 0,
        Ok(false) => UNREADABLE,
        Err(_) => FAILED,
    })
}

/// Takes from this process what it does not need: it may not open a file or a connection, start a
/// process, or write a core file.
fn limit_this_process() -> io::Result<()> {
    for (resource, most) in [
        (Resource::DATA, MAX_MEMORY),
        (Resource::CPU, MAX_CPU_SECONDS),
        (Resource::CORE, 0),
        (Resource::FSIZE, 0),
        (Resource::NPROC, 0),
        (Resource::NOFILE, 3),
    ] {
        if resource.is_supported() {
            let (_, hard) = resource.get()?;
            let most = most.min(hard);
            resource.set(most, most)?;
        }
    }
    Ok(())
}

/// Returns whether the image could be read.
fn render() -> io::Result<bool> {
    // A buffer that grows would need three times as much.
    let mut source = Vec::with_capacity(MAX_SOURCE_BYTES as usize + 1);
    let mut input = io::stdin().lock().take(MAX_SOURCE_BYTES + 1);
    input.read_to_end(&mut source)?;
    if source.len() as u64 > MAX_SOURCE_BYTES {
        return Ok(false);
    }
    let Ok(previews) = make_previews(&source) else {
        return Ok(false);
    };
    let mut output = io::stdout().lock();
    for preview in previews {
        output.write_all(&(preview.len() as u32).to_be_bytes())?;
        output.write_all(&preview)?;
    }
    output.flush()?;
    Ok(true)
}

/// How the child ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RenderOutcome {
    /// With previews, in the order of [`PreviewSize::ALL`].
    Rendered(Vec<Bytes>),
    /// The bytes are no image that can be read within the limits, and will never be.
    Unreadable,
    /// For a reason that has nothing to do with the image.
    Failed,
}

impl RenderOutcome {
    /// Reads how the child ended from its exit code, or the signal that ended it, and its output.
    pub(crate) fn read(code: Option<i32>, signal: Option<i32>, output: Bytes) -> Self {
        let is_code = |known: u8| code == Some(i32::from(known));
        if is_code(0) {
            return split(output).map_or(Self::Failed, Self::Rendered);
        }
        let is_limit = signal.is_some_and(|signal| LIMIT_SIGNALS.contains(&signal));
        if is_code(UNREADABLE) || is_code(PANICKED) || is_limit {
            Self::Unreadable
        } else {
            Self::Failed
        }
    }
}

/// Splits the output of the child into previews. `None` if it is not whole.
fn split(mut output: Bytes) -> Option<Vec<Bytes>> {
    let mut previews = Vec::new();
    for _ in PreviewSize::ALL {
        let length = output.try_get_u32().ok()? as usize;
        if length == 0 || length > output.len() {
            return None;
        }
        previews.push(output.split_to(length));
    }
    output.is_empty().then_some(previews)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_child_says_what_became_of_the_image() {
        let whole = Bytes::from_static(b"\0\0\0\x02ab\0\0\0\x01c");
        let cut = whole.slice(..9);
        let previews = vec![Bytes::from_static(b"ab"), Bytes::from_static(b"c")];
        for (code, signal, output, expected) in [
            (Some(0), None, &whole, RenderOutcome::Rendered(previews)),
            (Some(0), None, &cut, RenderOutcome::Failed),
            (Some(0), None, &Bytes::new(), RenderOutcome::Failed),
            (Some(3), None, &whole, RenderOutcome::Unreadable),
            (Some(101), None, &cut, RenderOutcome::Unreadable),
            (None, Some(24), &cut, RenderOutcome::Unreadable),
            (None, Some(6), &cut, RenderOutcome::Unreadable),
            // Somebody killed it, or the machine has no memory left.
            (None, Some(9), &cut, RenderOutcome::Failed),
            (Some(4), None, &cut, RenderOutcome::Failed),
            (Some(2), None, &cut, RenderOutcome::Failed),
        ] {
            let found = RenderOutcome::read(code, signal, output.clone());
            assert_eq!(found, expected, "{code:?} {signal:?}");
        }
    }
}
