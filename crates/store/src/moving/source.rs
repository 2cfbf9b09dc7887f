//! The database that is copied: one state of it, beside whoever has it open.

use sekisho_core::settings::DatabaseUrl;
use sekisho_core::time::Timestamp;

use super::pages::Pages;
use crate::copying::COPYING;
use crate::error::Error;
use crate::look::Look;
use crate::session::Read;
use crate::store::OpenOptions;
use crate::tables::{META, TABLES, Table};

/// One state of a database of ours, that of the opening.
pub struct Source {
    look: Look,
}

impl Source {
    /// Opens it, with locks of a file that keep others from changing it unseen; nothing of it is changed.
    ///
    /// The errors are those of [`Look::open`]; an unfinished copy is [`Error::Unfinished`], and a schema that is older than
    /// this program's [`Error::Misuse`].
    pub async fn open(url: &DatabaseUrl, options: OpenOptions) -> Result<Source, Error> {
        let mut look = Look::holding(url, options).await?;
        let schema = look.schema().await?;
        if schema.found != schema.known {
            return Err(Error::misuse(format!(
                "its schema is version {}, and this program's is {}: start this version on it once, or copy with the one that \
                 serves it",
                schema.found, schema.known
            )));
        }
        if look.meta(COPYING).await?.is_some() {
            return Err(Error::Unfinished);
        }
        Ok(Source { look })
    }

    /// Since when nothing is written to it, if that is so.
    pub async fn frozen_since(&mut self) -> Result<Option<Timestamp>, Error> {
        self.look.frozen_since().await
    }

    /// Whether an application uses the same database and triggers keep its table of users in step.
    pub async fn stands_beside(&mut self) -> Result<bool, Error> {
        Ok(self.look.standing().await?.is_some())
    }

    /// Under which names a library user has tables of their own in it.
    pub async fn other_owners(&mut self) -> Result<Vec<String>, Error> {
        self.look.other_owners().await
    }

    /// What a name of `sekisho_meta` says.
    pub async fn meta(&mut self, name: &str) -> Result<Option<String>, Error> {
        self.look.meta(name).await
    }

    /// How many rows of each table a copy takes along, in the order in which they are copied.
    pub async fn counts(&mut self) -> Result<Vec<(&'static str, u64)>, Error> {
        let mut counts = Vec::new();
        for table in &TABLES {
            if table.name == META {
                let mut pages = Pages::of(table);
                let mut count = 0;
                while let Some(rows) = pages.next(&mut self.look).await? {
                    count += rows.len() as u64;
                }
                counts.push((table.short(), count));
                continue;
            }
            let row = self.look.row(table.texts().count, &[]).await?;
            let count: i64 = row.ok_or_else(|| Error::corrupt("no answer to a count"))?.take(0)?;
            counts.push((table.short(), count.unsigned_abs()));
        }
        Ok(counts)
    }

    /// Whether somebody opened the file without our having a lock on it: then what was read may be of two states.
    pub fn overtaken(&self) -> bool {
        self.look.overtaken()
    }

    pub(super) fn pages(&self, table: &'static Table) -> Pages {
        Pages::of(table)
    }

    pub(super) fn read(&mut self) -> &mut Read {
        &mut self.look
    }
}
