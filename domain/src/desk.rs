//! The desk aggregate: what administrators set for one service desk. The sessions of its customers
//! are in their conversations: see [`crate::conversation::session_event`].

pub mod command;
pub mod event;
pub mod settings;
pub mod texts;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::EventUpcaster;
use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;
use command::DeskCommand;
use event::{DeskEvent, DeskRemoved, DeskSet};
use settings::DeskSettings;

/// The state of one desk.
///
/// It is stored in snapshots; the serialized field names must not change, and a new field needs a
/// default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Desk {
    /// `None` while it does not exist.
    settings: Option<DeskSettings>,
}

impl Desk {
    /// Decides which events a command causes. Returns no events if the state already matches the
    /// command, and a [`Refusal`] if a rule rejects it.
    pub fn decide(&self, command: DeskCommand) -> Result<Vec<DeskEvent>, Refusal> {
        match command {
            DeskCommand::Set { settings, by } => {
                settings.check()?;
                if self.settings.as_ref() == Some(&settings) {
                    return Ok(vec![]);
                }
                Ok(vec![DeskEvent::DeskSet(DeskSet { settings, by })])
            }
            DeskCommand::Remove { by } => {
                let removed = DeskEvent::DeskRemoved(DeskRemoved { by });
                Ok(self
                    .settings
                    .is_some()
                    .then_some(removed)
                    .into_iter()
                    .collect())
            }
        }
    }

    /// Its settings; `None` if it does not exist.
    pub fn settings(&self) -> Option<&DeskSettings> {
        self.settings.as_ref()
    }
}

impl Aggregate for Desk {
    const TYPE: &'static str = "desk";
    type Command = DeskCommand;
    type Event = DeskEvent;
    type Error = Refusal;
    type Services = ();

    async fn handle(
        &mut self,
        command: DeskCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Refusal> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: DeskEvent) {
        self.settings = match event {
            DeskEvent::DeskSet(set) => Some(set.settings),
            DeskEvent::DeskRemoved(_) => None,
        };
    }
}

/// The upcasters for cqrs-es stores that read the `events` view.
pub fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
    crate::event::upcast::upcasters::<DeskEvent>()
}
