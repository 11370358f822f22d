//! What the one who writes tells of a build, to whoever waits for it in another process.

use std::io;

use search::index::{Build, Lock, Place};

use super::built::Built;

/// To be told before the build is served: whoever sees that it is can read it then.
pub(super) fn tell(place: &Place, lock: &Lock, built: &Built) -> io::Result<()> {
    place.tell(lock, &serde_json::to_string(built)?)
}

/// What was told of this build, if that was the last of which something was told.
pub(super) fn of(place: &Place, build: Build) -> io::Result<Option<Built>> {
    let Some(told) = place.told()? else {
        return Ok(None);
    };
    let last: Built = serde_json::from_str(&told)?;
    Ok(Some(last).filter(|last| last.build == build))
}
