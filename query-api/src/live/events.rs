//! The feed as server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use http_edge::Caller;
use tokio::time::Instant;

use super::feed::Feed;
use super::frame::{End, Frame, problem};
use super::gossip::Here;

/// How often something is written when there is nothing to say.
const ALIVE_EVERY: Duration = Duration::from_secs(15);

/// An answer that goes on until the token ends, the client goes, or the service does.
pub fn serve(feed: Feed, here: Here, caller: &Caller) -> Response {
    let ends = Instant::now() + caller.time_left();
    let frames = stream::unfold(Some((feed, here)), move |listening| async move {
        let (mut feed, here) = listening?;
        let next = tokio::time::timeout_at(ends, feed.next()).await.ok()?;
        Some(match next {
            Ok(frames) => (
                frames.iter().map(event).collect::<Vec<_>>(),
                Some((feed, here)),
            ),
            Err(End::Problem(_, said)) => {
                let event = Event::default().event("problem").data(problem(&said));
                (vec![event], None)
            }
            Err(End::Closed(..)) => return None,
        })
    });
    let events = futures::StreamExt::flat_map(frames, |events| {
        stream::iter(events.into_iter().map(Ok::<_, Infallible>))
    });
    let alive = KeepAlive::new().interval(ALIVE_EVERY);
    Sse::new(events).keep_alive(alive).into_response()
}

fn event(frame: &Frame) -> Event {
    let event = Event::default()
        .event(frame.name())
        .data(frame.json().as_str());
    match frame {
        Frame::Entry(position, _) => event.id(position.to_string()),
        // Who has been told of nothing yet resumes here, not at a later present.
        Frame::CaughtUp(cursor) => event.id(cursor.to_string()),
        // Who resumes at a position has all of it.
        Frame::Part(..) | Frame::Aside(..) => event,
    }
}
