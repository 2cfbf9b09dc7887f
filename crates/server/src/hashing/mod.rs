//! The hashing lane: password hashes run on threads of their own, behind request handling, in a bounded
//! queue.
//!
//! - One thread a core by default, each at low priority and with its own reused block of memory, so that a
//!   storm of log-ins does not slow down token checks, and memory is bounded by threads, not by requests.
//!   An idle thread gives its block back to the system. A hash of other software that needs more than a block waits
//!   for its part of one reserve that all threads share.
//! - A [`Permit`] is taken before each hash. Where there is no room the answer is `hashing_busy` at once.
//! - The slot belongs to the hash: a client that goes away does not free it while the hash runs (or a
//!   thousand of them would start a thousand hashes). What still waits when its client goes is taken out.
//! - Of one account one hash runs and at most four wait, so that nobody guesses one password on all cores.
//! - Addresses (IPv6: /64) are served in turn. One address may use the whole lane while nobody else wants
//!   it; once the lane is full, a newcomer takes the place of the last in the longest line. So a flood from
//!   one place, or a proxy that hides its clients behind its own address, runs at full speed and shuts
//!   nobody else out.

mod fair;
mod job;
mod lane;
mod permit;
mod settings;
mod shared;
#[cfg(test)]
mod tests;
mod worker;

pub use lane::{Figures, Lane, Stats};
pub use permit::Permit;
pub use settings::LaneSettings;
