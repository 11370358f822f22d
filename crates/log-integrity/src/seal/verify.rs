//! Verifies events against their seals. Pure: seals and events come in, findings come out, so the
//! same rules apply to the database and to an export.

use std::collections::{BTreeSet, HashMap};

use domain::envelope::Envelope;
use domain::hex::to_hex;

pub use super::finding::SealFinding;

use super::erasable_content::{self, ErasableContent};
use super::{GENESIS, Hash, Seal, compute_root, key, leaf};

/// Verifies the seals of a log in order, and the events that each covers.
pub struct SealVerifier {
    log_id: String,
    trusted_keys: Vec<[u8; 32]>,
    previous_hash: Hash,
    last_number: i64,
    sealed_to: i64,
    /// The number of events that have been compared.
    pub compared_events: u64,
    /// The number of erased events: their content and salt are gone, their digest is part of the
    /// seal, and another event erased them. Nothing more can be verified about them.
    pub erased_events: u64,
    /// Positions of redacted events whose erasure event has not been seen yet.
    unmatched_erasures: BTreeSet<i64>,
    /// The positions of redacted events by the content that they may have had.
    erasable: HashMap<ErasableContent, Vec<i64>>,
}

impl SealVerifier {
    /// A verifier for a log. If `trusted` is not empty, seals signed with any other key are
    /// findings.
    pub fn new(log_id: String, trusted_keys: Vec<[u8; 32]>) -> Self {
        Self {
            log_id,
            trusted_keys,
            previous_hash: GENESIS,
            last_number: 0,
            sealed_to: 0,
            compared_events: 0,
            erased_events: 0,
            unmatched_erasures: BTreeSet::new(),
            erasable: HashMap::new(),
        }
    }

    /// The last position covered by the seals so far.
    pub fn sealed_to(&self) -> i64 {
        self.sealed_to
    }

    /// Checks the next seal.
    pub fn check_seal(&mut self, seal: &Seal) -> Vec<SealFinding> {
        let mut wrong = Vec::new();
        if seal.number != self.last_number + 1 {
            wrong.push(format!("expected seal number {}", self.last_number + 1));
        }
        if seal.first != self.sealed_to + 1 {
            wrong.push(format!(
                "it begins at position {}, expected {}",
                seal.first,
                self.sealed_to + 1
            ));
        }
        if seal.previous != self.previous_hash {
            wrong.push("it does not follow from the previous seal".to_owned());
        }
        if seal.root != compute_root(&seal.digests) {
            wrong.push("its root does not match its digests".to_owned());
        }
        if !key::has_valid_signature(seal, &self.log_id) {
            wrong.push("its signature is invalid".to_owned());
        }
        self.previous_hash = seal.hash(&self.log_id);
        self.last_number = seal.number;
        self.sealed_to = seal.last;
        let number = seal.number;
        let broken = wrong.into_iter();
        let mut findings: Vec<SealFinding> = broken
            .map(|reason| SealFinding::BrokenSeal { number, reason })
            .collect();
        if !self.is_trusted(seal) {
            findings.push(SealFinding::UnknownKey {
                number,
                public_key: to_hex(&seal.public_key),
            });
        }
        findings
    }

    fn is_trusted(&self, seal: &Seal) -> bool {
        let trusted = &self.trusted_keys;
        trusted.is_empty() || trusted.iter().any(|key| seal.public_key == *key)
    }

