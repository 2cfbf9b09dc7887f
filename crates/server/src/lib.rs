//! Sekisho: an authentication server, and the library to build one of your own beside your application's routes.
//!
//! A request walks [`http`] (limits, request id, client) -> [`router`] -> a feature's `api` (parse, one verb,
//! present) -> the verb -> [`app`], the store and the rules of `sekisho_core`. See `examples/orders.rs` for an
//! application that adds its own protected routes.

pub mod accounts;
pub mod address;
pub mod adopt;
pub mod app;
pub mod cli;
pub mod config;
pub mod database;
pub mod demo;
pub mod docs;
pub mod doctor;
pub mod error;
pub mod extract;
pub mod failure;
pub mod hashing;
pub mod health;
pub mod http;
pub mod items;
pub mod jobs;
pub mod metrics;
pub mod openapi;
pub mod reload;
pub mod repeat;
mod router;
pub mod system;
pub mod telemetry;
pub mod throttle;
pub mod tokens;

pub use app::App;
pub use extract::{Call, CurrentUser};
pub use failure::Failure;
pub use router::{below_root_path, router};
pub use sekisho_core as core;
pub use sekisho_store as store;
