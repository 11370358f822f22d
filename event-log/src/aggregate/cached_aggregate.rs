//! What the store needs of an aggregate: its size in the cache and the upcasters of its old events.

use cqrs_es::Aggregate;
use cqrs_es::persist::EventUpcaster;
use domain::case::Case;
use domain::conversation::Conversation;
use domain::deployment::Deployment;
use domain::desk::Desk;
use domain::file::File;
use domain::mailbox::Mailbox;
use domain::profile::Profile;

use super::logged_event::LoggedEvent;

/// An aggregate that the store can cache.
pub trait CachedAggregate:
    Aggregate<Event: LoggedEvent, Error: Send + Sync> + Clone + UpcasterProvider + 'static
{
    /// The approximate size of the state in bytes. The cache is bounded by the sum.
    fn weight(&self) -> u64;
}

impl CachedAggregate for Conversation {
    fn weight(&self) -> u64 {
        // A member is an id, a role and a membership period or two; a recent message is a sender, a
        // time, a digest and a few reactions.
        2_048 + 256 * self.member_count() as u64 + 128 * self.head_seq().clamp(0, 256) as u64
    }
}

impl CachedAggregate for Mailbox {
    fn weight(&self) -> u64 {
        512 + 160 * self.entry_count() as u64
    }
}

impl CachedAggregate for Profile {
    fn weight(&self) -> u64 {
        // Texts have limits of a few hundred characters; only the app's own fields may be larger.
        let custom = self.public_profile().custom.as_ref();
        2_048 + custom.map_or(0, |fields| fields.as_json().len() as u64)
    }
}

impl CachedAggregate for Deployment {
    fn weight(&self) -> u64 {
        1_024 + 320 * self.entry_count() as u64
    }
}

impl CachedAggregate for Case {
    fn weight(&self) -> u64 {
        1_024 + 160 * self.entry_count() as u64
    }
}

impl CachedAggregate for File {
    fn weight(&self) -> u64 {
        1_024
    }
}

impl CachedAggregate for Desk {
    fn weight(&self) -> u64 {
        let agents = self.settings().map_or(0, |settings| settings.agents.len());
        4_096 + 160 * agents as u64
    }
}

/// Provides the upcasters for old events of an aggregate.
pub trait UpcasterProvider {
    /// The upcasters, in the order in which they are tried.
    fn upcasters() -> Vec<Box<dyn EventUpcaster>>;
}

impl UpcasterProvider for Conversation {
    fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
        domain::conversation::upcasters()
    }
}

impl UpcasterProvider for Mailbox {
    fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
        domain::mailbox::upcasters()
    }
}

impl UpcasterProvider for Profile {
    fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
        domain::profile::upcasters()
    }
}

impl UpcasterProvider for Deployment {
    fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
        domain::deployment::upcasters()
    }
}

impl UpcasterProvider for Case {
    fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
        domain::case::upcasters()
    }
}

impl UpcasterProvider for Desk {
    fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
        domain::desk::upcasters()
    }
}

impl UpcasterProvider for File {
    fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
        domain::file::upcasters()
    }
}
