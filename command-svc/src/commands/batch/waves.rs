//! Carries out many orders, each in its place, without waiting for one before the next is queued:
//! what is queued while a commit is under way goes into the next one.
//!
//! A wave places every open line, then lands them all. What must be attempted again, because
//! something moved, is open in the next wave, and so is every later line of that conversation: so
//! lines of one conversation keep their order.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use domain::ids::ConversationId;
use event_log::{Key, Receipt};
use futures::FutureExt;
use futures::future::{BoxFuture, MaybeDone, maybe_done};
use http_edge::Problem;

use super::job::Job;
use crate::answer::Answered;
use crate::execute::{ATTEMPTS, Landed, Placed, pause_before, tell};
use crate::flights::{Boarding, Flight};
use crate::no::No;
use crate::state::CommandState;

/// The answers, in the order of the jobs. What could not be parsed has its answer already.
pub(super) async fn carry_out(
    state: &CommandState,
    jobs: Vec<Result<Job, Problem>>,
) -> Vec<Result<Answered, Problem>> {
    let mut batch = Batch {
        state,
        started: Instant::now(),
        answers: HashMap::new(),
    };
    let mut open: Vec<(usize, &Job)> = jobs
        .iter()
        .enumerate()
        .filter_map(|(line, job)| Some((line, job.as_ref().ok()?)))
        .collect();
    for attempt in 0..ATTEMPTS {
        if open.is_empty() {
            break;
        }
        pause_before(attempt).await;
        open = batch.wave(open).await;
    }
    for (line, job) in open {
        batch.answer(line, job, Err(No::Busy));
    }
    let mut answers = batch.answers;
    let answer = |(line, job): (usize, Result<Job, Problem>)| match job {
        Ok(_) => answers
            .remove(&line)
            .unwrap_or_else(|| Err(No::Busy.into())),
        Err(problem) => Err(problem),
    };
    jobs.into_iter().enumerate().map(answer).collect()
}

struct Batch<'a> {
    state: &'a CommandState,
    started: Instant,
    answers: HashMap<usize, Result<Answered, Problem>>,
}

/// A line that is queued.
struct Flying<'a> {
    line: usize,
    job: &'a Job,
    flight: Option<Flight<'a>>,
    landing: MaybeDone<BoxFuture<'a, Result<Landed, No>>>,
}

impl Flying<'_> {
    /// Whether it is known by now that this line must be attempted again.
    fn has_fallen(&mut self) -> bool {
        let _ = (&mut self.landing).now_or_never();
        matches!(self.landing, MaybeDone::Done(Ok(Landed::Again)))
    }
}

/// What one wave has in the air.
#[derive(Default)]
struct Wave<'a> {
    flying: Vec<Flying<'a>>,
    /// The last line in the air of each conversation.
    last: HashMap<&'a ConversationId, usize>,
    /// Conversations of which a line is put off, and so all that follow.
    held: HashSet<&'a ConversationId>,
    /// For the next wave.
    put_off: Vec<(usize, &'a Job)>,
}

impl<'a> Wave<'a> {
    /// Whether a line must wait because one before it does.
    fn must_wait(&mut self, job: &'a Job) -> bool {
        let Some(conversation) = job.conversation() else {
            return false;
        };
        if let Some(last) = self.last.get(conversation)
            && self.flying.get_mut(*last).is_some_and(Flying::has_fallen)
        {
            self.held.insert(conversation);
        }
        self.held.contains(conversation)
    }

    fn take_off(
        &mut self,
        state: &'a CommandState,
        (line, job): (usize, &'a Job),
        flight: Option<Flight<'a>>,
        placed: Placed,
    ) {
        if let Some(conversation) = job.conversation() {
            self.last.insert(conversation, self.flying.len());
        }
        let landing = maybe_done(job.land(state, placed).boxed());
        self.flying.push(Flying {
            line,
            job,
            flight,
            landing,
        });
    }
}

impl<'a> Batch<'a> {
    /// Returns the lines that must be attempted again, in their order.
    async fn wave(&mut self, open: Vec<(usize, &'a Job)>) -> Vec<(usize, &'a Job)> {
        let known = match self.known(&open).await {
            Ok(known) => known,
            Err(failed) => {
                for (line, job) in open {
                    self.answer(line, job, Err(No::Failed(failed.clone())));
                }
                return Vec::new();
            }
        };
        let mut wave = Wave::default();
        for (line, job) in open {
            match job.keyed().and_then(|keyed| known.get(&keyed.key)) {
                Some(receipt) => {
                    let result = job.replay(self.state, receipt.clone()).await;
                    self.answer(line, job, result);
                }
                None => self.place(&mut wave, line, job).await,
            }
        }
        self.land(wave).await
    }

    /// The receipts of lines that were carried out before: a batch that is sent again costs one
    /// look.
    async fn known(
        &self,
        open: &[(usize, &Job)],
    ) -> Result<HashMap<Key, Receipt>, event_log::Failed> {
        let keys: Vec<Key> = open
            .iter()
            .filter_map(|(_, job)| Some(job.keyed()?.key))
            .collect();
        if keys.is_empty() {
            Ok(HashMap::new())
        } else {
            self.state.log().receipts(&keys).await
        }
    }

    async fn place(&mut self, wave: &mut Wave<'a>, line: usize, job: &'a Job) {
        if wave.must_wait(job) {
            wave.put_off.push((line, job));
            return;
        }
        let state = self.state;
        let flight = match job.keyed().map(|keyed| state.flights().board(keyed.key)) {
            Some(Boarding::First(flight)) => Some(flight),
            // The same key is under way, in this batch or elsewhere: its receipt will tell.
            Some(Boarding::Wait(_)) => {
                wave.put_off.push((line, job));
                return;
            }
            Some(Boarding::Alone) | None => None,
        };
        match job.place(state).await {
            Ok(Placed::Again) => {
                wave.held.extend(job.conversation());
                wave.put_off.push((line, job));
            }
            Ok(placed) => wave.take_off(state, (line, job), flight, placed),
            Err(failed) => self.answer(line, job, Err(failed.into())),
        }
    }

    async fn land(&mut self, wave: Wave<'a>) -> Vec<(usize, &'a Job)> {
        let mut again = wave.put_off;
        for Flying {
            line,
            job,
            flight,
            mut landing,
        } in wave.flying
        {
            (&mut landing).await;
            let result = match std::pin::Pin::new(&mut landing).take_output() {
                Some(Ok(Landed::Again)) | None => {
                    again.push((line, job));
                    continue;
                }
                Some(Ok(Landed::Answered(answered))) => Ok(answered),
                Some(Err(no)) => Err(no),
            };
            if let Some(flight) = flight {
                tell(flight, job.keyed(), &result);
            }
            self.answer(line, job, result);
        }
        again.sort_unstable_by_key(|(line, _)| *line);
        again
    }

    fn answer(&mut self, line: usize, job: &Job, result: Result<Answered, No>) {
        self.state
            .meters()
            .ended(job.op(), &result, self.started.elapsed());
        self.answers.insert(line, result.map_err(Problem::from));
    }
}
