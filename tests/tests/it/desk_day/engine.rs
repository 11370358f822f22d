//! Executes the acts of an instant, and lets the worker do its work, while the process may crash.

use std::panic::resume_unwind;

use eventually::eventually;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tests::seed::Rng;
use tokio::task::{JoinError, JoinHandle};

use super::act::Act;
use super::call::Call;
use super::model::Model;
use super::outcome::{self, Counts, Outcome, READ_ROUTINGS, Routing};
use super::process::{DeskProcess, Reply, Surroundings};
use super::roster::{DESKS, MINUTE, text_of};
use super::verdict::{Verdict, judge};

/// How often an act is repeated, and how many steps the worker takes in an instant.
const MAX_ATTEMPTS: usize = 60;

/// How late an idle session is closed, so that it counts as late.
const LATE: i64 = 2 * MINUTE;

/// What happens to the process in an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Runs,
    /// It crashes, and another one starts at once.
    Crashes,
    /// It crashes, and nothing runs until then.
    EndsUntil(i64),
}

pub struct Engine {
    pub pool: PgPool,
    pub surroundings: Surroundings,
    pub model: Model,
    pub counts: Counts,
    rng: Rng,
    database: PgConnectOptions,
    process: Option<DeskProcess>,
    started: usize,
    /// What was routed up to this position is in the model.
    routed_to: i64,
}

impl Engine {
    pub fn new(pool: PgPool, surroundings: Surroundings, rng: Rng) -> Self {
        let database = PgConnectOptions::clone(&pool.connect_options());
        Self {
            pool,
            surroundings,
            model: Model::new(),
            counts: Counts::default(),
            rng,
            database,
            process: None,
            started: 0,
            routed_to: 0,
        }
    }

    pub async fn head(&self) -> i64 {
        let head = sqlx::query_scalar("SELECT position FROM log.head");
        head.fetch_one(&self.pool).await.expect("a head")
    }

    async fn process(&mut self) -> &DeskProcess {
        if self.process.is_none() {
            self.started += 1;
            let started = DeskProcess::start(&self.database, &self.surroundings, self.started);
            self.process = Some(started.await);
        }
        self.process.as_ref().expect("a process")
    }

    /// Ends the process at a random moment, and waits until Postgres has ended what it had begun.
    async fn crash(&mut self, max_ms: i64) {
        self.rng.pause(max_ms).await;
        let Some(process) = self.process.take() else {
            return;
        };
        self.counts.crashes += 1;
        let name = process.name.clone();
        process.kill().await;
        // The committer has a session of its own, and only this process has one.
        let sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                        AND application_name IN ($1, 'tidings committer')";
        eventually("the sessions of the process have ended", async || {
            let count = sqlx::query_scalar(sessions)
                .bind(&name)
                .fetch_one(&self.pool);
            let count: i64 = count.await.expect("a count");
            (count == 0).then_some(())
        })
        .await;
    }

    /// Lets the worker do everything that is due.
    pub async fn settle(&mut self, fate: Fate) {
        let mut fate = fate;
        for _ in 0..MAX_ATTEMPTS {
            let step = self.process().await.step();
            if fate == Fate::Crashes {
                self.crash(6).await;
                fate = Fate::Runs;
            }
            // After a crash or an error, the next step continues.
            if let Ok(Ok(false)) = step.await {
                let now = self.surroundings.now();
                self.model.remind_due(now);
                self.model.close_due(now, LATE);
                self.model.release_former_agents(now);
                self.apply(Vec::new()).await;
                self.check_nobody_waits_in_vain();
                return;
            }
        }
        panic!("the worker does not come to an end");
    }

    /// Where sessions are routed, one waits only if every agent is offline or has enough of them.
    fn check_nobody_waits_in_vain(&self) {
        for (desk, rules) in DESKS.iter().enumerate() {
            let waiting = self.model.waiting_at(desk);
            let Some(session) = waiting.first().filter(|_| !rules.is_manual()) else {
                continue;
            };
            for agent in &self.model.agents[desk] {
                let is_busy = self.model.held_by(agent).len() >= rules.max_open;
                assert!(
                    is_busy || !self.surroundings.is_online(agent),
                    "{agent} is free at {}: {}",
                    text_of(self.surroundings.now()),
                    self.model.describe(*session)
                );
            }
        }
    }

