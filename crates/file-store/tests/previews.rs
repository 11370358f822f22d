//! Previews while the child process does what it should, and what it should not. Scripts take the
//! place of the program that makes them.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::time::Duration;

use eventually::eventually_true;
use file_store::{
    FileStore, ObjectKey, PreviewError, PreviewSize, PreviewSource, Previews, Renderer,
    StoreConfig, UploadKey,
};
use futures::{StreamExt as _, TryStreamExt as _};
use tempfile::TempDir;

const FILE: &str = "019ad2c5-7a31-7c1e-9f6e-2f0f3d1c9b5a";

/// Writes two previews of four bytes, as the program does.
const TWO_PREVIEWS: &str = r"printf '\0\0\0\4\377\330\377L\0\0\0\4\377\330\377S'";

/// Long enough for a script on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A store with one image, whose previews a script makes.
struct Fixture {
    dir: TempDir,
    previews: Previews,
    source: PreviewSource,
}

impl Fixture {
    /// The script finds the directory of the test in `$D`, and adds a line to `$D/runs`.
    async fn new(script: &str, timeout: Duration) -> Self {
        let dir = TempDir::new().unwrap();
        let program = dir.path().join("program");
        let at = dir.path().display();
        let text = format!("#!/bin/sh\nD='{at}'\necho $$ >>$D/runs\ncat >$D/input\n{script}\n");
        write_program(&program, &text);
        let config = StoreConfig::directory(&dir.path().join("store"));
        let store = FileStore::open(&config).unwrap();
        let file = UploadKey::parse(FILE).unwrap();
        let mut upload = store.staging().resume(file, 8, true).await.unwrap();
        upload.append(b"an image").await.unwrap();
        let upload = upload.complete().await.unwrap();
        let key = ObjectKey::new(file, &upload.sha256).unwrap();
        store.put(&key, &upload).await.unwrap();
        Self {
            previews: Previews::new(store, Renderer::new(program, timeout)),
            source: PreviewSource {
                key,
                media_type: "image/png".to_owned(),
                size: upload.size,
                dimensions: None,
            },
            dir,
        }
    }

