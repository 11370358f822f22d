//! Kills the writer of the search index and damages its files under load. In the end the index must
//! equal one that is built from the current read models. Every search during the run must succeed
//! or get a 503.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use eventually::eventually;
use search::index::{Index, IndexDigest, IndexDir};

use super::load::{COMMAND_SERVICES, Load, members};
use crate::client::Client;
use crate::fleet::{Fleet, FleetLayout, FleetRole, IndexPlacement};
use crate::log;
use crate::seed::Rng;
use crate::world::Settings;

/// Damage to the files of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// One bit of a file is flipped.
    FlippedBit,
    /// A file is truncated.
    TruncatedFile,
    /// A file is removed.
    MissingFile,
    /// The file that lists the segments of the index is empty.
    EmptyMeta,
    /// The whole directory is removed.
    MissingDirectory,
}

const DAMAGES: [Damage; 5] = [
    Damage::FlippedBit,
    Damage::TruncatedFile,
    Damage::MissingFile,
    Damage::EmptyMeta,
    Damage::MissingDirectory,
];

/// The longest time between a start of the writer and its end, in milliseconds.
const MAX_WRITER_LIFE_MS: i64 = 700;

/// The results of one run.
#[derive(Debug, Default)]
pub struct IndexChaosReport {
    /// Kills of the writer.
    pub kills: usize,
    /// How often the index was damaged.
    pub damages: usize,
    /// Messages in the index at the end.
    pub messages: u64,
    /// Searches that succeeded.
    pub answered: usize,
    /// Searches that got a 503.
    pub refused: usize,
}

/// Kills the writer at random moments, damages the index every other time, then compares the index
/// with a new one.
pub async fn run_index_chaos(kills: usize, seed: u64) -> Result<IndexChaosReport> {
    let layout = FleetLayout {
        command_services: COMMAND_SERVICES,
        query_apis: 1,
        all_in_one: None,
        // The reader is a process of its own, so that it can answer while there is no writer.
        index: IndexPlacement::InProjector,
    };
    let mut fleet = Fleet::start_with(layout, &Settings::default()).await;
    let load = Load::start(&fleet.endpoints(), seed).await?;
    let mut rng = Rng::new(seed);
    let stop = Arc::new(AtomicBool::new(false));
    let counts: Arc<[AtomicUsize; 2]> = Arc::default();
    let reader = fleet.user(&members(0)[0], 0);
    let searches = tokio::spawn(search_until_stopped(
        reader.clone(),
        Arc::clone(&stop),
        Arc::clone(&counts),
    ));
    let mut report = IndexChaosReport::default();
    for kill in 0..kills {
        rng.pause(MAX_WRITER_LIFE_MS).await;
        let damage = (kill % 2 == 1).then(|| DAMAGES[kill / 2 % DAMAGES.len()]);
        let is_alive = rng.chance(50);
        if let Some(damage) = damage.filter(|_| is_alive) {
            report.damages += usize::from(damage_index(&fleet.index_dir(0), damage, &mut rng));
            rng.pause(MAX_WRITER_LIFE_MS).await;
        }
        fleet.kill_service(FleetRole::Projector);
        report.kills += 1;
        if let Some(damage) = damage.filter(|_| !is_alive) {
            report.damages += usize::from(damage_index(&fleet.index_dir(0), damage, &mut rng));
        }
        fleet.start_service(FleetRole::Projector).await;
        eprintln!("kill {:>3}: {damage:?}; {} sends", kill + 1, load.acked());
    }
    // This damage must be repaired before the comparison can succeed.
    damage_index(&fleet.index_dir(0), Damage::FlippedBit, &mut rng);
    let load = load.stop().await?;
    ensure!(!load.acked.is_empty(), "no message was sent");
    let head = log::check_positions(&fleet.pool).await?;
    stop.store(true, Ordering::Relaxed);
    searches.await.context("the searches failed")??;
    report.answered = counts[0].load(Ordering::Relaxed);
    report.refused = counts[1].load(Ordering::Relaxed);
    eventually("the index is at the head", async || {
        let path = format!("/v1/search?q=writer0&min_position={head}");
        (reader.get(&path).await.status == 200).then_some(())
    })
    .await;
    let reference = fleet.build_reference_index().await?;
    let served = eventually("the index equals a new one", async || {
        let (served, digest) = read_served_index(fleet.index_dir(0)).await?;
        (digest == reference).then_some(served)
    })
    .await;
    report.messages = served.message_count();
    ensure!(
        report.messages == load.acked.len() as u64,
        "{} messages in the index, {} sends acknowledged",
        report.messages,
        load.acked.len()
    );
    Ok(report)
}

/// Reads the served index and its digest. None if it cannot be read: tantivy can also panic on the
/// flipped bit until the worker has repaired the index.
async fn read_served_index(place: IndexDir) -> Option<(Index, IndexDigest)> {
    let read = tokio::task::spawn_blocking(move || {
        let served = open_served_index(&place)?;
        let digest = served.digest()?;
        anyhow::Ok((served, digest))
    });
    read.await.ok()?.ok()
}

/// Opens the served build of an index directory.
pub fn open_served_index(place: &IndexDir) -> Result<Index> {
    let build = place.current_build()?.context("no build is served")?;
    Ok(Index::open(&place.build_path(build))?)
}

/// Searches until stopped. Every response must be a 200 or a 503.
async fn search_until_stopped(
    client: Client,
    stop: Arc<AtomicBool>,
    counts: Arc<[AtomicUsize; 2]>,
) -> Result<()> {
    while !stop.load(Ordering::Relaxed) {
        let answer = client.get("/v1/search?q=writer1*&limit=5").await;
        match answer.status {
            200 => counts[0].fetch_add(1, Ordering::Relaxed),
            503 => counts[1].fetch_add(1, Ordering::Relaxed),
            _ => anyhow::bail!("{answer}"),
        };
        eventually::pause(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Damages the served build. Returns false if there is none at the moment, or if a merge has
/// removed the file.
fn damage_index(place: &IndexDir, damage: Damage, rng: &mut Rng) -> bool {
    let Ok(Some(build)) = place.current_build() else {
        return false;
    };
    let directory = place.build_path(build);
    let Ok(entries) = fs::read_dir(&directory) else {
        return false;
    };
    let is_segment_file = |path: &PathBuf| {
        let extension = path
            .extension()
            .and_then(|it| it.to_str())
            .unwrap_or_default();
        ["term", "idx", "pos", "fast", "fieldnorm"].contains(&extension)
    };
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(is_segment_file)
        .collect();
    files.sort();
    if files.is_empty() {
        return false;
    }
    let file = rng.pick(&files);
    let outcome = match damage {
        Damage::FlippedBit => fs::read(file).and_then(|mut bytes| {
            let at = rng.below(bytes.len());
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << rng.below(8);
            }
            fs::File::options()
                .write(true)
                .open(file)
                .and_then(|mut file| std::io::Write::write_all(&mut file, &bytes))
        }),
        Damage::TruncatedFile => fs::File::options()
            .write(true)
            .open(file)
            .and_then(|file| file.set_len(rng.below(8) as u64)),
        Damage::MissingFile => fs::remove_file(file),
        Damage::EmptyMeta => fs::write(directory.join("meta.json"), b""),
        Damage::MissingDirectory => fs::remove_dir_all(place.path()),
    };
    outcome.is_ok()
}
