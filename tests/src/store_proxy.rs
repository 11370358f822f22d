//! An HTTP proxy in front of an S3 server that fails for chosen files, from a chosen request on.
//!
//! Each connection carries one request. The proxy changes nothing in it but the header
//! `Connection`, which the signature of the request does not cover.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eventually::{eventually_true, pause};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The longest head of a request, and the longest body that is kept.
const MAX_HEAD: usize = 64 * 1024;

/// How many bytes of an answer trickle, and how long each takes.
const TRICKLED_BYTES: usize = 32;
const TRICKLE_INTERVAL: Duration = Duration::from_millis(2);

/// A request to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoreRequest {
    /// Puts a whole object.
    Put,
    /// Begins an object in parts.
    Begin,
    /// Puts a part, of which the first is 1.
    Part(u32),
    /// Ends an object in parts.
    Complete,
    /// Gives up an object in parts.
    Abandon,
    /// Asks whether there is an object.
    Find,
    /// Reads an object.
    Get,
    /// Puts a preview.
    PutPreview,
    /// Asks whether there is a preview.
    FindPreview,
    /// Reads a preview.
    GetPreview,
    /// Deletes objects.
    Delete,
    /// Lists objects.
    List,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreFault {
    /// The store answers this status, with this code of S3.
    Answer(u16, &'static str),
    /// It takes no connection any more, of any file.
    Refuse,
    /// It takes the request and never answers.
    Stall,
    /// The connection ends before the request has arrived. The store sees nothing of it.
    CutRequest,
    /// The connection ends before the answer. The store has done what was asked.
    CutAnswer,
    /// The connection ends in the middle of the answer.
    CutBody,
    /// The answer arrives byte by byte. Nothing is wrong with it.
    Trickle,
}

/// What goes wrong for a file, and since when.
struct FaultPlan {
    from: StoreRequest,
    fault: StoreFault,
    has_begun: bool,
}

/// The proxy. Dropping it closes its port.
pub struct StoreProxy {
    /// The port at which it listens.
    pub port: u16,
    shared: Arc<SharedProxy>,
    closed: CancellationToken,
}

struct SharedProxy {
    target: u16,
    /// By file. The empty name means every request.
    plans: Mutex<HashMap<String, FaultPlan>>,
    /// Whether it takes connections.
    listens: watch::Sender<bool>,
    /// Ends requests that stall.
    closed: CancellationToken,
}

impl StoreProxy {
    /// Starts a proxy to a port of this machine.
    pub async fn start(target: u16) -> Self {
        let listener = bind(0).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let closed = CancellationToken::new();
        let shared = Arc::new(SharedProxy {
            target,
            plans: Mutex::default(),
            listens: watch::Sender::new(true),
            closed: closed.clone(),
        });
        tokio::spawn(listen(listener, port, shared.clone()));
        Self {
            port,
            shared,
            closed,
        }
    }

    /// From this request on, every request about the file fails. The empty name means every
    /// request.
    pub fn fail(&self, file: &str, from: StoreRequest, fault: StoreFault) {
        let plan = FaultPlan {
            from,
            fault,
            has_begun: false,
        };
        self.shared.plans().insert(file.to_owned(), plan);
    }

    /// The store is well again, as far as the file is concerned, and takes connections. Returns
    /// whether a request has failed.
    pub async fn heal(&self, file: &str) -> bool {
        let plan = self.shared.plans().remove(file);
        self.shared.listens.send_replace(true);
        eventually_true("the proxy takes connections", async || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))
                .await
                .is_ok()
        })
        .await;
        plan.is_some_and(|plan| plan.has_begun)
    }
}

impl Drop for StoreProxy {
    fn drop(&mut self) {
        self.closed.cancel();
    }
}

impl SharedProxy {
    fn plans(&self) -> MutexGuard<'_, HashMap<String, FaultPlan>> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What goes wrong with a request, whose text names files.
    fn fault(&self, kind: StoreRequest, text: &str) -> Option<StoreFault> {
        let mut plans = self.plans();
        let mut named = plans.iter_mut();
        let (_, plan) = named.find(|(file, _)| text.contains(file.as_str()))?;
        plan.has_begun |= plan.from == kind;
        plan.has_begun.then_some(plan.fault)
    }
}

