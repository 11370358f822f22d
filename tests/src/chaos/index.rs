//! The search index under load: its writer is killed, its files are damaged, and in the end it must say
//! what one says that is made of the read models anew. Searches meanwhile are answered, or 503.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use search::index::{Index, IndexDir};

use super::load::{Load, members};
use crate::client::Client;
use crate::eventually::eventually;
use crate::fleet::{Fleet, Role};
use crate::log;
use crate::seed::Rng;
use crate::world::Settings;

/// What is done to the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// One bit of a file is another.
    Bit,
    /// A file ends early.
    Cut,
    /// A file is gone.
    File,
    /// The file that says what the index consists of is empty.
    Meta,
    /// The whole directory is gone.
    Directory,
}

const DAMAGES: [Damage; 5] = [
    Damage::Bit,
    Damage::Cut,
    Damage::File,
    Damage::Meta,
    Damage::Directory,
];

/// The longest time between a start of the writer and its end, in milliseconds.
const LONGEST_LIFE: i64 = 700;

/// What one run came to.
#[derive(Debug, Default)]
pub struct IndexReport {
    /// Kills of the writer.
    pub kills: usize,
    /// Damages, each once in so many kills.
    pub damages: usize,
    /// Messages in the end.
    pub messages: u64,
    /// Searches that were answered.
    pub answered: usize,
    /// Searches that were refused with 503.
    pub refused: usize,
}

/// Kills the writer so often at random moments, damages the index every other time, then compares.
pub async fn run_index(kills: usize, seed: u64) -> Result<IndexReport> {
    let mut fleet = Fleet::start(1, &Settings::default()).await;
    let load = Load::start(&fleet, seed).await?;
    let mut rng = Rng::new(seed);
    let stop = Arc::new(AtomicBool::new(false));
    let tally: Arc<[AtomicUsize; 2]> = Arc::default();
    let reader = fleet.user(&members(0)[0], 0);
    let searching = tokio::spawn(search(
        reader.clone(),
        Arc::clone(&stop),
        Arc::clone(&tally),
    ));
    let mut report = IndexReport::default();
    for kill in 0..kills {
        pause(&mut rng, LONGEST_LIFE).await;
        let damage = (kill % 2 == 1).then(|| DAMAGES[kill / 2 % DAMAGES.len()]);
        let is_alive = rng.chance(50);
        if let Some(damage) = damage.filter(|_| is_alive) {
            report.damages += usize::from(hurt(&fleet.index(), damage, &mut rng));
            pause(&mut rng, LONGEST_LIFE).await;
        }
        fleet.kill(Role::Projector);
        report.kills += 1;
        if let Some(damage) = damage.filter(|_| !is_alive) {
            report.damages += usize::from(hurt(&fleet.index(), damage, &mut rng));
        }
        fleet.wake(Role::Projector).await;
        eprintln!("kill {:>3}: {damage:?}; {} sends", kill + 1, load.acked());
    }
    // Damage is noticed, whatever comes in between, before anything is compared.
    hurt(&fleet.index(), Damage::Bit, &mut rng);
    let done = load.stop().await?;
    ensure!(!done.acked.is_empty(), "nothing was sent");
    let head = log::check_positions(&fleet.pool).await?;
    stop.store(true, Ordering::Relaxed);
    searching.await.context("the searcher")??;
    report.answered = tally[0].load(Ordering::Relaxed);
    report.refused = tally[1].load(Ordering::Relaxed);
    eventually("the index is at the head", async || {
        let path = format!("/v1/search?q=writer0&min_position={head}");
        (reader.get(&path).await.status == 200).then_some(())
    })
    .await;
    let anew = fleet.index_anew().await?;
    let served = eventually(
        "the index says what one says that is made anew",
        async || {
            let served = open(&fleet.index()).ok()?;
            (served.digest().ok()? == anew).then_some(served)
        },
    )
    .await;
    report.messages = served.message_count();
    ensure!(
        report.messages == done.acked.len() as u64,
        "{} messages in the index, {} sends acknowledged",
        report.messages,
        done.acked.len()
    );
    Ok(report)
}

/// Opens what a place serves.
pub fn open(place: &IndexDir) -> Result<Index> {
    let build = place.current_build()?.context("nothing is served")?;
    Ok(Index::open(&place.build_path(build))?)
}

/// Searches and searches: every answer is one, or 503.
async fn search(client: Client, stop: Arc<AtomicBool>, tally: Arc<[AtomicUsize; 2]>) -> Result<()> {
    while !stop.load(Ordering::Relaxed) {
        let answer = client.get("/v1/search?q=writer1*&limit=5").await;
        match answer.status {
            200 => tally[0].fetch_add(1, Ordering::Relaxed),
            503 => tally[1].fetch_add(1, Ordering::Relaxed),
            _ => anyhow::bail!("{answer}"),
        };
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Damages what is served. Nothing if nothing is served right now, or a merge was quicker.
fn hurt(place: &IndexDir, damage: Damage, rng: &mut Rng) -> bool {
    let Ok(Some(build)) = place.current_build() else {
        return false;
    };
    let directory = place.build_path(build);
    let Ok(entries) = fs::read_dir(&directory) else {
        return false;
    };
    let is_part = |path: &PathBuf| {
        let ending = path
            .extension()
            .and_then(|it| it.to_str())
            .unwrap_or_default();
        ["term", "idx", "pos", "fast", "fieldnorm"].contains(&ending)
    };
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(is_part)
        .collect();
    files.sort();
    if files.is_empty() {
        return false;
    }
    let file = rng.pick(&files);
    let outcome = match damage {
        Damage::Bit => fs::read(file).and_then(|mut bytes| {
            let at = rng.below(bytes.len());
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << rng.below(8);
            }
            fs::File::options()
                .write(true)
                .open(file)
                .and_then(|mut file| std::io::Write::write_all(&mut file, &bytes))
        }),
        Damage::Cut => fs::File::options()
            .write(true)
            .open(file)
            .and_then(|file| file.set_len(rng.below(8) as u64)),
        Damage::File => fs::remove_file(file),
        Damage::Meta => fs::write(directory.join("meta.json"), b""),
        Damage::Directory => fs::remove_dir_all(place.path()),
    };
    outcome.is_ok()
}

/// Random moments need random pauses.
async fn pause(rng: &mut Rng, longest: i64) {
    tokio::time::sleep(Duration::from_millis(rng.between(0, longest) as u64)).await;
}
