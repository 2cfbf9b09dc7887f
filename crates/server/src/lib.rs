//! The server.

pub mod docs;