async fn bind(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// Takes connections while it is to listen.
async fn listen(first: TcpListener, port: u16, shared: Arc<SharedProxy>) {
    let mut listener = Some(first);
    let mut listens = shared.listens.subscribe();
    loop {
        if !*listens.borrow_and_update() {
            listener = None;
        } else if listener.is_none() {
            listener = bind(port).await.ok();
        }
        tokio::select! {
            () = shared.closed.cancelled() => return,
            changed = listens.changed() => if changed.is_err() { return },
            accepted = accept(listener.as_ref()) => if let Ok(client) = accepted {
                let shared = shared.clone();
                tokio::spawn(async move { let _ = serve(client, &shared).await; });
            },
            // The port is taken for a moment.
            () = pause(TRICKLE_INTERVAL), if listener.is_none() => {}
        }
    }
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<TcpStream> {
    match listener {
        Some(listener) => Ok(listener.accept().await?.0),
        None => std::future::pending().await,
    }
}

async fn serve(mut client: TcpStream, shared: &SharedProxy) -> io::Result<()> {
    let mut request = ReceivedRequest::receive(&mut client).await?;
    let Some(fault) = shared.fault(request.kind, &request.text()) else {
        let mut server = request.forward(shared.target).await?;
        copy_bidirectional(&mut client, &mut server).await?;
        return Ok(());
    };
    match fault {
        StoreFault::Answer(status, code) => {
            request.receive_body(&mut client).await?;
            client.write_all(answer(status, code).as_bytes()).await
        }
        StoreFault::Refuse => {
            shared.listens.send_replace(false);
            Ok(())
        }
        StoreFault::Stall => {
            request.receive_body(&mut client).await?;
            // Until the client gives up.
            let mut ignored = [0; 16];
            let given_up = client.read(&mut ignored);
            let _ = shared.closed.run_until_cancelled(given_up).await;
            Ok(())
        }
        StoreFault::CutRequest => Ok(()),
        StoreFault::CutAnswer => {
            request.exchange(&mut client, shared.target).await?;
            Ok(())
        }
        StoreFault::CutBody => {
            let answer = request.exchange(&mut client, shared.target).await?;
            let body = head_length(&answer).unwrap_or(0);
            let middle = body + (answer.len() - body) / 2;
            client.write_all(&answer[..middle]).await
        }
        StoreFault::Trickle => {
            let answer = request.exchange(&mut client, shared.target).await?;
            trickle(&mut client, &answer).await
        }
    }
}

fn answer(status: u16, code: &str) -> String {
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>");
    let length = body.len();
    format!(
        "HTTP/1.1 {status} {code}\r\nContent-Type: application/xml\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
}

async fn trickle(client: &mut TcpStream, answer: &[u8]) -> io::Result<()> {
    client.set_nodelay(true)?;
    let begin = head_length(answer).unwrap_or(0);
    let end = answer.len().min(begin + TRICKLED_BYTES);
    client.write_all(&answer[..begin]).await?;
    for byte in &answer[begin..end] {
        pause(TRICKLE_INTERVAL).await;
        client.write_all(&[*byte]).await?;
    }
    client.write_all(&answer[end..]).await
}

/// A request whose head has arrived.
struct ReceivedRequest {
    kind: StoreRequest,
    /// The head, and the beginning of the body.
    bytes: Vec<u8>,
    head: usize,
    body: usize,
}

impl ReceivedRequest {
    async fn receive(client: &mut TcpStream) -> io::Result<Self> {
        let mut bytes = Vec::new();
        let head = loop {
            if let Some(head) = head_length(&bytes) {
                break head;
            }
            if bytes.len() > MAX_HEAD || client.read_buf(&mut bytes).await? == 0 {
                return Err(io::ErrorKind::InvalidData.into());
            }
        };
        let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
        let length = text.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse().ok())?
        });
        let kind = classify(text.lines().next().unwrap_or_default());
        let mut request = Self {
            kind,
            bytes,
            head,
            body: length.unwrap_or(0),
        };
        // A deletion names its objects in the body.
        if kind == StoreRequest::Delete {
            request.receive_body(client).await?;
        }
        Ok(request)
    }

    async fn receive_body(&mut self, client: &mut TcpStream) -> io::Result<()> {
        while self.bytes.len() < self.head + self.body {
            if client.read_buf(&mut self.bytes).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }

    /// What names files in it.
    fn text(&self) -> String {
        let end = self.bytes.len().min(self.head + MAX_HEAD);
        let is_deletion = self.kind == StoreRequest::Delete;
        let named = if is_deletion { end } else { self.head };
        String::from_utf8_lossy(&self.bytes[..named]).into_owned()
    }

    /// Sends what has arrived to the server.
    async fn forward(&self, target: u16) -> io::Result<TcpStream> {
        let mut server =
            TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, target))).await?;
        let line = self.bytes.iter().position(|byte| *byte == b'\n');
        let (line, rest) = self.bytes.split_at(line.map_or(0, |end| end + 1));
        server.write_all(line).await?;
        server.write_all(b"Connection: close\r\n").await?;
        server.write_all(rest).await?;
        Ok(server)
    }

    /// Sends the whole request to the server. Returns its answer.
    async fn exchange(&mut self, client: &mut TcpStream, target: u16) -> io::Result<Vec<u8>> {
        self.receive_body(client).await?;
        let mut server = self.forward(target).await?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer).await?;
        Ok(answer)
    }
}

