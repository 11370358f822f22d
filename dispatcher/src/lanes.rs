//! The order of event deliveries: events of one conversation or mailbox form a lane and are
//! delivered one after another; lanes are delivered in parallel. Pure logic: the caller passes the
//! time.
//!
//! A failed event blocks only its own lane. Progress has a position up to which everything is done,
//! except for the waiting events of blocked lanes, which are stored individually. Events after that
//! position are read from the log again after a restart.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use domain::time::Timestamp;

/// The maximum number of events in all lanes. Further events stay in the log for now.
pub const MAX_HELD_EVENTS: usize = 10_000;

/// An event to deliver now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryAttempt {
    /// The log position of the event.
    pub position: i64,
    /// The number of previous attempts.
    pub previous_attempts: u32,
}

/// An event in a blocked lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingEvent {
    /// The name of the lane.
    pub lane: String,
    /// The number of attempts so far.
    pub attempts: u32,
    /// When the lane is retried.
    pub due_at: Timestamp,
}

/// The delivery progress of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneProgress {
    /// Every event up to this position is either done or in `waiting`.
    pub position: i64,
    /// The waiting events by position.
    pub waiting: BTreeMap<i64, WaitingEvent>,
}

/// The lanes of one webhook.
#[derive(Debug)]
pub struct Lanes {
    by_name: HashMap<String, Lane>,
    /// The name of each held event's lane.
    held: HashMap<i64, String>,
    /// The lanes whose first event can be delivered now.
    ready: VecDeque<String>,
    blocked: BTreeSet<(Timestamp, String)>,
    /// The last log position that was read.
    read_to: i64,
}

#[derive(Debug, Default)]
struct Lane {
    events: VecDeque<i64>,
    /// The number of attempts for the first event.
    attempts: u32,
    /// The time until which the lane is blocked.
    due_at: Option<Timestamp>,
}

impl Lanes {
    /// Restores the lanes from stored progress.
    pub fn resume(progress: LaneProgress) -> Self {
        let mut lanes = Self {
            by_name: HashMap::new(),
            held: HashMap::new(),
            ready: VecDeque::new(),
            blocked: BTreeSet::new(),
            read_to: progress.position,
        };
        for (position, waiting) in progress.waiting {
            let WaitingEvent {
                lane,
                attempts,
                due_at,
            } = waiting;
            lanes.held.insert(position, lane.clone());
            let entry = lanes.by_name.entry(lane.clone()).or_default();
            if entry.events.is_empty() {
                (entry.attempts, entry.due_at) = (attempts, Some(due_at));
                lanes.blocked.insert((due_at, lane));
            }
            entry.events.push_back(position);
        }
        lanes
    }

    /// Whether more events can be added.
    pub fn has_room(&self) -> bool {
        self.held.len() < MAX_HELD_EVENTS
    }

    /// Records that the log was read up to this position.
    pub fn advance_read_to(&mut self, position: i64) {
        self.read_to = self.read_to.max(position);
    }

    /// Adds an event at the end of its lane.
    pub fn push(&mut self, position: i64, lane: &str) {
        self.held.insert(position, lane.to_owned());
        let entry = self.by_name.entry(lane.to_owned()).or_default();
        if entry.events.is_empty() {
            self.ready.push_back(lane.to_owned());
        }
        entry.events.push_back(position);
    }

    /// Returns the next event to deliver, if there is one. The caller must report the outcome with
    /// [`Lanes::complete`] or [`Lanes::record_failure`].
    pub fn next_attempt(&mut self, now: Timestamp) -> Option<DeliveryAttempt> {
        while let Some((due, _)) = self.blocked.first() {
            if *due > now {
                break;
            }
            let (_, lane) = self.blocked.pop_first()?;
            self.ready.push_back(lane);
        }
        let lane = self.by_name.get_mut(&self.ready.pop_front()?)?;
        lane.due_at = None;
        Some(DeliveryAttempt {
            position: *lane.events.front()?,
            previous_attempts: lane.attempts,
        })
    }

    /// Returns the lane of a held event.
    pub fn lane_of(&self, position: i64) -> Option<&str> {
        self.held.get(&position).map(String::as_str)
    }

    /// Returns when the next blocked lane is due.
    pub fn next_due_at(&self) -> Option<Timestamp> {
        self.blocked.first().map(|(due, _)| *due)
    }

    /// Removes an event that was delivered or parked, and unblocks its lane.
    pub fn complete(&mut self, position: i64) {
        let Some(name) = self.held.remove(&position) else {
            return;
        };
        let Some(lane) = self.by_name.get_mut(&name) else {
            return;
        };
        lane.events.pop_front();
        lane.attempts = 0;
        if lane.events.is_empty() {
            self.by_name.remove(&name);
        } else {
            self.ready.push_back(name);
        }
    }

