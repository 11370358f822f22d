//! What people do at desks. Sessions are numbers of the model.

#[derive(Debug, Clone)]
pub enum Act {
    Open {
        customer: String,
        desk: usize,
        with_text: bool,
    },
    /// The customer writes in the conversation with the desk.
    Write {
        customer: String,
        desk: usize,
    },
    /// The agent writes in the conversation in which the session is.
    Reply {
        agent: String,
        session: usize,
    },
    Accept {
        agent: String,
        session: usize,
    },
    HandToAgent {
        agent: String,
        session: usize,
        to: String,
    },
    HandToDesk {
        agent: String,
        session: usize,
        desk: usize,
    },
    Close {
        user: String,
        session: usize,
    },
    Note {
        agent: String,
        session: usize,
    },
    Tag {
        agent: String,
        session: usize,
    },
    Rate {
        session: usize,
        score: u8,
    },
    /// An administrator replaces the agents of a desk.
    SetAgents {
        desk: usize,
        agents: Vec<String>,
    },
}

impl Act {
    /// Whether it consists of two commands, of which a crash may leave the second one undone.
    pub fn has_two_parts(&self) -> bool {
        matches!(
            self,
            Self::Open {
                with_text: true,
                ..
            } | Self::HandToDesk { .. }
        )
    }
}

/// Why this user closes a session.
pub fn reason_of(user: &str) -> String {
    format!("{user} has finished")
}