/// The length of a head, with the empty line at its end.
fn head_length(bytes: &[u8]) -> Option<usize> {
    let end = b"\r\n\r\n";
    let found = bytes.windows(end.len()).position(|part| part == end);
    found.map(|at| at + end.len())
}

/// What the first line of a request asks for.
fn classify(line: &str) -> StoreRequest {
    let mut words = line.split(' ');
    let (method, target) = (words.next(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let parameter = |name: &str| {
        let mut parameters = query.split('&');
        parameters.find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
    };
    let either = |preview, object| {
        if path.contains("/previews/") {
            preview
        } else {
            object
        }
    };
    let part = parameter("partNumber").and_then(|number| number.parse().ok());
    match method {
        Some("PUT") => match part {
            Some(number) => StoreRequest::Part(number),
            None => either(StoreRequest::PutPreview, StoreRequest::Put),
        },
        Some("POST") if parameter("uploadId").is_some() => StoreRequest::Complete,
        Some("POST") if query.starts_with("uploads") => StoreRequest::Begin,
        Some("DELETE") if parameter("uploadId").is_some() => StoreRequest::Abandon,
        Some("POST" | "DELETE") => StoreRequest::Delete,
        Some("HEAD") => either(StoreRequest::FindPreview, StoreRequest::Find),
        _ if query.contains("list-type") => StoreRequest::List,
        _ => either(StoreRequest::GetPreview, StoreRequest::Get),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_known_by_their_first_line() {
        for (line, expected) in [
            ("PUT /files/chat/files/5a/x HTTP/1.1", StoreRequest::Put),
            (
                "POST /files/chat/files/5a/x?uploads HTTP/1.1",
                StoreRequest::Begin,
            ),
            (
                "PUT /files/a?partNumber=3&uploadId=u HTTP/1.1",
                StoreRequest::Part(3),
            ),
            ("POST /files/a?uploadId=u HTTP/1.1", StoreRequest::Complete),
            ("DELETE /files/a?uploadId=u HTTP/1.1", StoreRequest::Abandon),
            ("POST /files?delete HTTP/1.1", StoreRequest::Delete),
            (
                "HEAD /files/chat/previews/5a/x HTTP/1.1",
                StoreRequest::FindPreview,
            ),
            (
                "GET /files/chat/previews/5a/x HTTP/1.1",
                StoreRequest::GetPreview,
            ),
            (
                "GET /files?list-type=2&prefix=a HTTP/1.1",
                StoreRequest::List,
            ),
            ("GET /files/chat/files/5a/x HTTP/1.1", StoreRequest::Get),
        ] {
            assert_eq!(classify(line), expected, "{line}");
        }
    }
}
