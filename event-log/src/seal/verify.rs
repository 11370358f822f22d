//! Finds what is not as it was sealed. Pure: seals and events come in, findings come out, so the database and
//! an export are verified by the same rules.

use std::collections::HashMap;

use domain::envelope::Envelope;
use domain::hex::hex;

use super::erasable::{self, Erasable};
use super::{Hash, NOTHING, Seal, key, leaf, root};

/// Something that is not as it was sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// A seal does not follow from the one before.
    #[error("seal {number}: {why}")]
    Seal {
        /// Which.
        number: i64,
        /// What is wrong with it.
        why: String,
    },
    /// Nothing stands where something was sealed.
    #[error("position {position}: the event that was sealed is missing")]
    Missing {
        /// Where.
        position: i64,
    },
    /// Another event stands there, one that was sealed elsewhere.
    #[error("position {position}: the event that was sealed at position {sealed_at} stands here")]
    Moved {
        /// Where it is.
        position: i64,
        /// Where it belongs.
        sealed_at: i64,
    },
    /// An event that was never sealed.
    #[error(
        "position {position}: this event is not the one that was sealed: it was changed, or put in"
    )]
    Changed {
        /// Where.
        position: i64,
    },
    /// Its salt is gone, as that of an erased event is, and it is none.
    #[error(
        "position {position}: its salt is gone as if it were erased, but its content is there, or no event says \
         that it was erased"
    )]
    NotErased {
        /// Where.
        position: i64,
    },
}

/// Verifies seals in order, and the events of each.
pub struct Verifier {
    log_id: String,
    trusted: Vec<[u8; 32]>,
    previous: Hash,
    number: i64,
    sealed_to: i64,
    /// Events that were compared.
    pub events: u64,
    /// Events whose content is gone, salt and all: their digest is part of the seal, and some event says that
    /// they were erased. No more can be said of them.
    pub erased: u64,
    /// Those of which no event has said so yet, by what that would name.
    unexplained: HashMap<Erasable, Vec<i64>>,
}

impl Verifier {
    /// Of a log. With keys, seals of any other are findings.
    pub fn new(log_id: String, trusted: Vec<[u8; 32]>) -> Self {
        Self {
            log_id,
            trusted,
            previous: NOTHING,
            number: 0,
            sealed_to: 0,
            events: 0,
            erased: 0,
            unexplained: HashMap::new(),
        }
    }

    /// The last position that a seal covered so far.
    pub fn sealed_to(&self) -> i64 {
        self.sealed_to
    }

    /// The next seal.
    pub fn seal(&mut self, seal: &Seal) -> Vec<Finding> {
        let mut wrong = Vec::new();
        if seal.number != self.number + 1 {
            wrong.push(format!("expected seal {}", self.number + 1));
        }
        if seal.first != self.sealed_to + 1 {
            wrong.push(format!(
                "it begins at position {}, where {} was to come",
                seal.first,
                self.sealed_to + 1
            ));
        }
        if seal.previous != self.previous {
            wrong.push("it does not follow from the seal before".to_owned());
        }
        if seal.root != root(&seal.digests) {
            wrong.push("its root is not that of its digests".to_owned());
        }
        if !key::is_signed(seal, &self.log_id) {
            wrong.push("its signature is wrong".to_owned());
        }
        if !self.trusted.is_empty() && !self.trusted.iter().any(|key| seal.public_key == *key) {
            let signer = hex(&seal.public_key);
            wrong.push(format!(
                "it is signed by {signer}, which is not a trusted key"
            ));
        }
        self.previous = seal.hash(&self.log_id);
        self.number = seal.number;
        self.sealed_to = seal.last;
        let number = seal.number;
        wrong
            .into_iter()
            .map(|why| Finding::Seal { number, why })
            .collect()
    }

