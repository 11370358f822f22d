//! In which order events are delivered: those of one conversation or mailbox one after another, different
//! ones side by side. Pure: times come in, what to try comes out.
//!
//! One that cannot be delivered keeps back those of its lane alone. What such lanes hold at or before the
//! position up to which everything else is done has to be stored; the rest is read from the log again.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use domain::time::Timestamp;

/// Events held at the same time; more are left in the log.
pub const HELD: usize = 10_000;

/// An event that is tried now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Where it stands in the log.
    pub position: i64,
    /// How often it was tried before.
    pub tries: u32,
}

/// An event that has to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Whose order is kept.
    pub lane: String,
    /// How often it was tried.
    pub tries: u32,
    /// When its lane is tried again.
    pub due: Timestamp,
}

/// How far a webhook is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Everything up to here is done, or stands in `waiting`.
    pub position: i64,
    /// By position.
    pub waiting: BTreeMap<i64, Waiting>,
}

/// The lanes of one webhook.
#[derive(Debug)]
pub struct Lanes {
    by_name: HashMap<String, Lane>,
    /// The lane of each event that is held.
    held: HashMap<i64, String>,
    /// Lanes whose first event can be tried.
    ready: VecDeque<String>,
    blocked: BTreeSet<(Timestamp, String)>,
    /// Everything up to here was taken in or is of no interest.
    read_to: i64,
}

#[derive(Debug, Default)]
struct Lane {
    events: VecDeque<i64>,
    /// How often the first was tried.
    tries: u32,
    /// Until when it waits.
    due: Option<Timestamp>,
}

impl Lanes {
    /// From what was stored.
    pub fn resume(progress: Progress) -> Self {
        let mut lanes = Self {
            by_name: HashMap::new(),
            held: HashMap::new(),
            ready: VecDeque::new(),
            blocked: BTreeSet::new(),
            read_to: progress.position,
        };
        for (position, waiting) in progress.waiting {
            let Waiting { lane, tries, due } = waiting;
            lanes.held.insert(position, lane.clone());
            let known = lanes.by_name.entry(lane.clone()).or_default();
            if known.events.is_empty() {
                (known.tries, known.due) = (tries, Some(due));
                lanes.blocked.insert((due, lane));
            }
            known.events.push_back(position);
        }
        lanes
    }

    /// Whether more can be taken in.
    pub fn has_room(&self) -> bool {
        self.held.len() < HELD
    }

    /// Everything up to here was read.
    pub fn read_to(&mut self, position: i64) {
        self.read_to = self.read_to.max(position);
    }

    /// An event, after all of its lane that came before.
    pub fn take(&mut self, position: i64, lane: &str) {
        self.held.insert(position, lane.to_owned());
        let known = self.by_name.entry(lane.to_owned()).or_default();
        if known.events.is_empty() {
            self.ready.push_back(lane.to_owned());
        }
        known.events.push_back(position);
    }

    /// The next event to try, if there is one. It has to be told how that ended.
    pub fn next(&mut self, now: Timestamp) -> Option<Attempt> {
        while let Some((due, _)) = self.blocked.first() {
            if *due > now {
                break;
            }
            let (_, lane) = self.blocked.pop_first()?;
            self.ready.push_back(lane);
        }
        let lane = self.by_name.get_mut(&self.ready.pop_front()?)?;
        lane.due = None;
        Some(Attempt {
            position: *lane.events.front()?,
            tries: lane.tries,
        })
    }

    /// The lane of an event that is held.
    pub fn lane_of(&self, position: i64) -> Option<&str> {
        self.held.get(&position).map(String::as_str)
    }

    /// When there is something to try again.
    pub fn wake_at(&self) -> Option<Timestamp> {
        self.blocked.first().map(|(due, _)| *due)
    }

    /// An event is done with: delivered, or given up.
    pub fn done(&mut self, position: i64) {
        let Some(name) = self.held.remove(&position) else {
            return;
        };
        let Some(lane) = self.by_name.get_mut(&name) else {
            return;
        };
        lane.events.pop_front();
        lane.tries = 0;
        if lane.events.is_empty() {
            self.by_name.remove(&name);
        } else {
            self.ready.push_back(name);
        }
    }

    /// An event could not be delivered; its lane waits until then.
    pub fn failed(&mut self, position: i64, due: Timestamp) {
        let Some(name) = self.held.get(&position) else {
            return;
        };
        if let Some(lane) = self.by_name.get_mut(name) {
            lane.tries = lane.tries.saturating_add(1);
            lane.due = Some(due);
            self.blocked.insert((due, name.clone()));
        }
    }

