//! Devices: how they register for pushes, and how they are removed.

use domain::ids::DeviceId;
use domain::mailbox::Mailbox;
use domain::mailbox::command::{AckCursor, MailboxCommand};
use domain::mailbox::event::{DeviceAcked, MailboxEvent};
use domain::mailbox::push_command::{DropPush, RegisterPush};
use domain::mailbox::push_event::{
    DeviceRemoved, PushDropCause, PushDropped, PushProvider, PushRegistered, RegistrationDigest,
};

use crate::given_when_then::{Given, given};

fn empty() -> Given<Mailbox> {
    given([])
}

fn phone() -> DeviceId {
    DeviceId::parse("phone").unwrap()
}

fn ack(cursor: i64) -> MailboxCommand {
    MailboxCommand::Ack(AckCursor {
        device: phone(),
        cursor,
        head: 100,
    })
}

fn acked(previous: i64, cursor: i64) -> MailboxEvent {
    MailboxEvent::DeviceAcked(DeviceAcked {
        device: phone(),
        cursor,
        previous,
    })
}

fn digest(digit: char) -> RegistrationDigest {
    RegistrationDigest::parse(&String::from(digit).repeat(64)).unwrap()
}

fn register(device: &str, digit: char) -> MailboxCommand {
    MailboxCommand::RegisterPush(RegisterPush {
        device: DeviceId::parse(device).unwrap(),
        provider: PushProvider::Apns,
        digest: digest(digit),
        preview: true,
    })
}

fn registered(device: &str, digit: char) -> MailboxEvent {
    MailboxEvent::PushRegistered(PushRegistered {
        device: DeviceId::parse(device).unwrap(),
        provider: PushProvider::Apns,
        digest: digest(digit),
        preview: true,
    })
}

fn drop_push(device: Option<&str>, digit: Option<char>, cause: PushDropCause) -> MailboxCommand {
    MailboxCommand::DropPush(DropPush {
        device: device.map(|device| DeviceId::parse(device).unwrap()),
        digest: digit.map(digest),
        cause,
    })
}

fn dropped(device: &str, cause: PushDropCause) -> MailboxEvent {
    let device = DeviceId::parse(device).unwrap();
    MailboxEvent::PushDropped(PushDropped { device, cause })
}

#[test]
fn a_device_has_one_registration_which_a_new_one_replaces() {
    empty()
        .when(register("phone", 'a'))
        .then([registered("phone", 'a')])
        .when(register("phone", 'a'))
        .then_nothing()
        .when(register("phone", 'b'))
        .then([registered("phone", 'b')]);
}

#[test]
fn the_number_of_registrations_is_limited() {
    let full = || {
        given::<Mailbox>([registered("phone", 'a')])
            .with_limits(|limits| limits.push_registrations = 1)
    };
    full()
        .when(register("laptop", 'a'))
        .then_over_limit("device", 1);
    full()
        .when(register("phone", 'b'))
        .then([registered("phone", 'b')]);
}

#[test]
fn only_the_registration_that_is_named_is_dropped() {
    let both = || given::<Mailbox>([registered("laptop", 'a'), registered("phone", 'a')]);
    let gone = PushDropCause::Gone;
    // The provider refused a token that the device has replaced since.
    both()
        .and([registered("phone", 'b')])
        .when(drop_push(Some("phone"), Some('a'), gone))
        .then_nothing();
    both()
        .when(drop_push(Some("phone"), Some('a'), gone))
        .then([dropped("phone", gone)]);
    both()
        .when(drop_push(None, None, PushDropCause::Deactivated))
        .then([
            dropped("laptop", PushDropCause::Deactivated),
            dropped("phone", PushDropCause::Deactivated),
        ]);
    empty()
        .when(drop_push(None, None, PushDropCause::Erased))
        .then_nothing();
}

#[test]
fn a_device_is_removed_with_its_cursor_and_its_registration() {
    let removed = || MailboxEvent::DeviceRemoved(DeviceRemoved { device: phone() });
    let remove = || MailboxCommand::RemoveDevice(phone());
    for before in [acked(0, 3), registered("phone", 'a')] {
        let outcome = empty().and([before]).when(remove()).then([removed()]);
        assert_eq!(outcome.state.device_cursor(&phone()), None);
        assert_eq!(outcome.state.push_registration(&phone()), None);
        outcome.when(remove()).then_nothing();
    }
    empty().when(remove()).then_nothing();
    // The same name is another device now.
    given::<Mailbox>([acked(0, 40), removed()])
        .when(ack(40))
        .then([acked(0, 40)]);
}
