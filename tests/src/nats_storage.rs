//! An embedded nats-server that cannot write for a while: what users notice (nothing), what
//! operators see, and whether it heals by itself.

use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use embedded_servers::process::Signal;
use eventually::{eventually, eventually_within};
use serde_json::Value;

use crate::client::{BaseUrls, Client, http_client};
use crate::log::{self, STREAM_NAME};
use crate::service::ServiceProcess;
use crate::world::create_dir;
use crate::{ports, token};

/// The size of the file system that gets full.
const FILE_SYSTEM_MIB: usize = 48;

/// What is left of it for the mirror.
const ROOM_BYTES: u64 = 1024 * 1024;

/// The size of the messages that need room. nats-server begins a new file every 8 MiB.
const TEXT_BYTES: usize = 60_000;

/// How many of them are sent at most: three files.
const MAX_SENDS: usize = 400;

/// How long the mirror may take to stall visibly, and then to heal: both include 30 s in which
/// nothing is done.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long `tidings up` may take to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

/// How many lines the program may log about an outage.
const MAX_LOG_LINES: usize = 6;

/// Why nats-server cannot write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageFault {
    /// It cannot create files, as on a file system that became read-only.
    Unwritable,
    /// Its file system is full. Needs root, to mount a small one.
    Full,
}

/// What a run has found.
#[derive(Debug)]
pub struct StorageFaultReport {
    /// The acknowledged sends.
    pub sends: usize,
    /// The events of the mirror that were compared with the log afterwards.
    pub mirrored: usize,
    /// How long the mirror took to be complete after the fault was removed.
    pub healed_after: Duration,
}

/// A `tidings up` with its own servers.
struct PrivateSystem {
    dir: PathBuf,
    service: ServiceProcess,
    client: Client,
    http: reqwest::Client,
    sends: usize,
}

/// Injects the fault, removes it, and checks that everything was reported and has healed.
pub async fn run_storage_fault(fault: StorageFault) -> Result<StorageFaultReport> {
    let dir = create_dir();
    let mut system = PrivateSystem::start(&dir).await?;
    let store = dir.join("data/servers/nats");
    let mount = match fault {
        StorageFault::Unwritable => None,
        StorageFault::Full => {
            system.stop()?;
            let mount = SmallMount::create(&store)?;
            system = PrivateSystem::start(&dir).await?;
            Some(mount)
        }
    };
    system.send("before").await?;
    system.wait_until_mirrored().await;
    let messages = store.join(format!("jetstream/$G/streams/{STREAM_NAME}/msgs"));
    match &mount {
        Some(mount) => mount.fill()?,
        None => fs::set_permissions(&messages, Permissions::from_mode(0o500))?,
    }
    system.send_until_mirror_is_down().await?;
    ensure!(
        system.metric("tidings_mirror_lag_events").await > Some(0.0),
        "the lag of a mirror that has stalled is not shown"
    );
    if let Some(mount) = &mount {
        system.wait_for_report().await?;
        mount.make_room()?;
    } else {
        fs::set_permissions(&messages, Permissions::from_mode(0o700))?;
    }
    let repaired = Instant::now();
    system.send("after").await?;
    system.wait_until_mirrored().await;
    let healed_after = repaired.elapsed();
    system.check_log()?;
    let mirrored = system.check_mirror().await?;
    Ok(StorageFaultReport {
        sends: system.sends,
        mirrored,
        healed_after,
    })
}

impl PrivateSystem {
    async fn start(dir: &Path) -> Result<Self> {
        let env = [
            ("TIDINGS_AUTH_SECRET", token::SECRET.to_owned()),
            ("TIDINGS_RATE_LIMIT", "0".to_owned()),
            ("TIDINGS_LOG", "info".to_owned()),
        ];
        let port = ports::find_free();
        let service = ServiceProcess::start("up", port, dir, &env).await;
        let service = service.map_err(anyhow::Error::msg)?;
        let base = format!("http://127.0.0.1:{port}");
        let bases = BaseUrls {
            commands: base.clone(),
            queries: base,
        };
        let http = http_client();
        let client = Client::for_user(http.clone(), Arc::new(bases), "ann");
        let created = client.create_group("room", &["bob"]).await;
        ensure!(matches!(created.status, 200 | 201 | 409), "{created}");
        Ok(Self {
            dir: dir.to_owned(),
            service,
            client,
            http,
            sends: 0,
        })
    }

    fn stop(mut self) -> Result<()> {
        let process = &mut self.service.process;
        let status = process.stop(Signal::Terminate, STOP_TIMEOUT);
        status.context("tidings up does not stop")?;
        Ok(())
    }

    /// Sends a large message, which must be acknowledged.
    async fn send(&mut self, what: &str) -> Result<()> {
        let key = format!("{what}-{}", self.sends);
        let text = "x".repeat(TEXT_BYTES);
        let sent = self.client.send("room", &key, &text).await;
        ensure!(sent.status == 201, "{sent}");
        self.sends += 1;
        Ok(())
    }

