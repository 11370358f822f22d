//! Manipulations, planted in a copy of the log in memory: each must be found, where it was planted and nowhere else.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use domain::envelope::Envelope;
use event_log::reader::LogReader;
use log_integrity::seal::verify::{SealFinding, SealVerifier};
use log_integrity::seal::{Seal, store};
use sqlx::PgPool;
use tests::seed::Rng;

/// How many of each kind.
const OF_EACH: usize = 50;

/// Events that are read at once.
const PAGE: i64 = 20_000;

/// The log and its seals, in memory.
struct Copy {
    log_id: String,
    seals: Vec<Seal>,
    events: Vec<Envelope>,
}

/// Plants them, and answers how many of which kind were found. An error if one was not, or something else was.
pub async fn found(database_url: &str) -> Result<Vec<(&'static str, usize)>> {
    let pool = PgPool::connect(database_url).await?;
    let copy = Copy::of(&pool).await?;
    pool.close().await;
    ensure!(
        copy.findings(&copy.events)?.is_empty(),
        "it is not as it was sealed"
    );
    let mut rng = Rng::new(1);
    Ok(vec![
        ("changed", copy.changed(&mut rng)?),
        ("removed", copy.removed(&mut rng)?),
        ("reordered", copy.reordered(&mut rng)?),
        ("inserted", copy.inserted(&mut rng)?),
    ])
}

impl Copy {
    async fn of(pool: &PgPool) -> Result<Self> {
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
        let sealed_to = seals.last().context("nothing is sealed")?.last;
        let mut events = Vec::new();
        while (events.len() as i64) < sealed_to {
            let page = reader.read_after(events.len() as i64, PAGE).await?;
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

    /// What is found in these events, which are where their positions say.
    fn findings(&self, events: &[Envelope]) -> Result<Vec<SealFinding>> {
        let mut verifier = SealVerifier::new(self.log_id.clone(), Vec::new());
        let (mut findings, mut rest) = (Vec::new(), events);
        for seal in &self.seals {
            findings.extend(verifier.check_seal(seal));
            let (of_seal, after) =
                rest.split_at(rest.partition_point(|it| it.position <= seal.last));
            findings.extend(verifier.check_events(seal, of_seal, false));
            rest = after;
        }
        findings.extend(verifier.finish());
        Ok(findings)
    }

    /// Different positions, each with its neighbour free.
    fn places(&self, rng: &mut Rng) -> Vec<i64> {
        let mut places = BTreeSet::new();
        while places.len() < OF_EACH {
            // Odd ones only, so that no two are neighbours.
            places.insert(rng.below(self.events.len() / 2 - 1) as i64 * 2 + 1);
        }
        places.into_iter().collect()
    }

    fn changed(&self, rng: &mut Rng) -> Result<usize> {
        let (places, mut events) = (self.places(rng), self.events.clone());
        for position in &places {
            let event = at(&mut events, *position)?;
            event.data = serde_json::value::to_raw_value(&format!("not {}", event.data))?;
        }
        let expected = places.iter().map(|position| SealFinding::AlteredEvent {
            position: *position,
        });
        self.are(&events, &expected.collect::<Vec<_>>())
    }

    fn removed(&self, rng: &mut Rng) -> Result<usize> {
        let (places, mut events) = (self.places(rng), self.events.clone());
        events.retain(|event| places.binary_search(&event.position).is_err());
        let expected = places.iter().map(|position| SealFinding::MissingEvent {
            position: *position,
        });
        self.are(&events, &expected.collect::<Vec<_>>())
    }

    /// Neighbours that have changed places: both are found.
    fn reordered(&self, rng: &mut Rng) -> Result<usize> {
        let (places, mut events) = (self.places(rng), self.events.clone());
        let mut expected = Vec::new();
        for position in places {
            let index = usize::try_from(position)? - 1;
            events.swap(index, index + 1);
            (events[index].position, events[index + 1].position) = (position, position + 1);
            for (position, sealed_at) in [(position, position + 1), (position + 1, position)] {
                expected.push(match self.is_one_seal(position, sealed_at) {
                    true => SealFinding::MovedEvent {
                        position,
                        sealed_at,
                    },
                    // It is looked for in the seal where it stands.
                    false => SealFinding::AlteredEvent { position },
                });
            }
        }
        self.are(&events, &expected).map(|found| found / 2)
    }

    /// One at a time: everything after it stands one further than it was sealed. Compared in the seal of the
    /// place; those before have not changed.
    fn inserted(&self, rng: &mut Rng) -> Result<usize> {
        let places = self.places(rng);
        for position in &places {
            let seal = self.seal_of(*position).context("a seal")?;
            let index = usize::try_from(*position)? - 1;
            let last = usize::try_from(seal.last)?;
            let mut forged = self.events[index].clone();
            forged.sequence = -1;
            let before = &self.events[usize::try_from(seal.first)? - 1..index];
            let mut of_seal = [before, &[forged]].concat();
            of_seal.extend(self.events[index..last - 1].iter().map(|event| {
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
            let found = verifier.check_events(seal, &of_seal, false);
            ensure!(
                found == expected,
                "inserted at {position}: {:?}",
                found.first()
            );
        }
        Ok(places.len())
    }

    fn are(&self, events: &[Envelope], expected: &[SealFinding]) -> Result<usize> {
        let found = self.findings(events)?;
        ensure!(found == expected, "expected {expected:?}, found {found:?}");
        Ok(found.len())
    }

    fn seal_of(&self, position: i64) -> Option<&Seal> {
        self.seals
            .get(self.seals.partition_point(|seal| seal.last < position))
    }

    fn is_one_seal(&self, one: i64, other: i64) -> bool {
        self.seal_of(one).map(|seal| seal.number) == self.seal_of(other).map(|seal| seal.number)
    }
}

fn at(events: &mut [Envelope], position: i64) -> Result<&mut Envelope> {
    events
        .get_mut(usize::try_from(position)? - 1)
        .context("a position")
}
