//! The front door: connections, their limits, and what every request and every answer has in common.
//!
//! In reading order: [`serve`] accepts connections and counts them; `connection` drives one of them, `wire`
//! is its socket and `framing` watches for requests whose length could be read in two ways; `front`
//! receives each request, checks it, gives it a name and a client, hands it to the router and finishes the
//! answer.
//!
//! What stands here is on the path of every request, so it is counted: no timer is armed and no lock is
//! taken for a request that is answered at once. Slow clients are found by one task that looks at all
//! connections twice a second (`registry`).

mod access;
mod answering;
mod body;
mod chunks;
mod client;
mod connection;
mod cors;
mod counts;
mod direct;
mod forwarded;
mod framing;
mod front;
mod gate;
mod guard;
mod head;
mod headers;
mod policy;
mod registry;
mod routes;
mod serve;
mod state;
mod tally;
#[cfg(test)]
mod tests;
mod wire;

pub use client::Client;
pub use counts::Requests;
pub use direct::{Direct, DirectAnswer};
pub use gate::Gate;
pub use serve::serve;
pub use tally::Connections;
