//! Old shapes. Each step raises the data of one type from one version to the next; several steps
//! in a row raise it to the newest. A step is never changed once its version was written by a
//! release.

use std::marker::PhantomData;

use cqrs_es::persist::{EventUpcaster, SerializedEvent};
use serde_json::{Map, Value};

use super::{EventFamily, EventType};

/// One step: from this version of this type to the next one.
struct Step {
    event_type: &'static str,
    from: i16,
    raise: fn(&mut Map<String, Value>),
}

const STEPS: &[Step] = &[
    Step {
        event_type: "device_acked",
        from: 1,
        raise: device_acked_1,
    },
    Step {
        event_type: "preferences_changed",
        from: 1,
        raise: preferences_changed_1,
    },
];

/// Version 1 did not tell what the device had acked before. From 0, everything up to the cursor
/// counts as newly delivered, which is true, if not news.
fn device_acked_1(data: &mut Map<String, Value>) {
    data.insert("previous".to_owned(), 0.into());
}

/// Version 1 knew no choice about mentions: they were always told.
fn preferences_changed_1(data: &mut Map<String, Value>) {
    data.insert("mentions".to_owned(), true.into());
}

fn step(event_type: &str, from: i16) -> Option<&'static Step> {
    STEPS
        .iter()
        .find(|step| step.event_type == event_type && step.from == from)
}

/// Raises data of this version to the newest, or says why it cannot.
pub(super) fn raise(newest: EventType, version: i16, data: Value) -> Result<Value, &'static str> {
    if version < 1 || version > newest.version {
        return Err("unknown version");
    }
    let Value::Object(mut fields) = data else {
        return Err("expected a JSON object");
    };
    for from in version..newest.version {
        let step = step(newest.name, from).ok_or("a version without a step to the next")?;
        (step.raise)(&mut fields);
    }
    Ok(Value::Object(fields))
}

/// For a cqrs-es store over the `events` view, whose payload is the bare data: the steps of a
/// family, and last of all the one that makes `{"message_sent": {...}}` of a `message_sent`'s
/// data, because that is how the enums are read.
pub fn upcasters<E: EventFamily + 'static>() -> Vec<Box<dyn EventUpcaster>> {
    let ours = |step: &&Step| E::TYPES.iter().any(|newest| newest.name == step.event_type);
    STEPS
        .iter()
        .filter(ours)
        .map(|step| Box::new(Stepwise(step)) as Box<dyn EventUpcaster>)
        .chain([Box::new(Tagged::<E>(PhantomData)) as Box<dyn EventUpcaster>])
        .collect()
}

/// One step in the form that cqrs-es asks for.
struct Stepwise(&'static Step);

impl EventUpcaster for Stepwise {
    fn can_upcast(&self, event_type: &str, event_version: &str) -> bool {
        event_type == self.0.event_type && event_version.parse() == Ok(self.0.from)
    }

    fn upcast(&self, mut event: SerializedEvent) -> SerializedEvent {
        if let Value::Object(fields) = &mut event.payload {
            (self.0.raise)(fields);
        }
        event.event_version = (self.0.from + 1).to_string();
        event
    }
}

/// Puts the name around the bare data. What is not in its newest version by now stays bare, so
/// that reading it fails instead of guessing.
struct Tagged<E>(PhantomData<fn() -> E>);

impl<E: EventFamily> EventUpcaster for Tagged<E> {
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
