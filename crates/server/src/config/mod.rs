//! Configuration: gathered from its layers, and the keys that belong to it.
//!
//! Defaults, then `sekisho.toml`, then `.env`, then the environment, then flags; the later wins . The parsing is
//! `sekisho_core::settings`' business; here are the files.

mod error;
mod files;
pub mod key_ring;
mod load;
mod passfile;
pub mod root_key;

pub use error::ConfigError;
pub use files::{secret_file, secret_text};
pub use load::{Flags, Loaded, load};
pub use passfile::complete;
