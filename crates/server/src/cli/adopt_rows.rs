//! Reading the application's rows for `sekisho adopt`.

use sekisho_core::adopt::Mapping;
use sekisho_store::{Error, Foreign};
use std::path::Path;
use tokio::sync::mpsc;

use super::exit::{Exit, Stop};
use crate::adopt;

/// The reading at work.
pub(super) type Reading = tokio::task::JoinHandle<Result<(), Stop>>;

/// Reads on a thread of its own; few rows wait.
pub(super) fn read(foreign: Foreign, mapping: &Mapping) -> (mpsc::Receiver<adopt::Row>, Reading) {
    let (to, rows) = mpsc::channel(256);
    let mapping = mapping.clone();
    let reading = tokio::task::spawn_blocking(move || {
        adopt::send_rows(&foreign, &mapping, &to).map_err(|error| unreadable(foreign.name(), &error))?;
        if foreign.overtaken() {
            return Err(Stop::unavailable("somebody opened the file meanwhile: run it again"));
        }
        Ok(())
    });
    (rows, reading)
}

/// Waits for its end.
pub(super) async fn finished(reading: Reading) -> Result<(), Stop> {
    reading.await.map_err(|error| Stop::unavailable(format!("cannot read: {error}")))?
}

/// Why the application's database, which is called so, could not be read.
pub(super) fn unreadable(name: &str, error: &Error) -> Stop {
    let mut stop = Stop::unavailable(format!("{name}: {error}"));
    let is_file_gone = !name.contains("://") && !Path::new(name).exists();
    if matches!(error, Error::Misuse { .. } | Error::Corrupt { .. }) || is_file_gone {
        stop.exit = Exit::Usage;
    }
    stop
}
