//! Which services run in a process.

/// The services of one process. The relay goes with the commands: it mirrors what they append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each says whether one service runs"
)]
pub struct Roles {
    /// Takes commands, appends, mirrors.
    pub commands: bool,
    /// Writes the read models.
    pub projector: bool,
    /// Answers queries.
    pub queries: bool,
    /// Delivers webhooks.
    pub dispatcher: bool,
}

impl Roles {
    /// `tidings up`.
    pub const ALL: Self = Self {
        commands: true,
        projector: true,
        queries: true,
        dispatcher: true,
    };
    /// `tidings command-svc`.
    pub const COMMANDS: Self = Self {
        commands: true,
        projector: false,
        queries: false,
        dispatcher: false,
    };
    /// `tidings projector`.
    pub const PROJECTOR: Self = Self {
        commands: false,
        projector: true,
        queries: false,
        dispatcher: false,
    };
    /// `tidings query-api`.
    pub const QUERIES: Self = Self {
        commands: false,
        projector: false,
        queries: true,
        dispatcher: false,
    };
    /// `tidings dispatcher`.
    pub const DISPATCHER: Self = Self {
        commands: false,
        projector: false,
        queries: false,
        dispatcher: true,
    };
}
