//! The events of the desk aggregate. They are stored forever: read [`crate::event`] before you
//! change them.

use serde::{Deserialize, Serialize};

use super::settings::DeskSettings;
use crate::ids::UserId;

/// An event of a desk. The desk is the aggregate id in the envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeskEvent {
    /// The desk was created, or its settings were replaced.
    DeskSet(DeskSet),
    /// The desk was removed.
    DeskRemoved(DeskRemoved),
}

/// The data of [`DeskEvent::DeskSet`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeskSet {
    /// All settings after the change.
    pub settings: DeskSettings,
    /// The administrator.
    pub by: UserId,
}

/// The data of [`DeskEvent::DeskRemoved`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeskRemoved {
    /// The administrator.
    pub by: UserId,
}
