//! The load generator: raw HTTP/1.1 on kept connections, one request at a time on each. It shares
//! the machine with what it measures, so it does as little as possible: requests are rendered in
//! advance, only the status and the length of a response are parsed, and one thread drives all
//! connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tests::seed::Rng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// The length of a `client_message_id`, which is written into each request before it is sent.
const KEY_LENGTH: usize = 24;

/// A longer response cannot be a response to a send.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;

/// A rendered request, with space for the key if it is a send.
#[derive(Debug, Clone)]
pub struct RequestTemplate {
    bytes: Vec<u8>,
    key_at: Option<usize>,
}

impl RequestTemplate {
    /// A send of a short text to a conversation. All peers get the same bytes.
    pub fn send(conversation: &str, token: &str) -> Self {
        let key = "k".repeat(KEY_LENGTH);
        let text = "The quick brown fox jumps over the lazy dog, twice. 你好";
        let body =
            format!(r#"{{"client_message_id":"{key}","type":"text","body":{{"text":"{text}"}}}}"#);
        let head = format!(
            "POST /v1/conversations/{conversation}/messages HTTP/1.1\r\nhost: bench\r\n\
             authorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let key_at = head.len() + r#"{"client_message_id":""#.len();
        Self {
            bytes: (head + &body).into_bytes(),
            key_at: Some(key_at),
        }
    }

    /// A query.
    pub fn get(path: &str, token: &str) -> Self {
        let head =
            format!("GET {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\r\n");
        Self {
            bytes: head.into_bytes(),
            key_at: None,
        }
    }

    /// Renders the request with this key.
    pub fn render(&self, into: &mut Vec<u8>, key: u128) {
        into.clear();
        into.extend_from_slice(&self.bytes);
        if let Some(key_at) = self.key_at {
            let digits = format!("{key:0KEY_LENGTH$x}");
            into[key_at..key_at + KEY_LENGTH].copy_from_slice(digits.as_bytes());
        }
    }
}

/// What to run.
#[derive(Debug, Clone)]
pub struct LoadPlan {
    /// The address of the service.
    pub address: SocketAddr,
    /// Connection `k` of `n` sends templates `k, k + n, k + 2n, ...` in turn, so that no two
    /// connections write to one conversation unless there are fewer conversations than connections.
    pub templates: Arc<Vec<RequestTemplate>>,
    /// The number of kept connections.
    pub connections: usize,
    /// The time before the measurement.
    pub warm_up: Duration,
    /// The time of the measurement.
    pub duration: Duration,
}

/// Sends that [`send_keys`] made, and that a run repeats exactly among its new ones.
#[derive(Debug, Clone, Copy)]
pub struct Retries {
    /// How many of 100 requests repeat an earlier one.
    pub percent: u64,
    /// The keys of the earlier sends, made with the same templates and number of connections.
    pub keys: SentKeys,
}

/// The keys of earlier sends.
#[derive(Debug, Clone, Copy)]
pub struct SentKeys {
    prefix: u128,
    per_connection: usize,
}

/// The results of a run.
#[derive(Debug, Clone)]
pub struct LoadResult {
    /// Acknowledged requests per second.
    pub rate: f64,
    /// The median latency.
    pub p50: Duration,
    /// The 99th percentile of the latency.
    pub p99: Duration,
}

/// Runs a plan on its own thread. Any status except 200 and 201 is an error.
pub fn run_load(plan: &LoadPlan) -> Result<LoadResult> {
    run_load_with_retries(plan, None)
}

/// Runs a plan in which some requests repeat earlier ones.
pub fn run_load_with_retries(plan: &LoadPlan, retries: Option<Retries>) -> Result<LoadResult> {
    let plan = plan.clone();
    run_on_own_thread(async move {
        let start = Instant::now() + plan.warm_up;
        let stop = Stop::AtTime(start + plan.duration);
        let latencies = send_on_all_connections(&plan, retries, start, stop, new_key_prefix());
        let latencies = latencies.await?;
        summarize(plan.duration, latencies)
    })
}

/// Sends a number of messages on each connection of a plan, whatever its duration is.
pub fn send_keys(plan: &LoadPlan, per_connection: usize) -> Result<SentKeys> {
    let plan = plan.clone();
    run_on_own_thread(async move {
        let (now, prefix) = (Instant::now(), new_key_prefix());
        let stop = Stop::AfterSends(per_connection);
        send_on_all_connections(&plan, None, now, stop, prefix).await?;
        Ok(SentKeys {
            prefix,
            per_connection,
        })
    })
}

/// Runs a load on a thread of its own, so that nothing else delays it.
pub fn run_on_own_thread<T: Send + 'static>(
    load: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let worker = std::thread::spawn(move || runtime.block_on(load));
    worker
        .join()
        .unwrap_or_else(|_| bail!("the load generator panicked"))
}

async fn send_on_all_connections(
    plan: &LoadPlan,
    retries: Option<Retries>,
    start: Instant,
    stop: Stop,
    prefix: u128,
) -> Result<Vec<u32>> {
    let mut connections = JoinSet::new();
    for index in 0..plan.connections {
        let connection = HttpConnection::open(plan.address).await?;
        let work = ConnectionTask {
            requests: RequestSequence::new(plan, index),
            retries,
            prefix,
            start,
            stop,
        };
        connections.spawn(work.run(connection));
    }
    let mut latencies = Vec::new();
    while let Some(done) = connections.join_next().await {
        latencies.extend(done.context("a connection failed")??);
    }
    Ok(latencies)
}

/// A prefix for the keys of a run, different from those of all other runs: the time in
/// microseconds, above the bits that connections and counters use.
pub fn new_key_prefix() -> u128 {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    (now.as_micros() & 0xffff_ffff) << 56
}

/// The results of a run of this duration, from the latencies in microseconds.
pub fn summarize(duration: Duration, mut micros: Vec<u32>) -> Result<LoadResult> {
    ensure!(!micros.is_empty(), "no request was acknowledged");
    micros.sort_unstable();
    let at = |share: f64| {
        let index = ((micros.len() - 1) as f64 * share) as usize;
        Duration::from_micros(u64::from(micros[index]))
    };
    Ok(LoadResult {
        rate: micros.len() as f64 / duration.as_secs_f64(),
        p50: at(0.50),
        p99: at(0.99),
    })
}

/// When a connection ends.
#[derive(Debug, Clone, Copy)]
enum Stop {
    AtTime(Instant),
    AfterSends(usize),
}

/// The requests of one connection: its templates in turn, each with a key of its own.
struct RequestSequence {
    templates: Arc<Vec<RequestTemplate>>,
    index: usize,
    first: usize,
    stride: usize,
    /// How many templates the connection has.
    cycle: usize,
}

impl RequestSequence {
    fn new(plan: &LoadPlan, index: usize) -> Self {
        let first = index % plan.templates.len();
        Self {
            first,
            index,
            stride: plan.connections,
            cycle: (plan.templates.len() - first).div_ceil(plan.connections),
            templates: plan.templates.clone(),
        }
    }

    /// Renders a request of the run with this prefix.
    fn render(&self, into: &mut Vec<u8>, prefix: u128, number: usize) {
        let template = self.first + (number % self.cycle) * self.stride;
        let key = prefix | (self.index as u128) << 40 | number as u128;
        self.templates[template].render(into, key);
    }
}

struct ConnectionTask {
    requests: RequestSequence,
    retries: Option<Retries>,
    prefix: u128,
    start: Instant,
    stop: Stop,
}

impl ConnectionTask {
    /// Sends until the end. Returns the latencies, in microseconds, of the sends that started and
    /// ended during the measurement.
    async fn run(self, mut connection: HttpConnection) -> Result<Vec<u32>> {
        let mut latencies = Vec::with_capacity(1 << 14);
        let mut request = Vec::with_capacity(1024);
        let mut random = Rng::new(self.requests.index as u64);
        let mut sent = Instant::now();
        for number in 0.. {
            if matches!(self.stop, Stop::AfterSends(sends) if number >= sends) {
                break;
            }
            match self.retries {
                Some(Retries { percent, keys }) if random.chance(percent) => {
                    let number = random.below(keys.per_connection);
                    self.requests.render(&mut request, keys.prefix, number);
                }
                _ => self.requests.render(&mut request, self.prefix, number),
            }
            connection.exchange(&request).await?;
            let now = Instant::now();
            if matches!(self.stop, Stop::AtTime(end) if now >= end) {
                break;
            }
            if sent >= self.start {
                latencies.push((now - sent).as_micros() as u32);
            }
            sent = now;
        }
        Ok(latencies)
    }
}

/// A kept connection.
pub struct HttpConnection {
    stream: TcpStream,
    response: Vec<u8>,
}

impl HttpConnection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await.context("connect")?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            response: Vec::with_capacity(4096),
        })
    }

    /// Sends a request and returns the body of its response, which must be a 200 or 201.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<&[u8]> {
        self.stream.write_all(request).await?;
        self.response.clear();
        let mut extent = None;
        while extent.is_none_or(|(_, end)| self.response.len() < end) {
            let read = self.stream.read_buf(&mut self.response).await?;
            ensure!(
                read > 0,
                "the connection was closed: {}",
                self.response_text()
            );
            ensure!(
                self.response.len() < MAX_RESPONSE_BYTES,
                "the response is too long: {}",
                self.response_text()
            );
            if extent.is_none() {
                extent = response_extent(&self.response)?;
            }
        }
        let accepted = matches!(self.response.get(9..12), Some(b"201" | b"200"));
        ensure!(accepted, "refused: {}", self.response_text());
        let (body, end) = extent.unwrap_or_default();
        Ok(&self.response[body..end])
    }

    fn response_text(&self) -> String {
        String::from_utf8_lossy(&self.response[..self.response.len().min(800)]).into_owned()
    }
}

/// The start and the end of the body, once the head is complete.
fn response_extent(answer: &[u8]) -> Result<Option<(usize, usize)>> {
    let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let length = answer[..head]
        .split(|byte| *byte == b'\n')
        .find_map(|line| {
            let (name, value) = line.split_at_checked(15)?;
            name.eq_ignore_ascii_case(b"content-length:")
                .then(|| str::from_utf8(value).ok()?.trim().parse().ok())?
        });
    let length: usize = length.context("the response has no content-length")?;
    Ok(Some((head + 4, head + 4 + length)))
}