    /// Checks the events at the positions of a seal, in order. With `selected`, `events` is only a
    /// selection, so a missing event is not a finding.
    pub fn check_events(
        &mut self,
        seal: &Seal,
        events: &[Envelope],
        selected: bool,
    ) -> Vec<SealFinding> {
        let mut findings = Vec::new();
        let mut due = seal.first;
        for event in events {
            let position = event.position;
            if !selected {
                findings
                    .extend((due..position).map(|position| SealFinding::MissingEvent { position }));
            }
            if position < due {
                // The position occurs twice.
                findings.push(SealFinding::AlteredEvent { position });
                continue;
            }
            due = position + 1;
            self.compared_events += 1;
            let Some(salt) = seal.salt(position) else {
                let contents = erasable_content::identify_redacted_content(event);
                if contents.is_empty() {
                    findings.push(SealFinding::InvalidErasure { position });
                    continue;
                }
                self.unmatched_erasures.insert(position);
                for content in contents {
                    self.erasable.entry(content).or_default().push(position);
                }
                continue;
            };
            if seal.digest(position) == Some(leaf::digest(salt, event).as_slice()) {
                self.match_erasure(event);
                continue;
            }
            findings.push(match find_sealed_position(seal, event) {
                Some(sealed_at) => SealFinding::MovedEvent {
                    position,
                    sealed_at,
                },
                None => SealFinding::AlteredEvent { position },
            });
        }
        if !selected {
            findings
                .extend((due..=seal.last).map(|position| SealFinding::MissingEvent { position }));
        }
        findings
    }

    /// Takes the events after the last seal into account: they may have erased earlier events.
    pub fn observe_unsealed(&mut self, events: &[Envelope]) {
        for event in events {
            self.match_erasure(event);
        }
    }

    /// Returns the remaining findings, once all seals and events have been checked.
    pub fn finish(&mut self) -> Vec<SealFinding> {
        let positions = std::mem::take(&mut self.unmatched_erasures);
        let findings = positions.into_iter();
        findings
            .map(|position| SealFinding::InvalidErasure { position })
            .collect()
    }

    fn match_erasure(&mut self, event: &Envelope) {
        let erased = erasable_content::identify_erased_content(event)
            .and_then(|content| self.erasable.remove(&content));
        for position in erased.unwrap_or_default() {
            self.erased_events += u64::from(self.unmatched_erasures.remove(&position));
        }
    }
}

