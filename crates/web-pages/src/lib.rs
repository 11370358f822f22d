//! The pages that the program serves: the chat at `/`, the operations console at `/ops`, and the
//! files that they load. All of them are in the program, so they work without internet.
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

/// A route for each file. Every other path stays what it is without the pages.
pub fn routes() -> Router {
    // People type the address of the console also like that of a directory.
    let redirect = || async { Redirect::permanent("/ops") };
    let router = Router::new().route("/ops/", get(redirect));
    FILES.iter().fold(router, |router, file| {
        let answer = move |headers: HeaderMap| async move { response::answer(file, &headers) };
        router.route(&file.path(), get(answer))
    })
}
