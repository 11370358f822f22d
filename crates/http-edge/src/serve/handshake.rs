//! The TLS handshake of a connection. A client that speaks plain HTTP instead gets an answer that
//! says so.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::reject;
use super::stream::ClientStream;
use crate::problem::Problem;

/// The type of the first record of a handshake. No HTTP request begins with this byte.
const HANDSHAKE_RECORD: u8 = 22;

/// Does the handshake within `timeout`. `None` if the client does not complete it; there is nobody
/// to tell then.
pub(super) async fn do_handshake(
    stream: TcpStream,
    acceptor: &TlsAcceptor,
    timeout: Duration,
) -> Option<ClientStream> {
    let handshake = async {
        let mut first = [0];
        if stream.peek(&mut first).await.ok()? == 0 {
            return None;
        }
        if first[0] != HANDSHAKE_RECORD {
            reject::reject_connection(stream, &plain_http_problem()).await;
            return None;
        }
        match acceptor.accept(stream).await {
            Ok(stream) => Some(ClientStream::Tls(Box::new(stream))),
            Err(error) => {
                tracing::debug!(%error, "a TLS handshake failed");
                None
            }
        }
    };
    tokio::time::timeout(timeout, handshake).await.ok()?
}

fn plain_http_problem() -> Problem {
    Problem::bad_request(
        "tls_required",
        "This port serves HTTPS only: use an https:// or wss:// address.",
    )
}
