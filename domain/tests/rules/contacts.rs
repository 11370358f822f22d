//! Contact requests and contacts, which follow from the mailboxes of both users.

use cqrs_es::Aggregate as _;
use domain::limits::Limits;
use domain::mailbox::command::{AddContact, MailboxCommand, RemoveContact};
use domain::mailbox::event::{ContactAdded, ContactRemoved, ContactRequested, MailboxEvent};
use domain::mailbox::{ContactActs, ContactState, Mailbox};
use domain::texts::ContactNote;

use crate::builders::user;
use crate::given_when_then::given;

fn note(text: &str) -> ContactNote {
    ContactNote::parse(text).unwrap()
}

fn requested(name: &str, number: i64) -> MailboxEvent {
    MailboxEvent::ContactRequested(ContactRequested {
        user: user(name),
        note: Some(note("hi")),
        number,
    })
}

fn added(name: &str, number: i64) -> MailboxEvent {
    let user = user(name);
    MailboxEvent::ContactAdded(ContactAdded { user, number })
}

fn removed(name: &str, number: Option<i64>) -> MailboxEvent {
    let user = user(name);
    MailboxEvent::ContactRemoved(ContactRemoved { user, number })
}

fn add(name: &str, other: ContactActs) -> MailboxCommand {
    MailboxCommand::AddContact(AddContact {
        user: user(name),
        note: Some(note("hi")),
        other,
    })
}

fn remove(name: &str, other: ContactActs) -> MailboxCommand {
    MailboxCommand::RemoveContact(RemoveContact {
        user: user(name),
        other,
    })
}

/// The acts towards `ann` in a mailbox with these events.
fn acts(events: impl IntoIterator<Item = MailboxEvent>) -> ContactActs {
    given::<Mailbox>(events).state.contact_acts(&user("ann"))
}

fn no_acts() -> ContactActs {
    ContactActs::default()
}

#[test]
fn a_request_is_outgoing_until_the_other_user_asks_too() {
    let asked = given::<Mailbox>([])
        .when(add("ben", no_acts()))
        .then([requested("ben", 1)])
        .when(add("ben", no_acts()))
        .then_nothing();
    let own = asked.state.contact_acts(&user("ben"));
    assert_eq!(
        ContactState::between(own, no_acts()),
        Some(ContactState::Outgoing)
    );
    assert_eq!(
        ContactState::between(no_acts(), own),
        Some(ContactState::Incoming)
    );
    let accepted = given::<Mailbox>([])
        .when(add("ann", own))
        .then([added("ann", 2)])
        .when(add("ann", own))
        .then_nothing();
    let other = accepted.state.contact_acts(&user("ann"));
    assert_eq!(
        ContactState::between(own, other),
        Some(ContactState::Contact)
    );
    asked.when(add("ben", other)).then_nothing();
}

#[test]
fn a_request_that_was_declined_can_be_repeated() {
    let asked = acts([requested("ann", 1)]);
    let declined = given::<Mailbox>([])
        .when(remove("ben", asked))
        .then([removed("ben", Some(2))])
        .when(remove("ben", asked))
        .then_nothing();
    let other = declined.state.contact_acts(&user("ben"));
    assert_eq!(ContactState::between(asked, other), None);
    given::<Mailbox>([requested("ann", 1)])
        .when(add("ann", other))
        .then([requested("ann", 3)]);
    // The old request does not count again because the other user asks in turn.
    declined.when(add("ben", asked)).then([requested("ben", 3)]);
}

#[test]
fn either_user_can_end_the_contact() {
    let other = acts([added("ann", 2)]);
    given::<Mailbox>([requested("ben", 1)])
        .when(remove("ben", other))
        .then([removed("ben", Some(3))]);
    let own = acts([requested("ann", 1)]);
    given::<Mailbox>([added("ann", 2)])
        .when(remove("ann", own))
        .then([removed("ann", Some(3))]);
}

#[test]
fn a_withdrawn_request_leaves_no_trace_in_the_state() {
    let withdrawn = given::<Mailbox>([requested("ben", 1)])
        .when(remove("ben", no_acts()))
        .then([removed("ben", None)])
        .when(remove("ben", no_acts()))
        .then_nothing();
    assert_eq!(withdrawn.state, Mailbox::default());
}

#[test]
fn users_cannot_be_contacts_of_themselves() {
    let add = AddContact {
        user: user("ann"),
        note: None,
        other: no_acts(),
    };
    let refusal = MailboxCommand::add_contact(&user("ann"), add).unwrap_err();
    assert_eq!((refusal.code, refusal.field), ("invalid", Some("user")));
}

#[test]
fn the_number_of_contacts_is_limited() {
    let full = || given::<Mailbox>([requested("ben", 1)]).with_limits(|limits| limits.contacts = 1);
    full()
        .when(add("cleo", no_acts()))
        .then_over_limit("user", 1);
    full().when(add("ben", no_acts())).then_nothing();
}

#[test]
fn a_note_has_at_most_200_characters() {
    assert!(ContactNote::parse(&"\u{754c}".repeat(200)).is_ok());
    assert!(ContactNote::parse(&"a".repeat(201)).is_err() && ContactNote::parse("a\0").is_err());
}

/// Two mailboxes and a model of what their owners are to each other, under every sequence of acts.
#[test]
fn every_sequence_of_acts_gives_both_users_the_same_view() {
    let limits = Limits::default();
    for sequence in 0..4_u32.pow(7) {
        let mut mailboxes = [Mailbox::default(), Mailbox::default()];
        let names = [user("ann"), user("ben")];
        let mut asks = [false, false];
        for step in 0..7 {
            let act = sequence / 4_u32.pow(step) % 4;
            let (me, peer) = if act < 2 { (0, 1) } else { (1, 0) };
            let other = mailboxes[peer].contact_acts(&names[me]);
            let command = if act % 2 == 0 {
                add(names[peer].as_str(), other)
            } else {
                remove(names[peer].as_str(), other)
            };
            for event in mailboxes[me].decide(command, &limits).unwrap() {
                mailboxes[me].apply(event);
            }
            if act % 2 == 0 {
                asks[me] = true;
            } else {
                asks = [false, false];
            }
            let acts = [0, 1].map(|n: usize| mailboxes[n].contact_acts(&names[1 - n]));
            let expected = match asks {
                [true, true] => Some(ContactState::Contact),
                [true, false] => Some(ContactState::Outgoing),
                [false, true] => Some(ContactState::Incoming),
                [false, false] => None,
            };
            assert_eq!(
                ContactState::between(acts[0], acts[1]),
                expected,
                "{sequence}"
            );
            let mirrored = match expected {
                Some(ContactState::Outgoing) => Some(ContactState::Incoming),
                Some(ContactState::Incoming) => Some(ContactState::Outgoing),
                same => same,
            };
            assert_eq!(
                ContactState::between(acts[1], acts[0]),
                mirrored,
                "{sequence}"
            );
        }
    }
}
