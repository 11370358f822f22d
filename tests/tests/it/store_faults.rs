//! Uploads to a bucket that is away, slow or full, or answers errors, at every step: the file is
//! stored exactly once or not at all, and no message ever lacks its file.

use futures::StreamExt as _;
use serde_json::{Value, json};
use tests::bucket::BucketServer;
use tests::client::Client;
use tests::store_proxy::{StoreFault, StoreProxy, StoreRequest};
use tests::uploads::{content, put_part, reserve, send_file};
use tests::world::{Settings, World, create_dir};

use crate::later_collector::LaterCollector;

/// Sent as one object, and in three parts.
const SMALL: usize = 40_000;
const LARGE: usize = 17 * 1024 * 1024;

/// How many uploads run at the same time.
const CONCURRENT: usize = 4;

const FULL: StoreFault = StoreFault::Answer(507, "InsufficientStorage");
const OVER_QUOTA: StoreFault = StoreFault::Answer(403, "QuotaExceeded");
const DENIED: StoreFault = StoreFault::Answer(403, "AccessDenied");
const BROKEN: StoreFault = StoreFault::Answer(500, "InternalError");
const BUSY: StoreFault = StoreFault::Answer(503, "SlowDown");

/// What goes wrong at every step.
const FAULTS: [StoreFault; 8] = [
    FULL,
    OVER_QUOTA,
    DENIED,
    BROKEN,
    BUSY,
    StoreFault::Stall,
    StoreFault::CutRequest,
    StoreFault::CutAnswer,
];

/// The steps in which an upload uses the store, with the size of a file that has the step.
const STEPS: [(StoreRequest, usize); 5] = [
    (StoreRequest::Put, SMALL),
    (StoreRequest::Begin, LARGE),
    (StoreRequest::Part(1), LARGE),
    (StoreRequest::Part(3), LARGE),
    (StoreRequest::Complete, LARGE),
];

/// A bucket behind a faulty network.
pub struct FaultyBucket {
    pub server: BucketServer,
    pub proxy: StoreProxy,
    pub settings: Settings,
}

impl FaultyBucket {
    pub async fn start() -> Self {
        let server = tokio::task::block_in_place(|| BucketServer::start(&create_dir()));
        let proxy = StoreProxy::start(server.port()).await;
        let endpoint = format!("http://127.0.0.1:{}", proxy.port);
        let settings = server
            .settings()
            .with("AWS_ENDPOINT", endpoint)
            .with("TIDINGS_FILE_TIMEOUT", "1s");
        Self {
            server,
            proxy,
            settings,
        }
    }
}

/// An upload that meets a fault.
#[derive(Debug, Clone, Copy)]
struct UploadCase {
    step: StoreRequest,
    size: usize,
    fault: StoreFault,
    /// Whether the client tries again.
    resumes: bool,
}

impl UploadCase {
    fn all() -> Vec<Self> {
        let mut cases = Vec::new();
        for (step, size) in STEPS {
            for fault in FAULTS {
                let resumed = Self {
                    step,
                    size,
                    fault,
                    resumes: true,
                };
                cases.push(resumed);
                if matches!(fault, StoreFault::Stall | StoreFault::CutAnswer | FULL) {
                    cases.push(Self {
                        resumes: false,
                        ..resumed
                    });
                }
            }
        }
        cases
    }

    /// The status and the code of the problem.
    fn problem(&self) -> (u16, &'static str) {
        match self.fault {
            FULL | OVER_QUOTA => (507, "file_store_full"),
            _ => (503, "file_store_unavailable"),
        }
    }

    fn bytes(&self, number: usize) -> Vec<u8> {
        let seed = number.to_be_bytes();
        (0..self.size)
            .map(|at| seed[at % seed.len()].wrapping_add((at / 251) as u8))
            .collect()
    }

