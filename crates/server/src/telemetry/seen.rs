//! What was last seen of the database, so that the log says once when it goes and once when it is back.

use std::sync::atomic::{AtomicBool, Ordering};

use sekisho_core::Timestamp;

use super::log::rfc3339;
use crate::failure::Failure;

/// What `/readyz` has seen last.
#[derive(Debug, Default)]
pub struct Seen {
    away: AtomicBool,
    frozen: AtomicBool,
}

impl Seen {
    /// Logs what has changed: the database is lost or back, its writes are on hold or go on.
    pub fn note(&self, found: &Result<Option<Timestamp>, Failure>) {
        let was_away = self.away.swap(found.is_err(), Ordering::Relaxed);
        match found {
            Err(_) if was_away => {}
            Err(Failure::Store(error)) => tracing::error!("the database is away, /readyz is red: {error}"),
            Err(_) => tracing::error!("the database is away, /readyz is red"),
            Ok(since) => {
                if was_away {
                    tracing::info!("the database is back");
                }
                self.writes(*since);
            }
        }
    }

    fn writes(&self, frozen_since: Option<Timestamp>) {
        let was_frozen = self.frozen.swap(frozen_since.is_some(), Ordering::Relaxed);
        match frozen_since {
            Some(since) if !was_frozen => {
                tracing::warn!("writes are on hold since {} (sekisho db freeze)", rfc3339(since));
            }
            None if was_frozen => tracing::info!("writes go on (sekisho db unfreeze)"),
            _ => {}
        }
    }
}
