//! Power losses: a real `tidings up` with its own servers on a file system that loses what was not
//! synced.
//!
//! From the inside out:
//!
//! - `content`: the content of one file, and `names`: the names of all; each knows what is durable.
//!   `pattern`: which unsynced changes survive a power loss. `inode`: files and directories.
//! - `volume`: the file system, in memory; `adapter`: serves it to the kernel through FUSE;
//!   `mount`: mounts it, and cuts its power.
//! - `machine`: a `tidings up` on such a disk, which is killed with all its servers when the power
//!   fails. `rounds`: the load, the power losses and the comparisons.

mod adapter;
mod content;
mod inode;
mod machine;
mod mount;
mod names;
mod pattern;
mod rounds;
#[cfg(test)]
mod survival;
mod volume;

pub use content::LostBytes;
pub use rounds::{PlantedLoss, PowerLossReport, PowerLossSettings, run_power_losses};
pub use volume::PowerLoss;