    /// Uploads a file in two pieces, of which the second needs the store. Returns the id if the
    /// upload is given up.
    async fn run(self, ann: &Client, proxy: &StoreProxy, number: usize) -> Option<String> {
        let (size, bytes) = (self.size, self.bytes(number));
        let id = reserve(ann, "file", size).await;
        proxy.fail(&id, self.step, self.fault);
        let half = size / 2;
        let piece = |first: usize, last: usize| {
            let range = format!("bytes {first}-{}/{size}", last - 1);
            let (bytes, id) = (&bytes[first..last], &id);
            async move { put_part(ann, id, &range, bytes).await }
        };
        let received = piece(0, half).await.expect(202)["received"].clone();
        assert_eq!(received, half, "{self:?}");
        let failed = piece(half, size).await;
        let (status, code) = self.problem();
        assert_eq!(failed.expect_problem(status), code, "{self:?}");
        assert!(!failed.header("retry-after").is_empty(), "{self:?}");
        let early = send_file(ann, "room", &format!("early{number}"), &id).await;
        assert_eq!(early.expect_problem(422), "file_not_ready", "{self:?}");
        let unseen = ann.get(&content(&id)).await;
        assert_eq!(unseen.expect_problem(404), "not_found", "{self:?}");
        if !self.resumes {
            // The store is not well before the upload expires.
            return Some(id);
        }
        assert!(proxy.heal(&id).await, "{self:?} was not met");
        let stored = put_part(ann, &id, &format!("bytes */{size}"), b"").await;
        assert_eq!(stored.expect(200)["state"], "stored", "{self:?}");
        let sent = send_file(ann, "room", &format!("m{number}"), &id).await;
        let at = format!("{}?min_position={}", content(&id), sent.position());
        let read = ann.get(&at).await;
        read.expect(200);
        assert!(read.body == bytes, "{self:?}: other bytes");
        None
    }
}

/// What `tidings verify --files` says: whether the store is as the log says, and how many files it
/// must have.
pub async fn verify(world: &World) -> (bool, usize) {
    let data = world.dir.join("data").display().to_string();
    let command = ["verify", "--files", "--json", "--data", &data];
    let output = world.run(&command).await;
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let files = report["files"].as_u64().expect("a number");
    (report["equal"] == json!(true), files as usize)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_stored_once_or_not_at_all_whatever_the_bucket_does() {
    let bucket = FaultyBucket::start().await;
    let world = World::start_with(bucket.settings.clone()).await;
    let ann = world.user("ann");
    ann.create_group("room", &[]).await.expect(201);
    let cases = UploadCase::all();
    let stored = cases.iter().filter(|case| case.resumes).count();
    let runs = cases.into_iter().enumerate();
    let runs = runs.map(|(number, case)| case.run(&ann, &bucket.proxy, number));
    let ends = futures::stream::iter(runs).buffer_unordered(CONCURRENT);
    let given_up: Vec<String> = ends.filter_map(std::future::ready).collect().await;
    let marker = ann.send("room", "last", "last").await.position();
    world.wait_until_projected(marker).await;
    assert_eq!(
        verify(&world).await,
        (true, stored),
        "an upload is no orphan"
    );
    // The uploads that were given up expire while the store does not answer, so that their parts
    // stay; the next sweep removes them.
    let later = LaterCollector::start(&world, &bucket.settings).await;
    for id in &given_up {
        bucket.proxy.heal(id).await;
    }
    later.collect().await;
    let marker = ann.send("room", "end", "end").await.position();
    world.wait_until_projected(marker).await;
    assert_eq!(verify(&world).await, (true, stored));
    assert_eq!(later.count_objects().await.expect("a list"), stored);
    assert_eq!(bucket.server.list_parts().await, Vec::<String>::new());
    for id in &given_up {
        let gone = ann.get(&format!("/v1/files/{id}")).await;
        assert_eq!(gone.expect_problem(404), "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_once_the_bucket_takes_connections_again() {
    let bucket = FaultyBucket::start().await;
    let world = World::start_with(bucket.settings.clone()).await;
    let ann = world.user("ann");
    ann.create_group("room", &[]).await.expect(201);
    for (number, (step, size)) in STEPS.into_iter().enumerate() {
        let case = UploadCase {
            step,
            size,
            fault: StoreFault::Refuse,
            resumes: true,
        };
        case.run(&ann, &bucket.proxy, number).await;
    }
    assert_eq!(verify(&world).await, (true, STEPS.len()));
    assert_eq!(bucket.server.list_parts().await, Vec::<String>::new());
}
