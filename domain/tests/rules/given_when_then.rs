//! The given/when/then helpers for all aggregates: `given([events]).when(command)`, followed by
//! `.then([events])` or `.then_refused(code)`.

use cqrs_es::Aggregate;
use domain::case::Case;
use domain::conversation::Conversation;
use domain::desk::Desk;
use domain::file::File;
use domain::limits::Limits;
use domain::mailbox::Mailbox;
use domain::profile::Profile;
use domain::refusal::{Refusal, RefusalKind};

/// An aggregate whose `decide` the helpers can call.
pub trait Decider: Aggregate<Error = Refusal> {
    fn decide_with(
        &self,
        command: Self::Command,
        limits: &Limits,
    ) -> Result<Vec<Self::Event>, Refusal>;
}

impl Decider for Conversation {
    fn decide_with(
        &self,
        command: Self::Command,
        limits: &Limits,
    ) -> Result<Vec<Self::Event>, Refusal> {
        self.decide(command, limits)
    }
}

impl Decider for Mailbox {
    fn decide_with(
        &self,
        command: Self::Command,
        limits: &Limits,
    ) -> Result<Vec<Self::Event>, Refusal> {
        self.decide(command, limits)
    }
}

impl Decider for Profile {
    fn decide_with(&self, command: Self::Command, _: &Limits) -> Result<Vec<Self::Event>, Refusal> {
        self.decide(command)
    }
}

impl Decider for Case {
    fn decide_with(&self, command: Self::Command, _: &Limits) -> Result<Vec<Self::Event>, Refusal> {
        self.decide(command)
    }
}

impl Decider for Desk {
    fn decide_with(&self, command: Self::Command, _: &Limits) -> Result<Vec<Self::Event>, Refusal> {
        self.decide(command)
    }
}

impl Decider for File {
    fn decide_with(&self, command: Self::Command, _: &Limits) -> Result<Vec<Self::Event>, Refusal> {
        self.decide(command)
    }
}

/// The state before a command.
pub struct Given<A> {
    pub state: A,
    limits: Limits,
}

/// The outcome of a command.
pub struct When<A: Decider> {
    before: A,
    limits: Limits,
    outcome: Result<Vec<A::Event>, Refusal>,
}

/// The state after these events, under the default limits.
pub fn given<A: Decider>(events: impl IntoIterator<Item = A::Event>) -> Given<A> {
    let mut state = A::default();
    for event in events {
        state.apply(event);
    }
    Given {
        state,
        limits: Limits::default(),
    }
}

impl<A: Decider> Given<A> {
    pub fn and(mut self, events: impl IntoIterator<Item = A::Event>) -> Self {
        for event in events {
            self.state.apply(event);
        }
        self
    }

    pub fn with_limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }

    pub fn when(self, command: A::Command) -> When<A> {
        let outcome = self.state.decide_with(command, &self.limits);
        When {
            before: self.state,
            limits: self.limits,
            outcome,
        }
    }
}

impl<A: Decider> When<A> {
    #[track_caller]
    fn into_events(self) -> (A, Limits, Vec<A::Event>) {
        match self.outcome {
            Ok(events) => (self.before, self.limits, events),
            Err(refusal) => panic!("the command was refused: {refusal}"),
        }
    }

    #[track_caller]
    pub fn then(self, expected: impl IntoIterator<Item = A::Event>) -> Given<A> {
        let expected: Vec<_> = expected.into_iter().collect();
        let (mut state, limits, events) = self.into_events();
        assert_eq!(events, expected);
        for event in events {
            state.apply(event);
        }
        Given { state, limits }
    }

    /// Asserts that the command caused at least one event, and applies the events.
    #[track_caller]
    pub fn then_accepted(self) -> Given<A> {
        let (mut state, limits, events) = self.into_events();
        assert!(!events.is_empty(), "the command caused no events");
        for event in events {
            state.apply(event);
        }
        Given { state, limits }
    }

    /// Asserts that the command was accepted and caused no events.
    #[track_caller]
    pub fn then_nothing(self) -> Given<A> {
        self.then([])
    }

    #[track_caller]
    pub fn into_refusal(self) -> Refusal {
        match self.outcome {
            Ok(events) => panic!("the command was not refused: {events:?}"),
            Err(refusal) => refusal,
        }
    }

    #[track_caller]
    pub fn then_refused(self, code: &str) {
        assert_eq!(self.into_refusal().code, code);
    }

    /// Asserts that the command was refused with 422 `invalid` for this field.
    #[track_caller]
    pub fn then_invalid(self, field: &str) {
        let refusal = self.into_refusal();
        assert_eq!(
            (refusal.kind, refusal.code),
            (RefusalKind::Invalid, "invalid"),
            "{refusal}"
        );
        assert_eq!(refusal.field, Some(field));
    }

    /// Asserts that the command was refused with `invalid` for this field and that the text
    /// contains the limit.
    #[track_caller]
    pub fn then_over_limit(self, field: &str, limit: usize) {
        let refusal = self.into_refusal();
        assert_eq!(refusal.code, "invalid");
        assert_eq!(refusal.field, Some(field));
        let most = format!("at most {limit}");
        assert!(
            refusal.detail.contains(&most),
            "{:?} does not contain the limit",
            refusal.detail
        );
    }
}
