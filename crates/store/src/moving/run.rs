//! Carrying the rows over, and reading them back.

use super::source::Source;
use super::tally::Tally;
use super::target::Target;
use crate::error::Error;
use crate::tables::{TABLES, Table};

/// Rows that are made durable together.
const BATCH: usize = 40_000;

/// What a copy is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Rows are carried over.
    Copying,
    /// Rows are read back.
    Verifying,
}

/// How far a copy has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// What it is doing.
    pub phase: Phase,
    /// In which table, without our prefix.
    pub table: &'static str,
    /// Rows of this phase so far, over all tables.
    pub rows: u64,
}

/// One table that was carried over and read back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TableCopied {
    /// Its name, without our prefix.
    pub table: &'static str,
    /// What both databases hold of it.
    pub tally: Tally,
}

/// Why a copy did not come to its end; the target says of itself that it is unfinished.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CopyError {
    /// The database that is copied.
    #[error("the source: {0}")]
    Source(Error),
    /// The database that the copy goes into.
    #[error("the target: {0}")]
    Target(Error),
    /// What was written is not what is read back.
    #[error("{table} differs after the copy: the source has {source_has}, the target {target_has}")]
    Differs {
        /// The table.
        table: &'static str,
        /// What was read.
        source_has: Tally,
        /// What was read back.
        target_has: Tally,
    },
}

/// Copies every table and reads it back; each table's number of rows and checksum, the same on both sides.
///
/// Holds a few thousand rows at a time. `each` hears of every page. What follows is [`Target::finish`].
pub async fn copy_rows(
    source: &mut Source,
    target: &Target,
    mut each: impl FnMut(Step),
) -> Result<Vec<TableCopied>, CopyError> {
    let mut copied = Vec::new();
    let mut rows = 0;
    for table in &TABLES {
        // It holds a page on its way in and the next one on its way out.
        let carried = Box::pin(carry_over(table, source, target, |count| {
            rows += count;
            each(Step { phase: Phase::Copying, table: table.short(), rows });
        }));
        let tally = carried.await?;
        copied.push(TableCopied { table: table.short(), tally });
    }
    rows = 0;
    for (table, carried) in TABLES.iter().zip(&copied) {
        let found = target.tally(table, |count| {
            rows += count;
            each(Step { phase: Phase::Verifying, table: table.short(), rows });
        });
        let found = found.await.map_err(CopyError::Target)?;
        if found != carried.tally {
            let (source_has, target_has) = (carried.tally, found);
            return Err(CopyError::Differs { table: table.name, source_has, target_has });
        }
    }
    Ok(copied)
}

/// While one page is written the next is read.
async fn carry_over(
    table: &'static Table,
    source: &mut Source,
    target: &Target,
    mut each: impl FnMut(u64),
) -> Result<Tally, CopyError> {
    let (mut tally, mut space) = (Tally::default(), Vec::new());
    let mut pages = source.pages(table);
    let mut page = pages.next(source.read()).await.map_err(CopyError::Source)?;
    while page.is_some() {
        let mut tx = target.begin().await.map_err(CopyError::Target)?;
        let mut written = 0;
        while let Some(rows) = page.take() {
            rows.iter().try_for_each(|row| tally.add(table, row, &mut space)).map_err(CopyError::Source)?;
            let (next, loaded) = tokio::join!(pages.next(source.read()), tx.load(table, &rows));
            loaded.map_err(CopyError::Target)?;
            page = next.map_err(CopyError::Source)?;
            written += rows.len();
            each(rows.len() as u64);
            if written >= BATCH {
                break;
            }
        }
        tx.commit().await.map_err(CopyError::Target)?;
    }
    Ok(tally)
}