    /// The receiver is back: whoever waits need not wait any longer.
    pub fn wake_all(&mut self) {
        while let Some((_, lane)) = self.blocked.pop_first() {
            self.ready.push_back(lane);
        }
    }

    /// How far everything is.
    pub fn progress(&self) -> Progress {
        let is_waiting = |lane: &Lane| lane.due.is_some();
        let open = self.by_name.values().filter(|lane| !is_waiting(lane));
        let first_open = open.filter_map(|lane| lane.events.front()).min();
        let position = first_open.map_or(self.read_to, |first| (first - 1).min(self.read_to));
        let mut waiting = BTreeMap::new();
        for (name, lane) in &self.by_name {
            let Some(due) = lane.due else { continue };
            for (nth, event) in lane.events.iter().enumerate() {
                if *event <= position {
                    let tries = if nth == 0 { lane.tries } else { 0 };
                    let lane = name.clone();
                    waiting.insert(*event, Waiting { lane, tries, due });
                }
            }
        }
        Progress { position, waiting }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn fresh() -> Lanes {
        Lanes::resume(Progress {
            position: 0,
            waiting: BTreeMap::new(),
        })
    }

    #[test]
    fn lanes_go_side_by_side_and_each_in_order() {
        let mut lanes = fresh();
        for (position, lane) in [(1, "a"), (2, "a"), (3, "b")] {
            lanes.take(position, lane);
        }
        lanes.read_to(4);
        let positions: Vec<i64> = std::iter::from_fn(|| lanes.next(at(0)))
            .map(|attempt| attempt.position)
            .collect();
        assert_eq!(positions, [1, 3]);
        assert_eq!(lanes.progress().position, 0);
        lanes.done(3);
        lanes.done(1);
        assert_eq!(lanes.progress().position, 1);
        assert_eq!(lanes.next(at(0)).unwrap().position, 2);
        lanes.done(2);
        assert_eq!(lanes.progress().position, 4);
        assert!(lanes.held.is_empty());
    }

    #[test]
    fn a_lane_that_fails_keeps_back_itself_alone_and_is_stored() {
        let mut lanes = fresh();
        for (position, lane) in [(1, "a"), (2, "b"), (3, "a"), (4, "b")] {
            lanes.take(position, lane);
        }
        lanes.read_to(4);
        lanes.next(at(0));
        lanes.next(at(0));
        lanes.failed(1, at(500));
        lanes.done(2);
        let progress = lanes.progress();
        assert_eq!(progress.position, 3);
        let waiting: Vec<_> = progress
            .waiting
            .iter()
            .map(|(p, w)| (*p, w.tries))
            .collect();
        assert_eq!(waiting, [(1, 1), (3, 0)]);
        let mut again = Lanes::resume(progress);
        assert_eq!(again.next(at(499)), None);
        assert_eq!(again.wake_at(), Some(at(500)));
        let attempt = again.next(at(500)).unwrap();
        assert_eq!((attempt.position, attempt.tries), (1, 1));
    }

    proptest! {
        /// Whatever fails and wherever it is cut off: every event is done at least once, each lane's in
        /// order, and an event comes again only after a restart or a failure.
        #[test]
        fn nothing_is_lost_and_lanes_keep_their_order(
            events in prop::collection::vec(0u8..5, 1..60),
            fates in prop::collection::vec(0u8..4, 400),
        ) {
            let log: Vec<(i64, String)> = (1..).zip(events.iter().map(ToString::to_string)).collect();
            let mut lanes = fresh();
            let (mut read, mut flying) = (0usize, Vec::new());
            let mut done: BTreeMap<String, Vec<i64>> = BTreeMap::new();
            let mut clock = 0;
            let mut fates = fates.into_iter().chain(std::iter::repeat(0));
            loop {
                clock += 1;
                let fate = fates.next().unwrap_or(0);
                if fate == 3 {
                    // A crash after the progress was stored.
                    lanes = Lanes::resume(lanes.progress());
                    read = usize::try_from(lanes.read_to).unwrap();
                    flying.clear();
                    continue;
                }
                if let Some((position, lane)) = log.get(read) {
                    lanes.take(*position, lane);
                    lanes.read_to(*position);
                    read += 1;
                }
                flying.extend(lanes.next(at(clock)));
                if let Some(attempt) = flying.pop() {
                    if fate == 2 {
                        lanes.failed(attempt.position, at(clock + 3));
                    } else {
                        let lane = log[usize::try_from(attempt.position - 1).unwrap()].1.clone();
                        done.entry(lane).or_default().push(attempt.position);
                        lanes.done(attempt.position);
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
