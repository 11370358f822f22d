//! `/v1/admin/jobs`: rebuilding and verifying over HTTP.

use audit::AccessAct;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use domain::ids::UserId;
use http_edge::{Admin, Path, Problem};
use projector::PreviousVersion;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::job::{Job, JobKind, JobState, JobSubject, RebuildOrigin};
use super::run::JobRun;
use super::store::JobStore;
use super::work::JobOrder;
use crate::state::{OperatorProblems, OperatorState, database_away, head_headers};

/// The job to start.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewJob)]
pub struct JobRequest {
    /// What to do.
    kind: JobKind,
    /// What it works on. Seals can only be verified.
    of: JobSubject,
    /// For a rebuild: keep what it replaces, so that a later one can begin with it.
    keep: Option<bool>,
    /// For a rebuild: where it begins [default: `log`].
    from: Option<RebuildOrigin>,
}

/// The jobs.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobList {
    /// The newest first, at most 100.
    jobs: Vec<Job>,
}

impl JobRequest {
    fn into_order(self) -> Result<JobOrder, Problem> {
        let Self {
            kind,
            of,
            keep,
            from,
        } = self;
        if kind == JobKind::Rebuild && of == JobSubject::Seals {
            let message = "seals can only be verified: expected `read_models` or `search`";
            return Err(Problem::invalid("of", message));
        }
        if kind == JobKind::Verify && (keep.is_some() || from.is_some()) {
            let field = if keep.is_some() { "keep" } else { "from" };
            return Err(Problem::invalid(field, "only a rebuild has this option"));
        }
        let replaced = if keep == Some(true) {
            PreviousVersion::Keep
        } else {
            PreviousVersion::Drop
        };
        Ok(JobOrder {
            kind,
            subject: of,
            replaced,
            origin: from.unwrap_or_default(),
        })
    }
}