    /// An act that a crash interrupts may be executed before or after the outage.
    fn judge(&self, act: &Act, fate: Fate) -> Verdict {
        let now = judge(&self.model, act, self.surroundings.now());
        match fate {
            Fate::EndsUntil(end) if judge(&self.model, act, end) != now => Verdict::Raced,
            _ => now,
        }
    }

    /// Executes acts at once, and repeats those that get no answer. `with_worker`: the worker does
    /// its work meanwhile.
    pub async fn perform(&mut self, acts: Vec<Act>, fate: Fate, with_worker: bool) {
        let (mut pending, mut outcomes) = (Vec::new(), Vec::new());
        for act in acts {
            self.counts.acts += 1;
            let before = self.judge(&act, fate);
            let call = Call::new(act, &self.model, format!("k{}", self.counts.acts));
            pending.push((call, before));
        }
        let began_at = self.surroundings.now();
        let head = self.head().await;
        let mut crashed_at = None;
        let mut is_unfinished = false;
        for attempt in 0..MAX_ATTEMPTS {
            let process = self.process().await;
            let step = with_worker.then(|| process.step());
            let started = pending.into_iter().map(|(call, before)| {
                let running = process.call(&call);
                (call, before, running)
            });
            let started: Vec<(Call, Verdict, JoinHandle<Reply>)> = started.collect();
            let is_killed = fate != Fate::Runs && attempt == 0;
            if is_killed {
                self.crash(12).await;
                if let Fate::EndsUntil(end) = fate {
                    crashed_at = Some(self.head().await);
                    self.surroundings.set_now(end);
                }
            }
            pending = Vec::new();
            for (call, before, running) in started {
                let Some(reply) = answer_of(running.await, is_killed) else {
                    self.counts.unanswered += 1;
                    pending.push((call, before));
                    continue;
                };
                let found = self.find_transfer(&call, &reply, head).await;
                is_unfinished |= found.is_some();
                let reply = found.unwrap_or(reply);
                // What was executed before the crash was executed at that time.
                let is_old = crashed_at.is_none_or(|head| reply.position <= head);
                let now = self.surroundings.now();
                outcomes.push(Outcome {
                    act: call.act,
                    before,
                    reply,
                    at: if is_old { began_at } else { now },
                });
            }
            if let Some(step) = step {
                // If it has ended with the process, the next instant continues.
                let _ = step.await;
            }
            if pending.is_empty() {
                self.apply(outcomes).await;
                if is_unfinished {
                    // The session arrives when the worker lets it, and its idle time begins then.
                    self.settle(Fate::Runs).await;
                }
                return;
            }
        }
        panic!("no answer: {pending:?}");
    }

    /// The answer of a transfer that was executed after the position `head` and whose answer was
    /// lost: its agent does not see the session any more, so the same call is refused.
    async fn find_transfer(&self, call: &Call, reply: &Reply, head: i64) -> Option<Reply> {
        let Act::HandToDesk { session, .. } = &call.act else {
            return None;
        };
        if reply.status != 404 {
            return None;
        }
        let found: Option<i64> = sqlx::query_scalar(
            "SELECT max(position) FROM events WHERE type = 'session_transferred' AND position > $1
                AND payload->>'session' = $2 AND payload->>'by' = $3",
        )
        .bind(head)
        .bind(&self.model.sessions[*session].id)
        .bind(&call.user)
        .fetch_one(&self.pool)
        .await
        .expect("the events are readable");
        found.map(|position| Reply {
            status: 200,
            position,
            ..reply.clone()
        })
    }

    /// Applies answers to the model, and what the system has routed since the last ones.
    async fn apply(&mut self, outcomes: Vec<Outcome>) {
        let routings: Vec<Routing> = sqlx::query_as(READ_ROUTINGS)
            .bind(self.routed_to)
            .fetch_all(&self.pool)
            .await
            .expect("the events are readable");
        if let Some(last) = routings.last() {
            self.routed_to = last.position;
        }
        let now = self.surroundings.now();
        outcome::apply(&mut self.model, &mut self.counts, outcomes, routings, now);
    }
}

/// The answer, unless the process ended before, or could not say whether it executed the act.
fn answer_of(ended: Result<Reply, JoinError>, is_killed: bool) -> Option<Reply> {
    match ended {
        Ok(reply) => (reply.status < 500).then_some(reply),
        Err(error) if error.is_panic() && !is_killed => resume_unwind(error.into_panic()),
        Err(_) => None,
    }
}
