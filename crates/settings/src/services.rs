//! The services that run in a process.

/// The services of one process. The relay runs wherever events are appended, and mirrors them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "one flag per service")]
pub struct Services {
    /// The command service, which appends to the log.
    pub commands: bool,
    /// The projector, which writes the read models.
    pub projector: bool,
    /// The query service.
    pub queries: bool,
    /// The dispatcher, which delivers webhooks and pushes.
    pub dispatcher: bool,
}

impl Services {
    /// Whether the process appends to the log. Only the projector alone does not.
    pub fn append(self) -> bool {
        self.commands || self.queries || self.dispatcher
    }

    /// The subcommands that run services, with a whole system first.
    pub const ROLES: [(&'static str, Self); 5] = [
        ("up", Self::ALL),
        ("command-svc", Self::COMMANDS),
        ("query-api", Self::QUERIES),
        ("projector", Self::PROJECTOR),
        ("dispatcher", Self::DISPATCHER),
    ];
    /// All services: `tidings up`.
    pub const ALL: Self = Self {
        commands: true,
        projector: true,
        queries: true,
        dispatcher: true,
    };
    /// The command service: `tidings command-svc`.
    pub const COMMANDS: Self = Self {
        commands: true,
        projector: false,
        queries: false,
        dispatcher: false,
    };
    /// The projector: `tidings projector`.
    pub const PROJECTOR: Self = Self {
        commands: false,
        projector: true,
        queries: false,
        dispatcher: false,
    };
    /// The query service: `tidings query-api`.
    pub const QUERIES: Self = Self {
        commands: false,
        projector: false,
        queries: true,
        dispatcher: false,
    };
    /// The dispatcher: `tidings dispatcher`.
    pub const DISPATCHER: Self = Self {
        commands: false,
        projector: false,
        queries: false,
        dispatcher: true,
    };
}
