//! The load generator: closed loop, keep-alive, a few threads over epoll, requests made beforehand.
//!
//! It shares the machine with the server, so what it costs is what it measures wrongly: one write,
//! one read and one look at the clock a request, no allocation.

mod answer;
mod connection;
mod draw;
mod group;
mod histogram;
mod run;
mod worker;

pub(crate) use connection::open_blocking;
pub(crate) use draw::Draw;
pub(crate) use group::{Group, Outcome, Requests, Window};
pub(crate) use run::{run, run_one};