    /// The bytes of a preview, or what `open` answers.
    async fn open(&self, size: PreviewSize) -> Result<Option<Vec<u8>>, PreviewError> {
        let Some(image) = self.previews.open(&self.source, size).await? else {
            return Ok(None);
        };
        let bytes: Vec<u8> = image
            .bytes
            .map_ok(|part| part.to_vec())
            .try_concat()
            .await?;
        assert_eq!(
            (image.media_type, image.size),
            ("image/jpeg", bytes.len() as u64)
        );
        Ok(Some(bytes))
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    /// How often the script ran.
    fn runs(&self) -> usize {
        let runs = std::fs::read_to_string(self.path("runs"));
        runs.map_or(0, |text| text.lines().count())
    }

    async fn count_previews(&self) -> usize {
        let listed = self.previews.store().list_previews();
        listed.try_collect::<Vec<_>>().await.unwrap().len()
    }
}

/// Another process writes the script: one that is open for writing cannot be started, and a fork of
/// another test may keep it open.
fn write_program(path: &Path, text: &str) {
    let write = r#"printf %s "$1" >"$2" && chmod 700 "$2""#;
    let mut command = std::process::Command::new("/bin/sh");
    let status = command.args(["-c", write, "sh", text]).arg(path).status();
    assert!(status.unwrap().success());
}

fn is_running(pid: &str) -> bool {
    Path::new("/proc").join(pid.trim()).exists()
}

#[tokio::test]
async fn an_image_is_rendered_once_for_all_who_ask() {
    let fixture = Fixture::new(TWO_PREVIEWS, TIMEOUT).await;
    let asked = (0..20).map(|n| {
        let size = PreviewSize::ALL[n % 2];
        fixture.open(size)
    });
    let answers: Vec<_> = futures::stream::iter(asked).buffered(20).collect().await;
    for (n, answer) in answers.into_iter().enumerate() {
        let expected = [b"\xff\xd8\xffL", b"\xff\xd8\xffS"][n % 2].to_vec();
        assert_eq!(answer.unwrap(), Some(expected), "{n}");
    }
    assert_eq!(fixture.runs(), 1);
    assert_eq!(std::fs::read(fixture.path("input")).unwrap(), b"an image");
    fixture.previews.make(&fixture.source).await.unwrap();
    assert_eq!(fixture.runs(), 1);
    assert_eq!(fixture.count_previews().await, 2);
    let store = fixture.previews.store();
    assert_eq!(store.staging().list().await.unwrap(), []);
    store.delete(&fixture.source.key).await.unwrap();
    assert_eq!(fixture.count_previews().await, 0);
}

#[tokio::test]
async fn what_cannot_be_read_is_tried_once_and_what_failed_again() {
    for (script, is_final) in [
        ("exit 3", true),
        ("exit 101", true),
        ("kill -6 $$", true),
        ("kill -24 $$", true),
        ("kill -9 $$", false),
        ("exit 1", false),
        ("exit 0", false),
        (r"printf '\0\0\0\4\377\330\377L'", false),
        (r"printf '\377\377\377\377'", false),
        ("head -c 20000000 /dev/zero", false),
    ] {
        let fixture = Fixture::new(script, TIMEOUT).await;
        for run in 1..=2 {
            let answer = fixture.open(PreviewSize::Small).await;
            if is_final {
                assert_eq!(answer.unwrap(), None, "{script}");
                assert_eq!(fixture.runs(), 1, "{script}");
            } else {
                let failed = answer.unwrap_err();
                assert!(
                    matches!(failed, PreviewError::Failed(_)),
                    "{script}: {failed}"
                );
                assert_eq!(fixture.runs(), run, "{script}");
                assert_eq!(fixture.count_previews().await, 0, "{script}");
            }
        }
    }
}

#[tokio::test]
async fn a_process_that_does_not_end_is_ended() {
    let fixture = Fixture::new("exec sleep 600", Duration::from_millis(500)).await;
    let failed = fixture.open(PreviewSize::Small).await.unwrap_err();
    assert!(matches!(failed, PreviewError::TimedOut), "{failed}");
    let pid = std::fs::read_to_string(fixture.path("runs")).unwrap();
    eventually_true("the process is gone", async || !is_running(&pid)).await;
    assert_eq!(fixture.count_previews().await, 0);
}

#[tokio::test]
async fn a_program_that_does_not_exist_is_no_answer() {
    let fixture = Fixture::new("", TIMEOUT).await;
    std::fs::remove_file(fixture.path("program")).unwrap();
    let failed = fixture.open(PreviewSize::Small).await.unwrap_err();
    assert!(matches!(failed, PreviewError::Failed(_)), "{failed}");
}

#[tokio::test]
async fn a_preview_never_outlives_its_file() {
    let script = format!("until [ -e $D/gate ]; do sleep 0.01; done\n{TWO_PREVIEWS}");
    let fixture = Fixture::new(&script, TIMEOUT).await;
    let delete = async {
        eventually_true("the script runs", async || fixture.path("input").exists()).await;
        let store = fixture.previews.store();
        store.delete(&fixture.source.key).await.unwrap();
        std::fs::write(fixture.path("gate"), "").unwrap();
    };
    let (opened, ()) = tokio::join!(fixture.open(PreviewSize::Large), delete);
    assert_eq!(opened.unwrap(), None);
    assert_eq!(fixture.runs(), 1);
    assert_eq!(fixture.count_previews().await, 0);
}

#[tokio::test]
async fn only_images_of_a_known_size_are_rendered() {
    let fixture = Fixture::new(TWO_PREVIEWS, TIMEOUT).await;
    let sides = |width, height| Some(file_store::ImageDimensions { width, height });
    for (media_type, size, dimensions) in [
        ("image/svg+xml", 8, None),
        ("image/tiff", 8, None),
        ("text/plain", 8, None),
        ("image/png", 0, None),
        ("image/png", 64 * 1024 * 1024 + 1, None),
        ("image/png", 8, sides(60_000, 60_000)),
        ("image/png", 8, sides(1_000_000, 1_000_000)),
    ] {
        let source = PreviewSource {
            media_type: media_type.to_owned(),
            size,
            dimensions,
            ..fixture.source.clone()
        };
        let opened = fixture.previews.open(&source, PreviewSize::Small).await;
        assert!(opened.unwrap().is_none(), "{media_type} {size}");
        fixture.previews.make(&source).await.unwrap();
    }
    assert_eq!(fixture.runs(), 0);
}
