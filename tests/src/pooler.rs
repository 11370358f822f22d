//! A pooler that pools by transaction, as PgBouncer does with `pool_mode = transaction`: a client
//! has a session of the server only until its transaction ends.
//!
//! It speaks the protocol of Postgres as far as a client needs that sends a request and then waits
//! for its answer. The server must trust its users.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::postgres_protocol::{read_message, read_startup};

/// The pooler. Dropping it stops it.
pub struct TransactionPooler {
    /// The port at which it listens.
    pub port: u16,
    stop: CancellationToken,
}

/// The sessions that no client has.
type IdleSessions = Arc<Mutex<Vec<TcpStream>>>;

impl TransactionPooler {
    /// Starts a pooler before the Postgres at a port of this machine.
    pub async fn start(server: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (stop, idle) = (CancellationToken::new(), IdleSessions::default());
        let stopped = stop.clone();
        tokio::spawn(async move {
            while let Some(Ok((client, _))) = stopped.run_until_cancelled(listener.accept()).await {
                let serving = serve(client, server, idle.clone());
                // An error ends the connection of this client.
                tokio::spawn(async move { serving.await.ok() });
            }
        });
        Self { port, stop }
    }
}

impl Drop for TransactionPooler {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn serve(mut client: TcpStream, server: u16, idle: IdleSessions) -> io::Result<()> {
    let startup = read_startup(&mut client).await?;
    // Trusted; the key of the session, which nothing uses; ready, outside of a transaction.
    client.write_all(b"R\0\0\0\x08\0\0\0\0").await?;
    client.write_all(b"K\0\0\0\x0c\0\0\0\x01\0\0\0\x01").await?;
    client.write_all(b"Z\0\0\0\x05I").await?;
    let mut held: Option<TcpStream> = None;
    loop {
        let Some(request) = read_request(&mut client).await? else {
            return Ok(());
        };
        let mut session = match held.take() {
            Some(session) => session,
            None => take_session(&idle, server, &startup).await?,
        };
        session.write_all(&request).await?;
        let is_in_transaction = pass_answer(&mut session, &mut client).await?;
        if is_in_transaction {
            held = Some(session);
        } else {
            let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push(session);
        }
    }
}

/// Takes the session that was returned last, or opens one.
async fn take_session(idle: &IdleSessions, server: u16, startup: &[u8]) -> io::Result<TcpStream> {
    let returned = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
    if let Some(session) = returned {
        return Ok(session);
    }
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, server));
    let mut session = TcpStream::connect(address).await?;
    session.write_all(startup).await?;
    pass_answer(&mut session, &mut tokio::io::sink()).await?;
    Ok(session)
}

/// Reads messages up to the one that the server answers with its state. `None`: the client ends.
async fn read_request(client: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut request = Vec::new();
    loop {
        match read_message(client, &mut request).await? {
            b'X' => return Ok(None),
            // A simple query, or Sync.
            b'Q' | b'S' => return Ok(Some(request)),
            _ => {}
        }
    }
}

/// Passes messages on up to the state of the session. Returns whether it is in a transaction.
async fn pass_answer(
    session: &mut TcpStream,
    client: &mut (impl tokio::io::AsyncWrite + Unpin),
) -> io::Result<bool> {
    loop {
        let mut message = Vec::new();
        let kind = read_message(session, &mut message).await?;
        client.write_all(&message).await?;
        if kind == b'Z' {
            return Ok(message.last() != Some(&b'I'));
        }
    }
}
