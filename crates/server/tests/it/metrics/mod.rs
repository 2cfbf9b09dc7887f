//! `/metrics` on its own listener: what is counted, who is not named, what the documents say of it.

mod alerts;
mod away;
mod disk;
mod documented;
mod figures;
mod formats;
mod frozen;
mod listener;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::harness::{Connection, Request, Response, Setup, Site, until};

/// A server with figures, the seeds' user among its users.
fn start() -> Site {
    with_figures().start()
}

fn with_figures() -> Setup {
    Setup::new().demo().env("SEKISHO_METRICS_LISTEN", "127.0.0.1:0")
}

/// Where the figures are served.
fn address(site: &Site) -> SocketAddr {
    // It stands behind the line by which the harness knows that the server listens.
    let line = until("the line of the figures", || {
        let log = site.log();
        log.lines().rev().find_map(|line| line.strip_prefix("metrics     http://")).map(str::to_owned)
    });
    line.strip_suffix("/metrics").expect("the path").parse().expect("an address")
}

fn ask(site: &Site, request: &Request) -> Response {
    Connection::open(address(site)).unwrap().exchange(request).unwrap()
}

/// The page in Prometheus' text format.
fn page(site: &Site) -> String {
    let answer = ask(site, &Request::get("/metrics"));
    assert_eq!(answer.status, 200);
    answer.text()
}

/// Every sample of the page, by its name and labels as they stand there.
fn samples(page: &str) -> BTreeMap<String, f64> {
    let lines = page.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').expect("a name and a value");
            (name.to_owned(), value.parse().unwrap_or_else(|_| panic!("{line}")))
        })
        .collect()
}

/// One sample as it is now; 0 where there is none yet.
fn now(site: &Site, name: &str) -> f64 {
    samples(&page(site)).get(name).copied().unwrap_or(0.0)
}