    /// The events that stand in the positions of a seal, in order. `selected`: only some are here, so that a
    /// missing one is no finding.
    pub fn events(&mut self, seal: &Seal, events: &[Envelope], selected: bool) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut due = seal.first;
        for event in events {
            let position = event.position;
            if !selected {
                findings.extend((due..position).map(|position| Finding::Missing { position }));
            }
            if position < due {
                // The same position a second time.
                findings.push(Finding::Changed { position });
                continue;
            }
            due = position + 1;
            self.events += 1;
            let Some(salt) = seal.salt(position) else {
                match erasable::left_of(event) {
                    Some(erasable) => self.unexplained.entry(erasable).or_default().push(position),
                    None => findings.push(Finding::NotErased { position }),
                }
                continue;
            };
            if seal.digest(position) == Some(leaf::digest(salt, event).as_slice()) {
                self.explain(event);
                continue;
            }
            findings.push(match sealed_near(seal, event) {
                Some(sealed_at) => Finding::Moved {
                    position,
                    sealed_at,
                },
                None => Finding::Changed { position },
            });
        }
        if !selected {
            findings.extend((due..=seal.last).map(|position| Finding::Missing { position }));
        }
        findings
    }
}

impl Verifier {
    /// Events after the last seal: they may say what was erased before.
    pub fn not_sealed(&mut self, events: &[Envelope]) {
        for event in events {
            self.explain(event);
        }
    }

    /// When all seals and events were told: what is left to say.
    pub fn finish(&mut self) -> Vec<Finding> {
        let mut positions: Vec<i64> = self.unexplained.drain().flat_map(|(_, at)| at).collect();
        positions.sort_unstable();
        let findings = positions.into_iter();
        findings
            .map(|position| Finding::NotErased { position })
            .collect()
    }

    fn explain(&mut self, event: &Envelope) {
        let erased = erasable::erased_by(event).and_then(|it| self.unexplained.remove(&it));
        self.erased += erased.map_or(0, |positions| positions.len() as u64);
    }
}

/// Where an event was sealed that stands somewhere else. Its salt is not known, so those of its neighbours
/// are tried: whatever shifts events shifts them a little.
fn sealed_near(seal: &Seal, event: &Envelope) -> Option<i64> {
    const NEIGHBOURS: i64 = 1_000;
    (1..=NEIGHBOURS)
        .flat_map(|away| [event.position - away, event.position + away])
        .find(|candidate| {
            let digest = seal.salt(*candidate).map(|salt| leaf::digest(salt, event));
            digest.is_some_and(|digest| seal.digest(*candidate) == Some(digest.as_slice()))
        })
}

#[cfg(test)]
mod tests {
    use domain::envelope::AggregateKind;
    use domain::time::Timestamp;
    use serde_json::value::to_raw_value;

    use super::*;
    use crate::seal::key::SealKey;
    use crate::seal::leaf::{DIGEST, SALT};

    const LOG: &str = "the log";
    const EVENTS: i64 = 1_000;
    const OF_A_SEAL: i64 = 128;

    fn event(position: i64) -> Envelope {
        Envelope {
            position,
            aggregate: AggregateKind::Conversation,
            aggregate_id: format!("room{}", position % 7),
            sequence: position / 7 + 1,
            event_type: "message_sent".to_owned(),
            version: 1,
            time: Timestamp::from_millis(position * 10),
            data: to_raw_value(&serde_json::json!({ "seq": position })).expect("is JSON"),
        }
    }

    fn log() -> Vec<Envelope> {
        (1..=EVENTS).map(event).collect()
    }