/// Finds the position at which a moved event was sealed. Its salt is unknown, so the salts of its
/// neighbours are tried: moved events are usually only a few positions off.
fn find_sealed_position(seal: &Seal, event: &Envelope) -> Option<i64> {
    const MAX_DISTANCE: i64 = 1_000;
    (1..=MAX_DISTANCE)
        .flat_map(|distance| [event.position - distance, event.position + distance])
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
    use crate::seal::leaf::{DIGEST_BYTES, SALT_BYTES};

    const LOG: &str = "the log";
    const EVENTS: i64 = 1_000;
    const EVENTS_PER_SEAL: i64 = 128;

    fn event(position: i64) -> Envelope {
        Envelope {
            position,
            tag: None,
            aggregate: AggregateKind::Conversation,
            aggregate_id: format!("room{}", position % 7),
            sequence: position / 7 + 1,
            event_type: "message_sent".to_owned(),
            version: 1,
            time: Timestamp::from_millis(position * 10),
            actor: None,
            traceparent: None,
            data: to_raw_value(&serde_json::json!({ "seq": position })).expect("valid JSON"),
        }
    }

    fn log() -> Vec<Envelope> {
        (1..=EVENTS).map(event).collect()
    }

    fn sealed(events: &[Envelope], key: &SealKey) -> Vec<Seal> {
        let mut previous = GENESIS;
        let of_seals = events.chunks(usize::try_from(EVENTS_PER_SEAL).expect("small"));
        of_seals
            .zip(1..)
            .map(|(events, number)| {
                let salts: Vec<u8> = (0..events.len() * SALT_BYTES)
                    .map(|n| (n % 251) as u8 + 1)
                    .collect();
                let digests: Vec<u8> = events
                    .iter()
                    .zip(salts.chunks(SALT_BYTES))
                    .flat_map(|(event, salt)| leaf::digest(salt, event))
                    .collect();
                assert_eq!(digests.len(), events.len() * DIGEST_BYTES);
                let mut seal = Seal {
                    number,
                    first: events.first().expect("some").position,
                    last: events.last().expect("some").position,
                    sealed_at: Timestamp::from_millis(0),
                    previous: previous.to_vec(),
                    root: compute_root(&digests).to_vec(),
                    public_key: key.public_key().to_vec(),
                    signature: Vec::new(),
                    salts,
                    digests,
                };
                seal.signature = key.sign(&seal.signed_bytes(LOG)).to_vec();
                previous = seal.hash(LOG);
                seal
            })
            .collect()
    }

    /// Verifies the events against the seals and returns all findings.
    fn verify(events: &[Envelope], seals: &[Seal], key: &SealKey) -> Vec<SealFinding> {
        let mut verifier = SealVerifier::new(LOG.to_owned(), vec![key.public_key()]);
        let mut findings = Vec::new();
        for seal in seals {
            findings.extend(verifier.check_seal(seal));
            let of_seal: Vec<Envelope> = events
                .iter()
                .filter(|event| (seal.first..=seal.last).contains(&event.position))
                .cloned()
                .collect();
            findings.extend(verifier.check_events(seal, &of_seal, false));
        }
        let sealed_to = verifier.sealed_to();
        let open: Vec<Envelope> = events
            .iter()
            .filter(|event| event.position > sealed_to)
            .cloned()
            .collect();
        verifier.observe_unsealed(&open);
        findings.extend(verifier.finish());
        findings
    }

    fn sample_positions() -> impl Iterator<Item = i64> {
        // Not at the end of a seal, where an inserted event would belong to the next seal.
        (0..50)
            .map(|n| n * 19 % (EVENTS - 20) + 1)
            .filter(|position| position % EVENTS_PER_SEAL != 0)
    }

    #[test]
    fn an_unchanged_log_has_no_findings() {
        let key = SealKey::generate();
        let events = log();
        assert_eq!(verify(&events, &sealed(&events, &key), &key), []);
    }

    #[test]
    fn a_changed_event_is_found_at_its_position() {
        let key = SealKey::generate();
        let seals = sealed(&log(), &key);
        for (nth, position) in sample_positions().enumerate() {
            let mut events = log();
            let event = &mut events[usize::try_from(position - 1).expect("small")];
            match nth % 7 {
                0 => {
                    event.data =
                        to_raw_value(&serde_json::json!({ "seq": 0 })).expect("valid JSON");
                }
                1 => event.event_type.push('x'),
                2 => event.version += 1,
                3 => event.sequence += 1,
                4 => event.aggregate_id.push('x'),
                5 => event.actor = Some("mallory".to_owned()),
                _ => event.time = Timestamp::from_millis(event.time.millis() + 1),
            }
            assert_eq!(
                verify(&events, &seals, &key),
                [SealFinding::AlteredEvent { position }]
            );
        }
    }

    #[test]
    fn a_removed_event_is_found_at_its_position() {
        let key = SealKey::generate();
        let seals = sealed(&log(), &key);
        for position in sample_positions() {
            let mut events = log();
            events.retain(|event| event.position != position);
            assert_eq!(
                verify(&events, &seals, &key),
                [SealFinding::MissingEvent { position }]
            );
        }
    }

    #[test]
    fn a_moved_event_is_found_with_its_original_position() {
        let key = SealKey::generate();
        let seals = sealed(&log(), &key);
        for position in sample_positions() {
            let mut events = log();
            let at = usize::try_from(position - 1).expect("small");
            events.swap(at, at + 1);
            (events[at].position, events[at + 1].position) = (position, position + 1);
            let moved = |position, sealed_at| SealFinding::MovedEvent {
                position,
                sealed_at,
            };
            let expected = [moved(position, position + 1), moved(position + 1, position)];
            let findings = verify(&events, &seals, &key);
            if (position + 1) % EVENTS_PER_SEAL == 1 {
                assert_eq!(findings.len(), 2);
            } else {
                assert_eq!(findings, expected);
            }
        }
    }

    #[test]
    fn an_inserted_event_is_found_at_its_position() {
        let key = SealKey::generate();
        let seals = sealed(&log(), &key);
        for position in sample_positions() {
            let mut events = log();
            for event in &mut events {
                event.position += i64::from(event.position >= position);
            }
            let mut forged = event(position);
            forged.sequence = -1;
            events.insert(usize::try_from(position - 1).expect("small"), forged);
            let findings = verify(&events, &seals, &key);
            assert_eq!(
                findings[0],
                SealFinding::AlteredEvent { position },
                "{:?}",
                &findings[..2]
            );
            assert!(findings.len() > 1);
        }
    }

    #[test]
    fn seals_are_valid_only_in_order_and_with_a_trusted_key() {
        let (key, other) = (SealKey::generate(), SealKey::generate());
        let events = log();
        let seals = sealed(&events, &key);
        let broken_seals = |seals: &[Seal]| {
            let findings = verify(&events, seals, &key);
            let numbers = findings.into_iter().filter_map(|finding| match finding {
                SealFinding::BrokenSeal { number, .. } => Some(number),
                _ => None,
            });
            numbers.collect::<Vec<i64>>()
        };
        let foreign = verify(&events, &sealed(&events, &other), &key);
        assert_eq!(foreign.len(), 8, "one finding for each seal");
        let public_key = to_hex(&other.public_key());
        let unknown = |number| SealFinding::UnknownKey {
            number,
            public_key: public_key.clone(),
        };
        assert!(
            (1..)
                .zip(&foreign)
                .all(|(number, found)| *found == unknown(number))
        );
        let mut without = seals.clone();
        without.remove(2);
        assert_eq!(broken_seals(&without)[0], 4);
        let mut forged = seals.clone();
        forged[3].sealed_at = Timestamp::from_millis(1);
        assert_eq!(broken_seals(&forged)[0], 4);
        let mut forged = seals;
        forged[3].digests[0] ^= 1;
        assert_eq!(broken_seals(&forged), [4]);
    }

    fn with(mut event: Envelope, kind: &str, data: &serde_json::Value) -> Envelope {
        event.event_type = kind.to_owned();
        event.data = to_raw_value(data).expect("valid JSON");
        event
    }

    fn message(position: i64, body: &serde_json::Value) -> Envelope {
        let data = serde_json::json!({ "seq": 3, "sender": "ann", "type": "text", "body": body,
            "sent_at": "2026-11-01T00:00:00.000Z" });
        with(event(position), "message_sent", &data)
    }

    /// The log with a message at 7 that is erased at 700, both in the same conversation, and its
    /// seals.
    fn erased(key: &SealKey, erased_at: i64) -> (Vec<Envelope>, Vec<Seal>) {
        let mut events = log();
        events[6] = message(7, &serde_json::json!({ "text": "hello" }));
        if let Some(event) = events.iter_mut().find(|event| event.position == erased_at) {
            let data = serde_json::json!({ "seq": 3, "by": "operator" });
            *event = with(event.clone(), "message_erased", &data);
        }
        let mut seals = sealed(&events, key);
        seals[0].salts[6 * SALT_BYTES..7 * SALT_BYTES].fill(0);
        events[6] = message(7, &serde_json::json!({ "erased": true }));
        (events, seals)
    }

    #[test]
    fn erased_events_are_not_compared_and_the_seal_stays_valid() {
        let key = SealKey::generate();
        let (events, mut seals) = erased(&key, 700);
        assert_eq!(verify(&events, &seals, &key), []);
        // The erasure event does not need to be sealed yet.
        seals.truncate(3);
        assert_eq!(verify(&events, &seals, &key), []);
    }

    #[test]
    fn a_missing_salt_without_an_erasure_is_found() {
        let key = SealKey::generate();
        let not_erased = [SealFinding::InvalidErasure { position: 7 }];
        // There is no erasure event.
        let (events, seals) = erased(&key, -1);
        assert_eq!(verify(&events, &seals, &key), not_erased);
        // The erasure event is about the message with that number in another conversation.
        let (events, seals) = erased(&key, 701);
        assert_eq!(verify(&events, &seals, &key), not_erased);
        // The content is still present.
        let (mut events, seals) = erased(&key, 700);
        events[6] = message(7, &serde_json::json!({ "text": "hello" }));
        assert_eq!(verify(&events, &seals, &key), not_erased);
        // The event has no erasable content.
        let mut seals = sealed(&log(), &key);
        seals[0].salts[6 * SALT_BYTES..7 * SALT_BYTES].fill(0);
        assert_eq!(verify(&log(), &seals, &key), not_erased);
    }
}
