//! Figures for whoever watches over the server: `/metrics` on a listener of its own.
//!
//! Each room counts for itself, in plain atomics: the front door requests and connections, the lane hashes, the store its
//! times. Here they are read and written out when somebody asks. Labels are routes, methods, status codes, reason codes
//! and words of this program: nobody's name, id, address or token, and no path.

pub mod api;
mod families;
mod jobs;
mod page;
mod process;
mod reloads;
mod watched;

use axum::extract::MatchedPath;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::{Router, extract::Request};
use sekisho_core::settings::Settings;

pub use jobs::JobRuns;
pub use page::Format;
pub use reloads::Reloads;
pub use watched::Watched;

/// How many connections the listener of the figures takes: a few watchers, and somebody with curl.
const CONNECTIONS: usize = 16;

/// The settings of the listener of the figures: the server's own limits, but for few connections, no pages of other
/// origins and no line in the access log for each look.
pub fn front_door(settings: &Settings) -> Settings {
    let mut own = settings.clone();
    own.http.max_connections = own.http.max_connections.min(CONNECTIONS);
    own.http.cors.allowed_origins.clear();
    own.log.access = false;
    own
}

/// Lets the routes of a library user be counted by their templates.
pub fn counted(own: Router) -> Router {
    if own.has_routes() { own.route_layer(from_fn(name_the_route)) } else { own }
}

/// Hands the template on with the answer: the request, which has it, does not come back.
async fn name_the_route(request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(matched) = matched {
        response.extensions_mut().insert(matched);
    }
    response
}