    fn sealed(events: &[Envelope], key: &SealKey) -> Vec<Seal> {
        let mut previous = NOTHING;
        let of_seals = events.chunks(usize::try_from(OF_A_SEAL).expect("small"));
        of_seals
            .zip(1..)
            .map(|(events, number)| {
                let salts: Vec<u8> = (0..events.len() * SALT)
                    .map(|n| (n % 251) as u8 + 1)
                    .collect();
                let digests: Vec<u8> = events
                    .iter()
                    .zip(salts.chunks(SALT))
                    .flat_map(|(event, salt)| leaf::digest(salt, event))
                    .collect();
                assert_eq!(digests.len(), events.len() * DIGEST);
                let mut seal = Seal {
                    number,
                    first: events.first().expect("some").position,
                    last: events.last().expect("some").position,
                    sealed_at: Timestamp::from_millis(0),
                    previous: previous.to_vec(),
                    root: root(&digests).to_vec(),
                    public_key: key.public().to_vec(),
                    signature: Vec::new(),
                    salts,
                    digests,
                };
                seal.signature = key.sign(&seal.bytes(LOG)).to_vec();
                previous = seal.hash(LOG);
                seal
            })
            .collect()
    }

    /// All findings, the events being where their positions say.
    fn found(events: &[Envelope], seals: &[Seal], key: &SealKey) -> Vec<Finding> {
        let mut verifier = Verifier::new(LOG.to_owned(), vec![key.public()]);
        let mut findings = Vec::new();
        for seal in seals {
            findings.extend(verifier.seal(seal));
            let of_seal: Vec<Envelope> = events
                .iter()
                .filter(|event| (seal.first..=seal.last).contains(&event.position))
                .cloned()
                .collect();
            findings.extend(verifier.events(seal, &of_seal, false));
        }
        let sealed_to = verifier.sealed_to();
        let open: Vec<Envelope> = events
            .iter()
            .filter(|event| event.position > sealed_to)
            .cloned()
            .collect();
        verifier.not_sealed(&open);
        findings.extend(verifier.finish());
        findings
    }

    fn places() -> impl Iterator<Item = i64> {
        // Not at the end of a seal, where what is put in would be of the next one.
        (0..50)
            .map(|n| n * 19 % (EVENTS - 20) + 1)
            .filter(|at| at % OF_A_SEAL != 0)
    }

    #[test]
    fn a_log_that_is_as_it_was_has_no_findings() {
        let key = SealKey::generate();
        let events = log();
        assert_eq!(found(&events, &sealed(&events, &key), &key), []);
    }

    #[test]
    fn whatever_was_changed_is_found_where_it_stands() {
        let key = SealKey::generate();
        let seals = sealed(&log(), &key);
        for (nth, position) in places().enumerate() {
            let mut events = log();
            let event = &mut events[usize::try_from(position - 1).expect("small")];
            match nth % 6 {
                0 => event.data = to_raw_value(&serde_json::json!({ "seq": 0 })).expect("is JSON"),
                1 => event.event_type.push('x'),
                2 => event.version += 1,
                3 => event.sequence += 1,
                4 => event.aggregate_id.push('x'),
                _ => event.time = Timestamp::from_millis(event.time.millis() + 1),
            }
            assert_eq!(
                found(&events, &seals, &key),
                [Finding::Changed { position }]
            );
        }
    }

    #[test]
    fn whatever_was_removed_is_found_where_it_stood() {
        let key = SealKey::generate();
        let seals = sealed(&log(), &key);
        for position in places() {
            let mut events = log();
            events.retain(|event| event.position != position);
            assert_eq!(
                found(&events, &seals, &key),
                [Finding::Missing { position }]
            );
        }
    }

