//! A session in the model: its state, and the facts that figures are computed from.

use super::roster::DESKS;

/// What a fact is about. Its value is a time in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    Opening,
    /// The first acceptance; the value is the time since the opening.
    Acceptance,
    Closing,
    Transfer,
    /// The end of a session that waited.
    Loss,
    /// The end of a session that was accepted before; the value is the time since then.
    Handling,
    /// The first message of an agent; the value is the time since the opening.
    FirstReply,
    Message,
    /// Customer messages without an answer between them; the value is the time until the answer.
    Stretch,
}

/// For which agent a fact counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactAgent {
    Named(String),
    /// The agent who has the session, or had it when it was closed.
    Holder,
    Missing,
}

#[derive(Debug, Clone)]
pub struct Fact {
    pub subject: Subject,
    pub at: i64,
    pub desk: usize,
    pub agent: FactAgent,
    pub value: Option<i64>,
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    pub at: i64,
    pub by: String,
    pub reason: String,
}

#[derive(Debug, Clone)]
pub struct Session {
    pub id: String,
    pub customer: String,
    /// The desk that has it now.
    pub desk: usize,
    /// Who has it, or had it when it was closed.
    pub agent: Option<String>,
    pub opened_at: i64,
    pub accepted_at: Option<i64>,
    pub customer_at: Option<i64>,
    pub agent_at: Option<i64>,
    pub end: Option<End>,
    pub rating: Option<u8>,
    pub target_ms: i64,
    pub facts: Vec<Fact>,
    idle_ms: i64,
    /// Since when it is idle.
    active_at: i64,
    /// The stretch of customer messages without an answer, as the number of a fact.
    stretch: Option<usize>,
    /// Whether agents were reminded of that stretch.
    is_reminded: bool,
}

impl Session {
    pub fn open(id: String, customer: &str, desk: usize, at: i64) -> Self {
        let mut session = Self {
            id,
            customer: customer.to_owned(),
            desk,
            agent: None,
            opened_at: at,
            accepted_at: None,
            customer_at: None,
            agent_at: None,
            end: None,
            rating: None,
            target_ms: DESKS[desk].target_ms,
            facts: Vec::new(),
            idle_ms: DESKS[desk].idle_ms,
            active_at: at,
            stretch: None,
            is_reminded: false,
        };
        session.add(Subject::Opening, at, FactAgent::Holder, None);
        session
    }

    fn add(&mut self, subject: Subject, at: i64, agent: FactAgent, value: Option<i64>) {
        self.facts.push(Fact {
            subject,
            at,
            desk: self.desk,
            agent,
            value,
        });
    }

    pub fn is_waiting(&self) -> bool {
        self.end.is_none() && self.agent.is_none()
    }

    pub fn state(&self) -> &'static str {
        match (&self.end, &self.agent) {
            (Some(_), _) => "closed",
            (None, Some(_)) => "open",
            (None, None) => "waiting",
        }
    }

    /// When it closes by itself.
    pub fn idle_at(&self) -> i64 {
        self.active_at + self.idle_ms
    }

    /// Whether the customer waits for an answer.
    pub fn is_unanswered(&self) -> bool {
        self.stretch.is_some()
    }

    /// By when the customer is to have an answer.
    pub fn reply_due_at(&self) -> Option<i64> {
        let stretch = self.stretch.filter(|_| self.end.is_none())?;
        Some(self.facts[stretch].at + self.target_ms)
    }

    /// When agents are to be reminded, unless the session closes by itself before.
    pub fn reminder_due_at(&self) -> Option<i64> {
        let due = self.reply_due_at().filter(|_| !self.is_reminded)?;
        (due < self.idle_at()).then_some(due)
    }

    pub fn remind(&mut self) {
        self.is_reminded = true;
    }

    pub fn add_customer_message(&mut self, at: i64) {
        (self.active_at, self.customer_at) = (at, Some(at));
        self.add(Subject::Message, at, FactAgent::Holder, None);
        if self.stretch.is_none() {
            (self.stretch, self.is_reminded) = (Some(self.facts.len()), false);
            self.add(Subject::Stretch, at, FactAgent::Holder, None);
        }
    }

    pub fn add_agent_message(&mut self, agent: &str, at: i64) {
        let named = || FactAgent::Named(agent.to_owned());
        if self.agent_at.is_none() {
            let since = at - self.opened_at;
            self.add(Subject::FirstReply, at, named(), Some(since));
        }
        (self.active_at, self.agent_at) = (at, Some(at));
        self.add(Subject::Message, at, named(), None);
        if let Some(stretch) = self.stretch.take() {
            let fact = &mut self.facts[stretch];
            (fact.agent, fact.value) = (named(), Some(at - fact.at));
        }
    }

    pub fn accept(&mut self, agent: &str, at: i64) {
        assert!(self.is_waiting(), "{agent} gets {self:?}");
        self.agent = Some(agent.to_owned());
        if self.accepted_at.is_none() {
            self.accepted_at = Some(at);
            let (named, since) = (FactAgent::Named(agent.to_owned()), at - self.opened_at);
            self.add(Subject::Acceptance, at, named, Some(since));
        }
    }

    /// Gives it to another agent, or lets it wait again.
    pub fn hand_over(&mut self, to: Option<&str>, at: i64) {
        let before = self
            .agent
            .take()
            .map_or(FactAgent::Missing, FactAgent::Named);
        self.add(Subject::Transfer, at, before, None);
        self.agent = to.map(str::to_owned);
    }

    /// Lets it wait at another desk. The time without a message begins there again.
    pub fn hand_to_desk(&mut self, desk: usize, at: i64) {
        self.hand_over(None, at);
        (self.desk, self.active_at) = (desk, at);
        self.idle_ms = DESKS[desk].idle_ms;
    }

    pub fn close(&mut self, end: End) {
        let at = end.at;
        self.add(Subject::Closing, at, FactAgent::Holder, None);
        if self.agent.is_none() {
            self.add(Subject::Loss, at, FactAgent::Missing, None);
        }
        if let Some(accepted) = self.accepted_at {
            self.add(
                Subject::Handling,
                at,
                FactAgent::Holder,
                Some(at - accepted),
            );
        }
        self.end = Some(end);
    }
}
