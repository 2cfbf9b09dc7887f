//! Several servers on one PostgreSQL, with nothing between them but the database.

mod accounts;
mod balancer;
mod health;
mod jobs;
mod keys;
mod limits;
mod races;
mod start;

use crate::harness::{Setup, Site};

/// A password that every profile takes.
const PASSWORD: &str = "seven grey herons wade";

/// Two nodes with the seeds' user.
fn two() -> [Site; 2] {
    two_of(Setup::new().demo())
}

fn two_of(setup: Setup) -> [Site; 2] {
    setup.start_nodes(2).try_into().unwrap_or_else(|_| panic!("two nodes"))
}

/// What each of `n` callers got who all asked at once, the `n`-th of them of node `n % 2`.
fn at_once<T: Send>(nodes: &[Site; 2], callers: usize, ask: impl Fn(&Site, usize) -> T + Sync) -> Vec<T> {
    let ready = std::sync::Barrier::new(callers);
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..callers)
            .map(|n| {
                let (ask, ready) = (&ask, &ready);
                scope.spawn(move || {
                    ready.wait();
                    ask(&nodes[n % 2], n)
                })
            })
            .collect();
        calls.into_iter().map(|call| call.join().expect("a caller")).collect()
    })
}
