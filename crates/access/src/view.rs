//! The fold of the decisions: pure, in position order.

use std::collections::HashMap;

use domain::envelope::{AggregateKind, Envelope};
use domain::event::EventFamily as _;
use domain::profile::event::{ProfileEvent, RestrictionKind, UserRestricted};
use domain::time::Timestamp;

/// What is decided about one user.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UserAccess {
    /// Whether the user is deactivated.
    pub deactivated: bool,
    /// Tokens issued up to this time are refused.
    pub revoked_before: Option<Timestamp>,
    /// What a moderator does not allow the user; it may have ended.
    pub restriction: Option<UserRestricted>,
}

/// Why a user may not call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessRefusal {
    /// The token is revoked.
    Revoked,
    /// The user is deactivated.
    Deactivated,
    /// The user is banned, until this time if it ends.
    Banned(Option<Timestamp>),
}

impl AccessRefusal {
    /// The code of the problem that answers such a call.
    pub fn code(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Deactivated => "deactivated",
            Self::Banned(_) => "banned",
        }
    }
}

/// What is decided about all users: only those have an entry about whom something is decided.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AccessView {
    users: HashMap<String, UserAccess>,
}

impl AccessView {
    /// The types of the events that the view consists of.
    pub const EVENT_TYPES: [&'static str; 5] = [
        "user_deactivated",
        "user_reactivated",
        "tokens_revoked",
        "user_restricted",
        "restriction_lifted",
    ];

    /// Folds the next event. Returns false if it cannot be decoded: a newer release wrote it.
    pub fn apply(&mut self, event: &Envelope) -> bool {
        if event.aggregate != AggregateKind::Profile {
            return true;
        }
        let data = event.data.get().as_bytes();
        let Ok(decoded) = ProfileEvent::decode(&event.event_type, event.version, data) else {
            return false;
        };
        let user = self.users.entry(event.aggregate_id.clone()).or_default();
        user.apply(decoded);
        if *user == UserAccess::default() {
            self.users.remove(&event.aggregate_id);
        }
        true
    }

    /// What is decided about a user; `None` if nothing is.
    pub fn find_user(&self, user: &str) -> Option<&UserAccess> {
        self.users.get(user)
    }

    /// Whether a token of a user that was issued at this time is accepted, unless the user is
    /// banned.
    pub fn check_token(&self, user: &str, issued_at: Timestamp) -> Result<(), AccessRefusal> {
        let Some(user) = self.users.get(user) else {
            return Ok(());
        };
        if user
            .revoked_before
            .is_some_and(|before| issued_at <= before)
        {
            return Err(AccessRefusal::Revoked);
        }
        user.check_active()
    }

    /// Whether a user is not banned now.
    pub fn check_ban(&self, user: &str, now: Timestamp) -> Result<(), AccessRefusal> {
        self.users
            .get(user)
            .map_or(Ok(()), |user| user.check_ban(now))
    }

    /// Whether calls as a user are accepted now, no matter who makes them.
    pub fn check_user(&self, user: &str, now: Timestamp) -> Result<(), AccessRefusal> {
        let Some(user) = self.users.get(user) else {
            return Ok(());
        };
        user.check_active()?;
        user.check_ban(now)
    }

    /// Bans a user.
    #[cfg(test)]
    pub(crate) fn ban(&mut self, user: &str) {
        let restriction = UserRestricted {
            kind: RestrictionKind::Banned,
            until: None,
            reason: None,
            by: domain::ids::UserId::parse("root").expect("a valid user id"),
        };
        let access = UserAccess {
            restriction: Some(restriction),
            ..UserAccess::default()
        };
        self.users.insert(user.to_owned(), access);
    }

    /// The restriction of a user who can now read but not write.
    pub fn find_silence(&self, user: &str, now: Timestamp) -> Option<&UserRestricted> {
        let restriction = self.users.get(user)?.restriction.as_ref()?;
        (restriction.kind == RestrictionKind::Silenced && restriction.is_in_force(now))
            .then_some(restriction)
    }
}

impl UserAccess {
    fn check_active(&self) -> Result<(), AccessRefusal> {
        if self.deactivated {
            return Err(AccessRefusal::Deactivated);
        }
        Ok(())
    }

    fn check_ban(&self, now: Timestamp) -> Result<(), AccessRefusal> {
        match &self.restriction {
            Some(restriction)
                if restriction.kind == RestrictionKind::Banned && restriction.is_in_force(now) =>
            {
                Err(AccessRefusal::Banned(restriction.until))
            }
            _ => Ok(()),
        }
    }

