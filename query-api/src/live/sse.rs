//! The feed as a stream of server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use tokio::time::Instant;

use super::frame::{ServerFrame, SessionEnd, problem_frame};
use super::presence_service::OnlineGuard;
use super::session::LiveSession;

/// How often a keep-alive comment is sent on an idle connection.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// Returns a response that streams until the token expires, the client disconnects, or the service
/// stops.
pub fn serve(session: LiveSession, online: OnlineGuard) -> Response {
    let ends = Instant::now() + session.caller().time_left();
    let frames = stream::unfold(Some((session, online)), move |state| async move {
        let (mut session, online) = state?;
        let next = tokio::time::timeout_at(ends, session.next_frames())
            .await
            .ok()?;
        Some(match next {
            Ok(frames) => (
                frames.iter().map(to_sse_event).collect::<Vec<_>>(),
                Some((session, online)),
            ),
            Err(SessionEnd::Problem(_, error)) => {
                let event = Event::default()
                    .event("problem")
                    .data(problem_frame(&error));
                (vec![event], None)
            }
            Err(SessionEnd::Closed(..)) => return None,
        })
    });
    let events = futures::StreamExt::flat_map(frames, |events| {
        stream::iter(events.into_iter().map(Ok::<_, Infallible>))
    });
    let alive = KeepAlive::new().interval(KEEP_ALIVE_INTERVAL);
    Sse::new(events).keep_alive(alive).into_response()
}

fn to_sse_event(frame: &ServerFrame) -> Event {
    let event = Event::default()
        .event(frame.name())
        .data(frame.to_json().as_str());
    match frame {
        // At `caught_up`, a client without any entry resumes here and not at a later position.
        ServerFrame::Entry(cursor, _) | ServerFrame::CaughtUp(cursor) => {
            event.id(cursor.to_string())
        }
        // Neither may be used to resume: more entries of the position follow, or there is no
        // position.
        ServerFrame::EntryWithMore(..) | ServerFrame::Ephemeral(..) => event,
    }
}
