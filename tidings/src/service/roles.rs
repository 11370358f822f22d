//! Which services run in a process.

/// The services of one process. The relay goes with the commands: it mirrors what they append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles {
    /// Takes commands, appends, mirrors.
    pub commands: bool,
    /// Writes the read models.
    pub projector: bool,
    /// Answers queries.
    pub queries: bool,
}

impl Roles {
    /// `tidings up`.
    pub const ALL: Self = Self {
        commands: true,
        projector: true,
        queries: true,
    };
    /// `tidings command-svc`.
    pub const COMMANDS: Self = Self {
        commands: true,
        projector: false,
        queries: false,
    };
    /// `tidings projector`.
    pub const PROJECTOR: Self = Self {
        commands: false,
        projector: true,
        queries: false,
    };
    /// `tidings query-api`.
    pub const QUERIES: Self = Self {
        commands: false,
        projector: false,
        queries: true,
    };
}
