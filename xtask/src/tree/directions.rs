//! Who may import whom inside `crates/server`:
//! router -> handlers -> extract -> verbs -> app and what it is built of; `cli` and `jobs` call verbs.

use super::graph::Edge;

const SERVER: &str = "crates/server/src/";

/// A kind of file; the order is the direction: nothing imports what stands above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layer {
    /// What `App` is built of: configuration, limits, the hashing lane, telemetry.
    Base,
    /// A rule of the house done in the database: no HTTP.
    Verb,
    /// What a handler may ask for as a parameter.
    Extract,
    /// Parse, one verb, present.
    Handler,
    /// Every URL, and the description of every URL.
    Router,
    /// Commands and jobs: they call verbs, and `serve` starts the router.
    Caller,
    /// `lib.rs` and `main.rs`.
    Root,
}

/// Where a file of the server belongs; `None` for a name that this table does not know.
pub(super) fn layer(path: &str) -> Option<Layer> {
    let path = path.strip_prefix(SERVER)?;
    let top = path.split('/').next()?.trim_end_matches(".rs");
    let file = path.rsplit('/').next()?;
    Some(match top {
        "lib" | "main" => Layer::Root,
        "cli" | "jobs" => Layer::Caller,
        "router" => Layer::Router,
        // Its root lists every handler; the schemas and answers beside it are what handlers are described with.
        "openapi" if file == "mod.rs" => Layer::Router,
        "admin" | "docs" | "health" | "oauth" => Layer::Handler,
        "extract" => Layer::Extract,
        "metrics" if file == "api.rs" => Layer::Handler,
        "accounts" | "adopt" | "database" | "demo" | "doctor" | "items" | "mail" | "sessions" | "tokens" => {
            match file {
                "api.rs" | "pages.rs" => Layer::Handler,
                _ => Layer::Verb,
            }
        }
        "address" | "app" | "config" | "error" | "failure" | "hashing" | "http" | "metrics" => Layer::Base,
        "openapi" | "reload" | "repeat" | "system" | "telemetry" | "throttle" => Layer::Base,
        _ => return None,
    })
}

/// The imports that go against the direction.
pub(super) fn directions(edges: &[Edge]) -> Vec<String> {
    let mut found = Vec::new();
    for edge in edges.iter().filter(|edge| edge.from.starts_with(SERVER)) {
        let (Some(from), Some(to)) = (layer(&edge.from), layer(&edge.to)) else {
            let unknown = if layer(&edge.from).is_none() { &edge.from } else { &edge.to };
            found.push(format!("{unknown}: no layer known for it; name one in xtask/src/tree/directions.rs"));
            continue;
        };
        if let Some(rule) = broken(from, to, &edge.from, &edge.to) {
            found.push(format!("{}:{} -> {}: {rule}", edge.from, edge.line, edge.to));
        }
    }
    found.sort();
    found.dedup();
    found
}

fn broken(from: Layer, to: Layer, from_path: &str, to_path: &str) -> Option<&'static str> {
    let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    match (from, to) {
        (Layer::Root, _) => None,
        (Layer::Caller, Layer::Handler | Layer::Extract) => {
            Some("commands and jobs call verbs, not handlers")
        }
        (Layer::Handler, Layer::Handler) if folder(from_path) != folder(to_path) => {
            Some("no feature imports another's api or pages")
        }
        (Layer::Base, to) if to > Layer::Base => Some("app and what it is built of import no feature"),
        (from, to) if to > from => {
            Some("against the direction router -> handlers -> extract -> verbs -> app")
        }
        _ => None,
    }
}