    /// The value of a metric without labels.
    async fn metric(&self, name: &str) -> Option<f64> {
        let url = format!("http://127.0.0.1:{}/metrics", self.service.port);
        let text = self.http.get(url).send().await.ok()?.text().await.ok()?;
        let mut values = text.lines().filter_map(|line| line.split_once(' '));
        values.find(|(found, _)| *found == name)?.1.parse().ok()
    }

    async fn head(&self) -> Result<i64> {
        let inbox = self.client.get("/v1/inbox").await;
        ensure!(inbox.status == 200, "{inbox}");
        Ok(inbox.header("tidings-position").parse()?)
    }

    /// Sends more than the server can store. A fast machine has sent it all before the mirror has
    /// stood still for long enough to be reported.
    async fn send_until_mirror_is_down(&mut self) -> Result<()> {
        while self.sends < MAX_SENDS && !self.is_mirror_down().await {
            self.send("during").await?;
        }
        eventually_within(PATIENCE, "the mirror is reported as down", async || {
            self.is_mirror_down().await.then_some(())
        })
        .await;
        Ok(())
    }

    async fn is_mirror_down(&self) -> bool {
        self.metric("tidings_mirror_up").await == Some(0.0)
    }

    /// Readiness names the mirror and stays positive, and the log says what the server waits for.
    async fn wait_for_report(&self) -> Result<()> {
        let url = format!("http://127.0.0.1:{}/readyz", self.service.port);
        let named = "readiness names the mirror";
        let report: (u16, Value) = eventually_within(PATIENCE, named, async || {
            let answer = self.http.get(&url).send().await.ok()?;
            let status = answer.status().as_u16();
            let report: Value = answer.json().await.ok()?;
            let notice = report["checks"]["mirror"].as_str()?;
            notice.contains("has stalled").then_some((status, report))
        })
        .await;
        ensure!(
            report.0 == 200,
            "a process that sends is not ready: {report:?}"
        );
        eventually("the log says that the disk is full", async || {
            self.log().contains("its disk is full").then_some(())
        })
        .await;
        Ok(())
    }

    async fn wait_until_mirrored(&self) {
        eventually_within(PATIENCE, "the mirror is complete", async || {
            let head = self.head().await.ok()? as f64;
            let position = self.metric("tidings_mirror_position").await?;
            let is_up = self.metric("tidings_mirror_up").await == Some(1.0);
            (position >= head && is_up).then_some(())
        })
        .await;
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.join("up.log")).unwrap_or_default()
    }

    /// The outage is in the log, and so are its end and the restart, but not every attempt.
    fn check_log(&self) -> Result<()> {
        let log = self.log();
        let count = |text: &str| log.lines().filter(|line| line.contains(text)).count();
        for text in [
            "The mirror failed",
            "The mirror works again",
            "the server stores nothing; restarting it",
        ] {
            let lines = count(text);
            ensure!(
                (1..=MAX_LOG_LINES).contains(&lines),
                "{lines} lines say {text:?}:\n{log}"
            );
        }
        Ok(())
    }

    async fn check_mirror(&self) -> Result<usize> {
        let run: Value = serde_json::from_slice(&fs::read(self.dir.join("data/run.json"))?)?;
        let url = run["nats_url"].as_str().context("no address of NATS")?;
        let admin = self.client.with_token(Some(token::for_admin("admin")));
        let events = log::fetch_events(&admin).await?;
        log::check_mirror(url, &events).await
    }
}

/// A small file system. Dropping it unmounts it.
struct SmallMount {
    dir: PathBuf,
}

impl SmallMount {
    /// Mounts it at an existing directory, which keeps its owner.
    fn create(dir: &Path) -> Result<Self> {
        let owner = fs::metadata(dir)?;
        let options = format!(
            "size={FILE_SYSTEM_MIB}m,mode=700,uid={},gid={}",
            owner.uid(),
            owner.gid()
        );
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(dir)
            .status()
            .context("mount cannot be run")?;
        ensure!(
            mounted.success(),
            "cannot mount a small file system at {}: this run needs root",
            dir.display()
        );
        Ok(Self {
            dir: dir.to_owned(),
        })
    }

    fn filler(&self) -> PathBuf {
        self.dir.join("filler")
    }

    /// Fills it, except for a little room.
    fn fill(&self) -> Result<()> {
        let mut file = File::create(self.filler())?;
        let chunk = vec![1; ROOM_BYTES as usize];
        let mut written = 0;
        while file.write_all(&chunk).is_ok() {
            written += ROOM_BYTES;
        }
        file.set_len(written - ROOM_BYTES)?;
        Ok(())
    }

    fn make_room(&self) -> Result<()> {
        Ok(fs::remove_file(self.filler())?)
    }
}

impl Drop for SmallMount {
    fn drop(&mut self) {
        // Lazily, because the server may still use it.
        let _ = Command::new("umount").arg("-l").arg(&self.dir).status();
    }
}