/// Starts a rebuild or a verification, which runs in the background.
///
/// Only one runs at a time. While a rebuild runs, the old tables or the old index are served; it
/// ends with a comparison and a swap. A verification that finds differences is `done` with `equal`
/// false, one of seals with `findings`. A job ends with its process, as `interrupted`; a rebuild
/// that is started again continues where it was.
#[utoipa::path(
    post, path = "/v1/admin/jobs", operation_id = "start_job", tag = "admin",
    request_body(content = inline(JobRequest),
                 example = json!({"kind": "verify", "of": "read_models"})),
    responses(
        (status = 202, description = "The job, which runs.", body = Job,
         headers(("Tidings-Position" = i64, description = "The head position of the log."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        (status = 409, description = "A job runs (`job_running`).", body = Problem,
         content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = Problem,
         content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON.", body = Problem,
         content_type = "application/problem+json"),
        (status = 422, description = "A field is invalid (`invalid`).", body = Problem,
         content_type = "application/problem+json"),
        OperatorProblems,
    ),
)]
pub async fn start_job(
    State(state): State<OperatorState>,
    Admin(caller): Admin,
    http_edge::Json(request): http_edge::Json<JobRequest>,
) -> Result<(StatusCode, HeaderMap, Json<Job>), Problem> {
    let order = request.into_order()?;
    let by = UserId::parse(caller.token_user()).map_err(|_| Problem::forbidden())?;
    let headers = head_headers(&state).await?;
    let store = JobStore::new(state.writes.clone());
    let started = store.start(order.kind, order.subject, by.as_str()).await;
    let Some(job) = started.map_err(|error| database_away(&error))? else {
        let detail = "A rebuild or a verification is running; wait for its end, or stop it.";
        return Err(Problem::conflict("job_running", detail));
    };
    let run = JobRun {
        id: job.id,
        order,
        sources: state.job_sources.clone(),
        store,
        shutdown: state.shutdown.clone(),
    };
    run.spawn();
    let target = format!("{} {}", order.kind.as_str(), order.subject.as_str());
    let (act, call) = (AccessAct::JobStarted, "POST /v1/admin/jobs");
    let recorder = &state.recorder;
    let target = Some(target.as_str());
    recorder.record_act(&caller, act, target, call).await;
    Ok((StatusCode::ACCEPTED, headers, Json(job)))
}

/// Stops a job. What is served stays as it is.
///
/// The job is `stopped` about a second later, unless it comes to its end before. The rebuild of a
/// search index cannot be stopped: the process that writes the index does it.
#[utoipa::path(
    delete, path = "/v1/admin/jobs/{id}", operation_id = "stop_job", tag = "admin",
    params(("id" = String, Path, description = "The job.",
            example = "01930f5e-7c1a-7b3e-9a44-3f2d8f6f0c11")),
    responses(
        (status = 200, description = "The job, which has ended.", body = Job,
         headers(("Tidings-Position" = i64, description = "The head position of the log."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        (status = 202, description = "The job, which stops.", body = Job,
         headers(("Tidings-Position" = i64, description = "The head position of the log."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        (status = 404, description = "There is no such job.", body = Problem,
         content_type = "application/problem+json"),
        (status = 409, description = "The job cannot be stopped (`not_stoppable`).",
         body = Problem, content_type = "application/problem+json"),
        OperatorProblems,
    ),
)]
pub async fn stop_job(
    State(state): State<OperatorState>,
    Admin(caller): Admin,
    Path(id): Path<String>,
) -> Result<(StatusCode, HeaderMap, Json<Job>), Problem> {
    let store = JobStore::new(state.writes.clone());
    let job = find(&store, &id).await?;
    let headers = head_headers(&state).await?;
    if job.state != JobState::Running {
        return Ok((StatusCode::OK, headers, Json(job)));
    }
    if (job.kind, job.of) == (JobKind::Rebuild, JobSubject::Search) {
        let detail = "The rebuild of a search index cannot be stopped; the old index is served \
                      until it is done.";
        return Err(Problem::conflict("not_stoppable", detail));
    }
    let asked = store.request_stop(job.id).await;
    if asked.map_err(|error| database_away(&error))? {
        let target = format!("{} {}", job.kind.as_str(), job.of.as_str());
        let (act, call) = (AccessAct::JobStopped, "DELETE /v1/admin/jobs/{id}");
        let recorder = &state.recorder;
        let target = Some(target.as_str());
        recorder.record_act(&caller, act, target, call).await;
    }
    Ok((
        StatusCode::ACCEPTED,
        headers,
        Json(find(&store, &id).await?),
    ))
}

/// Returns the rebuilds and verifications that were started over HTTP, in whichever process.
#[utoipa::path(
    get, path = "/v1/admin/jobs", operation_id = "list_jobs", tag = "admin",
    responses(
        (status = 200, description = "The jobs.", body = JobList,
         headers(("Tidings-Position" = i64, description = "The head position of the log."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        OperatorProblems,
    ),
)]
pub async fn list_jobs(
    State(state): State<OperatorState>,
    _admin: Admin,
) -> Result<(HeaderMap, Json<JobList>), Problem> {
    let jobs = JobStore::new(state.writes.clone()).list().await;
    let jobs = jobs.map_err(|error| database_away(&error))?;
    Ok((head_headers(&state).await?, Json(JobList { jobs })))
}

/// Returns a rebuild or a verification, with its progress or its result.
#[utoipa::path(
    get, path = "/v1/admin/jobs/{id}", operation_id = "get_job", tag = "admin",
    params(("id" = String, Path, description = "The job.",
            example = "01930f5e-7c1a-7b3e-9a44-3f2d8f6f0c11")),
    responses(
        (status = 200, description = "The job.", body = Job,
         headers(("Tidings-Position" = i64, description = "The head position of the log."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        (status = 404, description = "There is no such job.", body = Problem,
         content_type = "application/problem+json"),
        OperatorProblems,
    ),
)]
pub async fn get_job(
    State(state): State<OperatorState>,
    _admin: Admin,
    Path(id): Path<String>,
) -> Result<(HeaderMap, Json<Job>), Problem> {
    let job = find(&JobStore::new(state.writes.clone()), &id).await?;
    Ok((head_headers(&state).await?, Json(job)))
}

async fn find(store: &JobStore, id: &str) -> Result<Job, Problem> {
    let id = Uuid::parse_str(id).map_err(|_| Problem::not_found())?;
    let found = store.find(id).await;
    found
        .map_err(|error| database_away(&error))?
        .ok_or_else(Problem::not_found)
}
