//! The pages that the program serves: the chat at `/`, the operations console at `/ops`, the widget
//! that other pages embed at `/widget`, and the files that they load. All of them are in the
//! program, so they work without internet.
//!
//! - `embedded`: the files of `web/dist`, compressed by the build script.
//! - `response`: what is answered to a request for one of them.

#![deny(missing_docs)]

mod embedded;
mod response;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use http::HeaderMap;

use embedded::FILES;
use response::FramePolicy;

/// A route for each file. Every other path stays what it is without the pages. `embedders` are the
/// origins whose pages may show the widget in a frame, as sources of a content security policy.
pub fn routes(embedders: &[String]) -> Router {
    let policies = FramePolicy::new(embedders);
    // People type the address of the console also like that of a directory.
    let redirect = || async { Redirect::permanent("/ops") };
    let router = Router::new().route("/ops/", get(redirect));
    FILES.iter().fold(router, |router, file| {
        let policy = policies.policy_for(file);
        let answer =
            move |headers: HeaderMap| async move { response::answer(file, policy, &headers) };
        router.route(&file.path(), get(answer))
    })
}
