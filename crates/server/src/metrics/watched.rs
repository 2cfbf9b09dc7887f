//! What is looked at when somebody asks for the figures.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sekisho_core::Timestamp;
use sekisho_store::Error;

use super::jobs::JobRuns;
use super::page::{Format, Page};
use super::reloads::Reloads;
use super::{families, process};
use crate::app::App;
use crate::http::Gate;
use crate::telemetry::Writer;

/// The rooms that count, and what is to be said beside their counts.
pub struct Watched {
    /// The server's state.
    pub app: Arc<App>,
    /// The front door whose requests are counted.
    pub gate: Arc<Gate>,
    /// Where the log is written.
    pub log: Writer,
    /// How reloads went.
    pub reloads: Arc<Reloads>,
    /// How jobs went on this node.
    pub jobs: Arc<JobRuns>,
    /// The file of the database, if it is one.
    pub database: Option<PathBuf>,
    /// When the server started.
    pub started: Timestamp,
}

/// How long the database may take to tell its figures; whoever collects them gives up after 10 s.
const PATIENCE: Duration = Duration::from_secs(3);

/// What the database answers, if it does: whether it does so in time is itself a figure.
async fn answer<T>(asked: impl Future<Output = Result<T, Error>>) -> Option<T> {
    tokio::time::timeout(PATIENCE, asked).await.ok()?.ok()
}

impl Watched {
    /// The page of all figures as they are now.
    pub async fn page(&self, format: Format) -> String {
        let store = &self.app.store;
        let (stored, jobs, frozen) = tokio::join!(
            answer(async { store.read().await?.hash_mix().await }),
            answer(async { store.read().await?.jobs().await }),
            answer(async { store.read().await?.frozen_since().await }),
        );
        let mut page = Page::new(format);
        families::write(&mut page, &self.app, &self.gate, stored.as_deref());
        let help = "1 while sekisho db freeze holds every write back.";
        page.gauge("sekisho_database_frozen", help, |samples| {
            samples.of(&[], u64::from(frozen.flatten().is_some()))
        });
        self.jobs.write(&mut page, jobs.as_deref());
        let help = "Lines of the log that were lost because nobody read it.";
        page.counter("sekisho_log_lines_dropped", help, |samples| samples.of(&[], self.log.dropped()));
        self.reloads.write(&mut page);
        if let Some(file) = &self.database {
            process::write_files(&mut page, file);
        }
        process::write(&mut page, self.started);
        page.finish()
    }
}
