//! Where a build starts.

/// Where a rebuild of the read model or of the index starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RebuildStart {
    /// From nothing: what an interrupted build has written may contain content that has been erased
    /// since.
    Scratch,
    /// From an interrupted build, if there is one that belongs to this log and is intact. If
    /// another process writes the index, from nothing.
    InterruptedBuild,
    /// From the version that an earlier rebuild has replaced and kept.
    KeptVersion,
}
