//! What a panic says: where, never what.

use std::panic::Location;

/// Makes a panic log its place and nothing of its message, which may hold what a client sent (ATTACKS L06).
pub fn log_places_only() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(|| "an unknown place".to_owned(), Location::to_string);
        tracing::error!(place = %place, "panicked at {place}: this is a fault of the server, please report it");
    }));
}
