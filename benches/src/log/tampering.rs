//! Changes a copy of a sealed log in memory. The verification must find each change at its position
//! and nothing else.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use domain::envelope::Envelope;
use event_log::reader::LogReader;
use log_integrity::seal::verify::{SealFinding, SealVerifier};
use log_integrity::seal::{Seal, store};
use sqlx::PgPool;
use tests::seed::Rng;

/// Changes of each kind.
const CHANGES_PER_KIND: usize = 50;

/// Events read per page.
const PAGE_SIZE: i64 = 20_000;

/// The log and its seals in memory.
struct LogCopy {
    log_id: String,
    seals: Vec<Seal>,
    events: Vec<Envelope>,
}

/// Makes changes of every kind. Returns how many were found; the first one that is not found is an
/// error.
pub async fn check_detection(database_url: &str) -> Result<Vec<(&'static str, usize)>> {
    let pool = PgPool::connect(database_url).await?;
    let copy = LogCopy::load(&pool).await?;
    pool.close().await;
    ensure!(
        copy.verify(&copy.events).is_empty(),
        "the log differs from its seals"
    );
    let mut rng = Rng::new(1);
    Ok(vec![
        ("changed", copy.change(&mut rng)?),
        ("removed", copy.remove(&mut rng)?),
        ("reordered", copy.reorder(&mut rng)?),
        ("inserted", copy.insert(&mut rng)?),
    ])
}

impl LogCopy {
    async fn load(pool: &PgPool) -> Result<Self> {
        let reader = LogReader::new(pool.clone());
        let log_id = reader.head().await?.log_id.to_string();
        let mut seals = Vec::new();
        loop {
            let after = seals.last().map_or(0, |seal: &Seal| seal.number);
            let page = store::load_after(pool, after, 10).await?;
            if page.is_empty() {
                break;
            }
            seals.extend(page);
        }
        let sealed_to = seals.last().context("the log has no seals")?.last;
        let mut events = Vec::new();
        while (events.len() as i64) < sealed_to {
            let page = reader.read_after(events.len() as i64, PAGE_SIZE).await?;
            ensure!(!page.is_empty(), "the log ends before its seals");
            events.extend(page);
        }
        events.truncate(usize::try_from(sealed_to)?);
        Ok(Self {
            log_id,
            seals,
            events,
        })
    }

    /// The findings for these events.
    fn verify(&self, events: &[Envelope]) -> Vec<SealFinding> {
        let mut verifier = SealVerifier::new(self.log_id.clone(), Vec::new());
        let (mut findings, mut rest) = (Vec::new(), events);
        for seal in &self.seals {
            findings.extend(verifier.check_seal(seal));
            let (sealed_events, after) =
                rest.split_at(rest.partition_point(|it| it.position <= seal.last));
            findings.extend(verifier.check_events(seal, sealed_events, false));
            rest = after;
        }
        findings.extend(verifier.finish());
        findings
    }

    /// Chooses distinct positions of which no two are neighbours.
    fn choose_positions(&self, rng: &mut Rng) -> Vec<i64> {
        let mut positions = BTreeSet::new();
        while positions.len() < CHANGES_PER_KIND {
            // Odd positions only, so that no two are neighbours.
            positions.insert(rng.below(self.events.len() / 2 - 1) as i64 * 2 + 1);
        }
        positions.into_iter().collect()
    }

    fn change(&self, rng: &mut Rng) -> Result<usize> {
        let (positions, mut events) = (self.choose_positions(rng), self.events.clone());
        for position in &positions {
            let event = event_at(&mut events, *position)?;
            event.data = serde_json::value::to_raw_value(&format!("not {}", event.data))?;
        }
        let expected = positions.iter().map(|position| SealFinding::AlteredEvent {
            position: *position,
        });
        self.expect_findings(&events, &expected.collect::<Vec<_>>())
    }

    fn remove(&self, rng: &mut Rng) -> Result<usize> {
        let (positions, mut events) = (self.choose_positions(rng), self.events.clone());
        events.retain(|event| positions.binary_search(&event.position).is_err());
        let expected = positions.iter().map(|position| SealFinding::MissingEvent {
            position: *position,
        });
        self.expect_findings(&events, &expected.collect::<Vec<_>>())
    }

    /// Swaps neighbours. Both are found.
    fn reorder(&self, rng: &mut Rng) -> Result<usize> {
        let (positions, mut events) = (self.choose_positions(rng), self.events.clone());
        let mut expected = Vec::new();
        for position in positions {
            let index = usize::try_from(position)? - 1;
            events.swap(index, index + 1);
            (events[index].position, events[index + 1].position) = (position, position + 1);
            for (position, sealed_at) in [(position, position + 1), (position + 1, position)] {
                // The verifier searches only the seal of the position.
                expected.push(if self.have_one_seal(position, sealed_at) {
                    SealFinding::MovedEvent {
                        position,
                        sealed_at,
                    }
                } else {
                    SealFinding::AlteredEvent { position }
                });
            }
        }
        self.expect_findings(&events, &expected)
            .map(|found| found / 2)
    }

    /// Inserts one event at a time, which moves every later event by one position. Only the seal of
    /// the position is verified, because earlier ones have not changed.
    fn insert(&self, rng: &mut Rng) -> Result<usize> {
        let positions = self.choose_positions(rng);
        for position in &positions {
            let seal = self
                .seal_of(*position)
                .context("no seal covers the position")?;
            let index = usize::try_from(*position)? - 1;
            let last = usize::try_from(seal.last)?;
            let mut inserted = self.events[index].clone();
            inserted.sequence = -1;
            let before = &self.events[usize::try_from(seal.first)? - 1..index];
            let mut sealed_events = [before, &[inserted]].concat();
            sealed_events.extend(self.events[index..last - 1].iter().map(|event| {
                let mut event = event.clone();
                event.position += 1;
                event
            }));
            let mut expected = vec![SealFinding::AlteredEvent {
                position: *position,
            }];
            expected.extend(
                (position + 1..=seal.last).map(|position| SealFinding::MovedEvent {
                    position,
                    sealed_at: position - 1,
                }),
            );
            let mut verifier = SealVerifier::new(self.log_id.clone(), Vec::new());
            let found = verifier.check_events(seal, &sealed_events, false);
            ensure!(
                found == expected,
                "inserted at {position}: {:?}",
                found.first()
            );
        }
        Ok(positions.len())
    }

    fn expect_findings(&self, events: &[Envelope], expected: &[SealFinding]) -> Result<usize> {
        let found = self.verify(events);
        ensure!(found == expected, "expected {expected:?}, found {found:?}");
        Ok(found.len())
    }

    fn seal_of(&self, position: i64) -> Option<&Seal> {
        self.seals
            .get(self.seals.partition_point(|seal| seal.last < position))
    }

    fn have_one_seal(&self, one: i64, other: i64) -> bool {
        self.seal_of(one).map(|seal| seal.number) == self.seal_of(other).map(|seal| seal.number)
    }
}

fn event_at(events: &mut [Envelope], position: i64) -> Result<&mut Envelope> {
    events
        .get_mut(usize::try_from(position)? - 1)
        .context("there is no such position")
}