    /// Records a failed delivery and blocks the event's lane until `due`.
    pub fn record_failure(&mut self, position: i64, due: Timestamp) {
        let Some(name) = self.held.get(&position) else {
            return;
        };
        if let Some(lane) = self.by_name.get_mut(name) {
            lane.attempts = lane.attempts.saturating_add(1);
            lane.due_at = Some(due);
            self.blocked.insert((due, name.clone()));
        }
    }

    /// Unblocks all lanes, because the receiver is back.
    pub fn unblock_all(&mut self) {
        while let Some((_, lane)) = self.blocked.pop_first() {
            self.ready.push_back(lane);
        }
    }

    /// Computes the progress to store.
    pub fn progress(&self) -> LaneProgress {
        let is_waiting = |lane: &Lane| lane.due_at.is_some();
        let open = self.by_name.values().filter(|lane| !is_waiting(lane));
        let first_open = open.filter_map(|lane| lane.events.front()).min();
        let position = first_open.map_or(self.read_to, |first| (first - 1).min(self.read_to));
        let mut waiting = BTreeMap::new();
        for (name, lane) in &self.by_name {
            let Some(due_at) = lane.due_at else { continue };
            for (nth, event) in lane.events.iter().enumerate() {
                if *event <= position {
                    let attempts = if nth == 0 { lane.attempts } else { 0 };
                    let lane = name.clone();
                    waiting.insert(
                        *event,
                        WaitingEvent {
                            lane,
                            attempts,
                            due_at,
                        },
                    );
                }
            }
        }
        LaneProgress { position, waiting }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at_millis(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn empty_lanes() -> Lanes {
        Lanes::resume(LaneProgress {
            position: 0,
            waiting: BTreeMap::new(),
        })
    }

    #[test]
    fn lanes_run_in_parallel_and_each_in_order() {
        let mut lanes = empty_lanes();
        for (position, lane) in [(1, "a"), (2, "a"), (3, "b")] {
            lanes.push(position, lane);
        }
        lanes.advance_read_to(4);
        let positions: Vec<i64> = std::iter::from_fn(|| lanes.next_attempt(at_millis(0)))
            .map(|attempt| attempt.position)
            .collect();
        assert_eq!(positions, [1, 3]);
        assert_eq!(lanes.progress().position, 0);
        lanes.complete(3);
        lanes.complete(1);
        assert_eq!(lanes.progress().position, 1);
        assert_eq!(lanes.next_attempt(at_millis(0)).unwrap().position, 2);
        lanes.complete(2);
        assert_eq!(lanes.progress().position, 4);
        assert!(lanes.held.is_empty());
    }

    #[test]
    fn a_failed_event_blocks_only_its_own_lane_and_is_stored() {
        let mut lanes = empty_lanes();
        for (position, lane) in [(1, "a"), (2, "b"), (3, "a"), (4, "b")] {
            lanes.push(position, lane);
        }
        lanes.advance_read_to(4);
        lanes.next_attempt(at_millis(0));
        lanes.next_attempt(at_millis(0));
        lanes.record_failure(1, at_millis(500));
        lanes.complete(2);
        let progress = lanes.progress();
        assert_eq!(progress.position, 3);
        let waiting: Vec<_> = progress
            .waiting
            .iter()
            .map(|(p, w)| (*p, w.attempts))
            .collect();
        assert_eq!(waiting, [(1, 1), (3, 0)]);
        let mut again = Lanes::resume(progress);
        assert_eq!(again.next_attempt(at_millis(499)), None);
        assert_eq!(again.next_due_at(), Some(at_millis(500)));
        let attempt = again.next_attempt(at_millis(500)).unwrap();
        assert_eq!((attempt.position, attempt.previous_attempts), (1, 1));
    }

    #[test]
    fn parking_an_event_unblocks_its_lane_with_a_fresh_count() {
        let mut lanes = empty_lanes();
        for position in 1..=2 {
            lanes.push(position, "a");
        }
        lanes.advance_read_to(2);
        lanes.next_attempt(at_millis(0));
        lanes.record_failure(1, at_millis(10));
        let second = lanes.next_attempt(at_millis(10)).unwrap();
        assert_eq!((second.position, second.previous_attempts), (1, 1));
        assert_eq!(lanes.lane_of(1), Some("a"));
        // The caller gives up and parks the event.
        lanes.complete(1);
        assert_eq!(lanes.lane_of(1), None);
        let next = lanes.next_attempt(at_millis(10)).unwrap();
        assert_eq!((next.position, next.previous_attempts), (2, 0));
    }

    #[test]
    fn a_receiver_that_is_back_unblocks_every_lane() {
        let mut lanes = empty_lanes();
        for (position, lane) in [(1, "a"), (2, "b"), (3, "c")] {
            lanes.push(position, lane);
        }
        lanes.advance_read_to(3);
        for _ in 0..2 {
            let attempt = lanes.next_attempt(at_millis(0)).unwrap();
            lanes.record_failure(attempt.position, at_millis(3_600_000));
        }
        let third = lanes.next_attempt(at_millis(0)).unwrap();
        assert_eq!(third.position, 3);
        assert_eq!(lanes.next_attempt(at_millis(0)), None);
        assert_eq!(lanes.next_due_at(), Some(at_millis(3_600_000)));

        lanes.complete(3);
        lanes.unblock_all();
        assert_eq!(lanes.next_due_at(), None);
        let positions: Vec<i64> = std::iter::from_fn(|| lanes.next_attempt(at_millis(0)))
            .map(|attempt| attempt.position)
            .collect();
        assert_eq!(positions, [1, 2]);
    }

    #[test]
    fn the_position_of_the_log_advances_without_events_and_never_goes_back() {
        let mut lanes = empty_lanes();
        lanes.advance_read_to(50);
        lanes.advance_read_to(20);
        let progress = lanes.progress();
        assert_eq!((progress.position, progress.waiting.len()), (50, 0));
        assert_eq!(Lanes::resume(progress).progress().position, 50);
    }

    #[test]
    fn events_that_are_not_held_are_ignored() {
        let mut lanes = empty_lanes();
        lanes.push(5, "a");
        lanes.complete(4);
        lanes.record_failure(6, at_millis(10));
        assert_eq!(lanes.next_due_at(), None);
        assert_eq!(lanes.next_attempt(at_millis(0)).unwrap().position, 5);
    }

    #[test]
    fn the_lanes_have_a_limited_capacity() {
        let mut lanes = empty_lanes();
        for position in 1..MAX_HELD_EVENTS as i64 {
            lanes.push(position, "a");
        }
        assert!(lanes.has_room());
        lanes.push(MAX_HELD_EVENTS as i64, "b");
        assert!(!lanes.has_room());
        lanes.next_attempt(at_millis(0));
        lanes.complete(1);
        assert!(lanes.has_room());
    }

    proptest! {
        /// Regardless of failures and crashes, every event is delivered at least once, each lane
        /// stays in order, and an event repeats only after a restart or a failure.
        #[test]
        fn nothing_is_lost_and_lanes_keep_their_order(
            events in prop::collection::vec(0u8..5, 1..60),
            outcomes in prop::collection::vec(0u8..4, 400),
        ) {
            let log: Vec<(i64, String)> = (1..).zip(events.iter().map(ToString::to_string)).collect();
            let mut lanes = empty_lanes();
            let (mut read, mut in_flight) = (0usize, Vec::new());
            let mut done: BTreeMap<String, Vec<i64>> = BTreeMap::new();
            let mut clock = 0;
            let mut outcomes = outcomes.into_iter().chain(std::iter::repeat(0));
            loop {
                clock += 1;
                let outcome = outcomes.next().unwrap_or(0);
                if outcome == 3 {
                    // Simulate a crash after the progress was stored.
                    lanes = Lanes::resume(lanes.progress());
                    read = usize::try_from(lanes.read_to).unwrap();
                    in_flight.clear();
                    continue;
                }
                if let Some((position, lane)) = log.get(read) {
                    lanes.push(*position, lane);
                    lanes.advance_read_to(*position);
                    read += 1;
                }
                in_flight.extend(lanes.next_attempt(at_millis(clock)));
                if let Some(attempt) = in_flight.pop() {
                    if outcome == 2 {
                        lanes.record_failure(attempt.position, at_millis(clock + 3));
                    } else {
                        let lane = log[usize::try_from(attempt.position - 1).unwrap()].1.clone();
                        done.entry(lane).or_default().push(attempt.position);
                        lanes.complete(attempt.position);
                    }
                }
                if read == log.len() && lanes.held.is_empty() {
                    break;
                }
            }
            for (position, lane) in &log {
                prop_assert!(done[lane].contains(position));
            }
            for positions in done.values() {
                let mut first_seen = Vec::new();
                for position in positions {
                    if !first_seen.contains(position) {
                        first_seen.push(*position);
                    }
                }
                prop_assert!(first_seen.is_sorted());
            }
        }
    }
}