    #[test]
    fn whatever_was_moved_is_found_with_where_it_belongs() {
        let key = SealKey::generate();
        let seals = sealed(&log(), &key);
        for position in places() {
            let mut events = log();
            let at = usize::try_from(position - 1).expect("small");
            events.swap(at, at + 1);
            (events[at].position, events[at + 1].position) = (position, position + 1);
            let moved = |position, sealed_at| Finding::Moved {
                position,
                sealed_at,
            };
            let expected = [moved(position, position + 1), moved(position + 1, position)];
            let found = found(&events, &seals, &key);
            if (position + 1) % OF_A_SEAL == 1 {
                assert_eq!(found.len(), 2);
            } else {
                assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn whatever_was_put_in_is_found_where_it_stands() {
        let key = SealKey::generate();
        let seals = sealed(&log(), &key);
        for position in places() {
            let mut events = log();
            for event in &mut events {
                event.position += i64::from(event.position >= position);
            }
            let mut forged = event(position);
            forged.sequence = -1;
            events.insert(usize::try_from(position - 1).expect("small"), forged);
            let findings = found(&events, &seals, &key);
            assert_eq!(
                findings[0],
                Finding::Changed { position },
                "{:?}",
                &findings[..2]
            );
            assert!(findings.len() > 1);
        }
    }

    #[test]
    fn seals_are_good_in_their_order_and_by_their_key_alone() {
        let (key, other) = (SealKey::generate(), SealKey::generate());
        let events = log();
        let seals = sealed(&events, &key);
        let about_seals = |seals: &[Seal]| {
            let findings = found(&events, seals, &key);
            let numbers = findings.into_iter().filter_map(|finding| match finding {
                Finding::Seal { number, .. } => Some(number),
                _ => None,
            });
            numbers.collect::<Vec<i64>>()
        };
        assert!(!about_seals(&sealed(&events, &other)).is_empty());
        let mut without = seals.clone();
        without.remove(2);
        assert_eq!(about_seals(&without)[0], 4);
        let mut forged = seals.clone();
        forged[3].sealed_at = Timestamp::from_millis(1);
        assert_eq!(about_seals(&forged)[0], 4);
        let mut forged = seals;
        forged[3].digests[0] ^= 1;
        assert_eq!(about_seals(&forged), [4]);
    }

    fn with(mut event: Envelope, kind: &str, data: &serde_json::Value) -> Envelope {
        event.event_type = kind.to_owned();
        event.data = to_raw_value(data).expect("is JSON");
        event
    }

    fn message(position: i64, body: &serde_json::Value) -> Envelope {
        let data = serde_json::json!({ "seq": 3, "sender": "ann", "type": "text", "body": body,
            "sent_at": "2026-11-01T00:00:00.000Z" });
        with(event(position), "message_sent", &data)
    }

    /// The log with a message at 7 that is erased at 700, both in the same conversation, and its seals.
    fn erased(key: &SealKey, erased_at: i64) -> (Vec<Envelope>, Vec<Seal>) {
        let mut events = log();
        events[6] = message(7, &serde_json::json!({ "text": "hello" }));
        if let Some(place) = events.iter_mut().find(|it| it.position == erased_at) {
            let data = serde_json::json!({ "seq": 3, "by": "operator" });
            *place = with(place.clone(), "message_erased", &data);
        }
        let mut seals = sealed(&events, key);
        seals[0].salts[6 * SALT..7 * SALT].fill(0);
        events[6] = message(7, &serde_json::json!({ "erased": true }));
        (events, seals)
    }

    #[test]
    fn what_is_erased_is_not_compared_and_the_seal_still_holds() {
        let key = SealKey::generate();
        let (events, mut seals) = erased(&key, 700);
        assert_eq!(found(&events, &seals, &key), []);
        // The event that says so need not be sealed yet.
        seals.truncate(3);
        assert_eq!(found(&events, &seals, &key), []);
    }

    #[test]
    fn a_salt_that_is_gone_without_an_erasure_is_found() {
        let key = SealKey::generate();
        let not_erased = [Finding::NotErased { position: 7 }];
        // Nothing says so.
        let (events, seals) = erased(&key, -1);
        assert_eq!(found(&events, &seals, &key), not_erased);
        // It is said of another conversation's message of that number.
        let (events, seals) = erased(&key, 701);
        assert_eq!(found(&events, &seals, &key), not_erased);
        // The content is there.
        let (mut events, seals) = erased(&key, 700);
        events[6] = message(7, &serde_json::json!({ "text": "hello" }));
        assert_eq!(found(&events, &seals, &key), not_erased);
        // It is an event that cannot be erased.
        let mut seals = sealed(&log(), &key);
        seals[0].salts[6 * SALT..7 * SALT].fill(0);
        assert_eq!(found(&log(), &seals, &key), not_erased);
    }
}