    fn apply(&mut self, event: ProfileEvent) {
        match event {
            ProfileEvent::UserDeactivated(_) => self.deactivated = true,
            ProfileEvent::UserReactivated(_) => self.deactivated = false,
            ProfileEvent::TokensRevoked(revoked) => {
                self.revoked_before = self.revoked_before.max(Some(revoked.before));
            }
            ProfileEvent::UserRestricted(restricted) => self.restriction = Some(restricted),
            ProfileEvent::RestrictionLifted(_) => self.restriction = None,
            ProfileEvent::ProfileChanged(_)
            | ProfileEvent::SettingsChanged(_)
            | ProfileEvent::UserKindChanged(_)
            | ProfileEvent::ProfileErased(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::UserId;
    use domain::profile::event::{RestrictionLifted, TokensRevoked, UserActivation};
    use serde_json::value::RawValue;

    use super::*;

    fn by() -> UserId {
        UserId::parse("root").unwrap()
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn view(events: &[ProfileEvent]) -> AccessView {
        let mut view = AccessView::default();
        for (event, position) in events.iter().zip(1..) {
            assert!(view.apply(&Envelope {
                position,
                tag: None,
                aggregate: AggregateKind::Profile,
                aggregate_id: "ann".into(),
                sequence: position,
                event_type: event.name().into(),
                version: event.version(),
                time: at(position),
                actor: None,
                traceparent: None,
                data: event.encode().unwrap(),
            }));
        }
        view
    }

    fn banned(until: Option<i64>) -> ProfileEvent {
        ProfileEvent::UserRestricted(UserRestricted {
            kind: RestrictionKind::Banned,
            until: until.map(at),
            reason: None,
            by: by(),
        })
    }

    #[test]
    fn tokens_issued_up_to_a_revocation_are_refused() {
        let revoked = |before| {
            ProfileEvent::TokensRevoked(TokensRevoked {
                before: at(before),
                by: by(),
            })
        };
        let view = view(&[revoked(5_500), revoked(4_000)]);
        let check = |user, issued| view.check_token(user, at(issued));
        assert_eq!(check("ann", 0), Err(AccessRefusal::Revoked), "without iat");
        assert_eq!(
            check("ann", 5_000),
            Err(AccessRefusal::Revoked),
            "in the same second"
        );
        assert_eq!(check("ann", 5_500), Err(AccessRefusal::Revoked));
        assert_eq!(check("ann", 5_501), Ok(()));
        assert_eq!(check("bob", 0), Ok(()));
        assert_eq!(
            view.check_user("ann", at(9_000)),
            Ok(()),
            "a service may act for them"
        );
    }

    #[test]
    fn a_deactivated_user_is_refused_until_reactivated() {
        let activation = || UserActivation { by: by() };
        let deactivated = ProfileEvent::UserDeactivated(activation());
        let check = |events: &[ProfileEvent]| view(events).check_user("ann", at(1));
        assert_eq!(
            check(std::slice::from_ref(&deactivated)),
            Err(AccessRefusal::Deactivated)
        );
        let events = [deactivated, ProfileEvent::UserReactivated(activation())];
        assert_eq!(check(&events), Ok(()));
        assert_eq!(
            view(&events),
            AccessView::default(),
            "nothing is remembered of them"
        );
    }

    #[test]
    fn a_ban_ends_by_itself_or_is_lifted() {
        let lifted = ProfileEvent::RestrictionLifted(RestrictionLifted { by: by() });
        let check = |events: &[ProfileEvent], now| view(events).check_user("ann", at(now));
        assert_eq!(check(&[banned(None)], 9), Err(AccessRefusal::Banned(None)));
        assert_eq!(
            check(&[banned(Some(8))], 7),
            Err(AccessRefusal::Banned(Some(at(8))))
        );
        assert_eq!(check(&[banned(Some(8))], 8), Ok(()));
        assert_eq!(check(&[banned(None), lifted], 9), Ok(()));
    }

    #[test]
    fn a_silenced_user_may_call_until_it_ends_but_not_write() {
        let silenced = ProfileEvent::UserRestricted(UserRestricted {
            kind: RestrictionKind::Silenced,
            until: Some(at(8)),
            reason: None,
            by: by(),
        });
        let silenced = view(&[silenced]);
        assert_eq!(silenced.check_user("ann", at(7)), Ok(()));
        let until = |now| {
            silenced
                .find_silence("ann", at(now))
                .map(|found| found.until)
        };
        assert_eq!((until(7), until(8)), (Some(Some(at(8))), None));
        assert!(silenced.find_silence("bob", at(7)).is_none());
        assert!(view(&[banned(None)]).find_silence("ann", at(7)).is_none());
    }

    #[test]
    fn an_event_of_a_newer_release_changes_nothing() {
        let mut view = view(&[banned(None)]);
        let before = view.clone();
        let newer = Envelope {
            position: 2,
            tag: None,
            aggregate: AggregateKind::Profile,
            aggregate_id: "ann".into(),
            sequence: 2,
            event_type: "restriction_lifted".into(),
            version: 99,
            time: at(2),
            actor: None,
            traceparent: None,
            data: RawValue::from_string("{}".into()).unwrap(),
        };
        assert!(!view.apply(&newer));
        assert_eq!(view, before);
    }
}
