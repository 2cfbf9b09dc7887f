//! Reading the application's rows for `sekisho adopt`.

use std::path::Path;

use sekisho_core::adopt::Mapping;
use sekisho_store::Foreign;
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
        adopt::send_rows(&foreign, &mapping, &to).map_err(|error| unreadable(foreign.path(), &error))?;
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

/// Why the application's file could not be read.
pub(super) fn unreadable(file: &Path, error: &sekisho_store::Error) -> Stop {
    let mut stop = Stop::unavailable(format!("{}: {error}", file.display()));
    if matches!(error, sekisho_store::Error::Misuse { .. } | sekisho_store::Error::Corrupt { .. })
        || !file.exists()
    {
        stop.exit = Exit::Usage;
    }
    stop
}
