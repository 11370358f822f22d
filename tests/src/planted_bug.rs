//! Bugs that are planted into a program from outside: a proxy in front of Postgres changes what the
//! program asks, or withholds what Postgres says. So a test can show that a check finds a bug, and
//! the program needs no switch that turns its safety off.

use std::io;
use std::net::{Ipv4Addr, TcpListener as BlockingListener};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf, split};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio_util::sync::CancellationToken;

use crate::postgres_protocol::{encode_message, read_message, read_startup, startup_parameter};
use crate::postgres_setup::USER;

/// The sessions of the committer.
pub const COMMITTER: &str = "tidings committer";

/// A bug of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlantedBug {
    /// The statements of the sessions with this name have another text in the place of one.
    Statement {
        /// The name of the sessions.
        session: &'static str,
        /// What the program asks.
        original: &'static str,
        /// What Postgres is asked.
        planted: &'static str,
    },
    /// The program never learns that the wait for a standby was cancelled.
    LostNotices {
        /// The name of the sessions.
        session: &'static str,
    },
}

/// Where a Postgres listens.
#[derive(Debug, Clone)]
pub enum PostgresPlace {
    /// At a port of this machine.
    Port(u16),
    /// At a socket.
    Socket(PathBuf),
}

/// The proxy. Dropping it ends all connections.
pub struct BugProxy {
    port: u16,
    bugs: PlantedBugs,
    closed: CancellationToken,
}

type PlantedBugs = Arc<Mutex<Vec<Arc<CountedBug>>>>;

/// A bug, and how often it had an effect.
struct CountedBug {
    bug: PlantedBug,
    hits: AtomicUsize,
}

impl BugProxy {
    /// Starts a proxy. Must be called in an asynchronous context.
    pub fn start(server: PostgresPlace, bugs: &[PlantedBug]) -> Self {
        let listener = BlockingListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        listener.set_nonblocking(true).expect("a socket");
        let listener = TcpListener::from_std(listener).expect("a runtime");
        let planted = PlantedBugs::default();
        let closed = CancellationToken::new();
        let (present, stop) = (planted.clone(), closed.clone());
        tokio::spawn(async move {
            while let Some(Ok((client, _))) = stop.run_until_cancelled(listener.accept()).await {
                let (server, stop) = (server.clone(), stop.clone());
                let bugs = lock(&present).clone();
                tokio::spawn(async move {
                    // An error ends the connection of this client.
                    let serving = serve(client, server, &bugs);
                    let _ = stop.run_until_cancelled(serving).await;
                });
            }
        });
        let proxy = Self {
            port,
            bugs: planted,
            closed,
        };
        for bug in bugs {
            proxy.plant(*bug);
        }
        proxy
    }

    /// Plants a bug into the connections that are opened from now on.
    pub fn plant(&self, bug: PlantedBug) {
        let hits = AtomicUsize::new(0);
        lock(&self.bugs).push(Arc::new(CountedBug { bug, hits }));
    }

    /// The URL of the database behind the proxy.
    pub fn url(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/tidings", self.port)
    }

    /// Asserts that each bug had an effect: one that is never met shows nothing.
    pub fn assert_all_hit(&self) {
        for planted in lock(&self.bugs).iter() {
            let hits = planted.hits.load(Ordering::Relaxed);
            assert!(hits > 0, "{:?} met no message", planted.bug);
        }
    }
}

fn lock(bugs: &Mutex<Vec<Arc<CountedBug>>>) -> MutexGuard<'_, Vec<Arc<CountedBug>>> {
    bugs.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for BugProxy {
    fn drop(&mut self) {
        self.closed.cancel();
    }
}

async fn serve(
    client: TcpStream,
    server: PostgresPlace,
    bugs: &[Arc<CountedBug>],
) -> io::Result<()> {
    client.set_nodelay(true)?;
    match server {
        PostgresPlace::Port(port) => {
            let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
            server.set_nodelay(true)?;
            forward(client, server, bugs).await
        }
        PostgresPlace::Socket(path) => {
            forward(client, UnixStream::connect(path).await?, bugs).await
        }
    }
}

async fn forward<S: AsyncRead + AsyncWrite>(
    mut client: TcpStream,
    server: S,
    bugs: &[Arc<CountedBug>],
) -> io::Result<()> {
    let (mut from_server, mut to_server) = split(server);
    let startup = read_startup(&mut client).await?;
    let session = startup_parameter(&startup, "application_name").unwrap_or_default();
    to_server.write_all(&startup).await?;
    let (mut from_client, mut to_client) = split(client);
    tokio::select! {
        ended = pass_requests(&mut from_client, &mut to_server, session, bugs) => ended,
        ended = pass_answers(&mut from_server, &mut to_client, session, bugs) => ended,
    }
}

async fn pass_requests<S: AsyncRead + AsyncWrite>(
    from: &mut ReadHalf<TcpStream>,
    to: &mut WriteHalf<S>,
    session: &str,
    bugs: &[Arc<CountedBug>],
) -> io::Result<()> {
    loop {
        let mut message = Vec::new();
        let kind = read_message(from, &mut message).await?;
        // Parse: a name and a statement, both with a zero at their end, and types. Query: a
        // statement.
        if matches!(kind, b'P' | b'Q') {
            for planted in bugs {
                if let Some(content) = planted.change_statement(session, &message[5..]) {
                    planted.hits.fetch_add(1, Ordering::Relaxed);
                    message = encode_message(kind, &content);
                }
            }
        }
        to.write_all(&message).await?;
    }
}

async fn pass_answers<S: AsyncRead + AsyncWrite>(
    from: &mut ReadHalf<S>,
    to: &mut WriteHalf<TcpStream>,
    session: &str,
    bugs: &[Arc<CountedBug>],
) -> io::Result<()> {
    loop {
        let mut message = Vec::new();
        let kind = read_message(from, &mut message).await?;
        let lost = bugs
            .iter()
            .find(|planted| kind == b'N' && planted.loses_notices_of(session));
        match lost {
            Some(planted) => {
                planted.hits.fetch_add(1, Ordering::Relaxed);
            }
            None => to.write_all(&message).await?,
        }
    }
}

impl CountedBug {
    fn loses_notices_of(&self, name: &str) -> bool {
        matches!(self.bug, PlantedBug::LostNotices { session } if session == name)
    }

    /// The content of a message with the other statement; `None` if it is not concerned.
    fn change_statement(&self, session: &str, content: &[u8]) -> Option<Vec<u8>> {
        let PlantedBug::Statement {
            session: name,
            original,
            planted,
        } = self.bug
        else {
            return None;
        };
        let at = content
            .windows(original.len())
            .position(|window| window == original.as_bytes())?;
        let (before, rest) = content.split_at(at);
        let after = &rest[original.len()..];
        (name == session).then(|| [before, planted.as_bytes(), after].concat())
    }
}
