//! Upcasting of old event versions. Each step upcasts the data of one event type from one version
//! to the next; consecutive steps lead to the newest version. Never change a step once a release
//! has written its version.

use std::marker::PhantomData;

use cqrs_es::persist::{EventUpcaster, SerializedEvent};
use serde_json::{Map, Value};

use super::family::{EventFamily, EventType};

/// An upcast of one event type from one version to the next.
struct UpcastStep {
    event_type: &'static str,
    from_version: i16,
    upcast: fn(&mut Map<String, Value>),
}

const STEPS: &[UpcastStep] = &[
    UpcastStep {
        event_type: "device_acked",
        from_version: 1,
        upcast: upcast_device_acked_v1,
    },
    UpcastStep {
        event_type: "preferences_changed",
        from_version: 1,
        upcast: upcast_preferences_changed_v1,
    },
    UpcastStep {
        event_type: "link_created",
        from_version: 1,
        upcast: upcast_link_v1,
    },
    UpcastStep {
        event_type: "link_ended",
        from_version: 1,
        upcast: upcast_link_v1,
    },
    UpcastStep {
        event_type: "settings_changed",
        from_version: 1,
        upcast: upcast_settings_changed_v1,
    },
    UpcastStep {
        event_type: "desk_set",
        from_version: 1,
        upcast: upcast_desk_set_v1,
    },
    UpcastStep {
        event_type: "session_opened",
        from_version: 1,
        upcast: upcast_session_opened_v1,
    },
];

/// Version 1 did not record the device's previous cursor. With 0, everything up to the cursor
/// counts as newly delivered, which is correct although part of it was delivered earlier.
fn upcast_device_acked_v1(data: &mut Map<String, Value>) {
    data.insert("previous".to_owned(), 0.into());
}

/// Version 1 had no preference for mentions; users were always notified of them.
fn upcast_preferences_changed_v1(data: &mut Map<String, Value>) {
    data.insert("mentions".to_owned(), true.into());
}

/// Version 1 named a link by its code. It became the id of the link, and it still opens it.
fn upcast_link_v1(data: &mut Map<String, Value>) {
    if let Some(code) = data.remove("code") {
        data.insert("link".to_owned(), code);
    }
}

/// Version 1 did not record whether the user had chosen `groups_from`. `anyone` was the default of
/// all users, and other values count as chosen anyway.
fn upcast_settings_changed_v1(data: &mut Map<String, Value>) {
    data.insert("groups_from_chosen".to_owned(), false.into());
}

/// Version 1 knew no reminders.
fn upcast_desk_set_v1(data: &mut Map<String, Value>) {
    if let Some(Value::Object(settings)) = data.get_mut("settings") {
        settings.insert("reminders".to_owned(), false.into());
    }
}

/// Version 1 knew no reminders.
fn upcast_session_opened_v1(data: &mut Map<String, Value>) {
    data.insert("reminders".to_owned(), false.into());
}

fn find_step(event_type: &str, from: i16) -> Option<&'static UpcastStep> {
    STEPS
        .iter()
        .find(|step| step.event_type == event_type && step.from_version == from)
}

/// Upcasts data of this version to the newest version, or returns the reason why it cannot.
pub(super) fn upcast_to_newest(
    newest: EventType,
    version: i16,
    data: Value,
) -> Result<Value, &'static str> {
    if version < 1 || version > newest.version {
        return Err("unknown version");
    }
    let Value::Object(mut fields) = data else {
        return Err("the data is not a JSON object");
    };
    for from in version..newest.version {
        let step = find_step(newest.name, from).ok_or("no upcast to the next version exists")?;
        (step.upcast)(&mut fields);
    }
    Ok(Value::Object(fields))
}

/// The upcasters for a cqrs-es store over the `events` view, whose payload is the bare data. They
/// are the steps of the family, followed by one that wraps the data of a `message_sent` as
/// `{"message_sent": {...}}`, which is the form that the enums deserialize from.
pub fn upcasters<E: EventFamily + 'static>() -> Vec<Box<dyn EventUpcaster>> {
    let in_family =
        |step: &&UpcastStep| E::TYPES.iter().any(|newest| newest.name == step.event_type);
    STEPS
        .iter()
        .filter(in_family)
        .map(|step| Box::new(StepUpcaster(step)) as Box<dyn EventUpcaster>)
        .chain([Box::new(TaggingUpcaster::<E>(PhantomData)) as Box<dyn EventUpcaster>])
        .collect()
}

/// Adapts one step to the upcaster interface of cqrs-es.
struct StepUpcaster(&'static UpcastStep);

impl EventUpcaster for StepUpcaster {
    fn can_upcast(&self, event_type: &str, event_version: &str) -> bool {
        event_type == self.0.event_type && event_version.parse() == Ok(self.0.from_version)
    }

    fn upcast(&self, mut event: SerializedEvent) -> SerializedEvent {
        if let Value::Object(fields) = &mut event.payload {
            (self.0.upcast)(fields);
        }
        event.event_version = (self.0.from_version + 1).to_string();
        event
    }
}

/// Wraps the bare data in its event name. Data that has not reached the newest version stays bare,
/// so that decoding fails instead of guessing.
struct TaggingUpcaster<E>(PhantomData<fn() -> E>);

impl<E: EventFamily> EventUpcaster for TaggingUpcaster<E> {
    fn can_upcast(&self, event_type: &str, event_version: &str) -> bool {
        E::TYPES
            .iter()
            .any(|newest| newest.name == event_type && event_version.parse() == Ok(newest.version))
    }

    fn upcast(&self, mut event: SerializedEvent) -> SerializedEvent {
        let tagged = Map::from_iter([(event.event_type.clone(), event.payload)]);
        event.payload = Value::Object(tagged);
        event
    }
}
