//! All users, for a file.

use sekisho_core::accounts::IncomingUser;
use sekisho_core::{Ctx, Event, UserId};
use sekisho_store::Read;

use crate::app::App;
use crate::failure::Failure;

/// How many users are read at once.
const PAGE: u32 = 500;

/// All users as they are at one moment, however long it takes to write them down.
pub struct Export {
    read: Read,
}

impl Export {
    /// Begins at the present state of the database.
    pub async fn begin(app: &App) -> Result<Export, Failure> {
        Ok(Export { read: app.store.snapshot().await? })
    }

    /// How many there are.
    pub async fn count(&mut self) -> Result<u64, Failure> {
        Ok(self.read.count_users().await?)
    }

    /// Shows every user with the numbers of their items, in the order in which they were made; it can be asked again
    /// and shows the same.
    pub async fn each<E: From<Failure>>(
        &mut self,
        mut show: impl FnMut(&IncomingUser, &[i64]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut after: Option<UserId> = None;
        loop {
            let page = self.read.whole_users(after, PAGE).await.map_err(Failure::from)?;
            page.iter().try_for_each(|(user, items)| show(user, items))?;
            match page.last() {
                Some((last, _)) if page.len() == PAGE as usize => after = Some(last.id),
                _ => return Ok(()),
            }
        }
    }

    /// Records that it took place, before the file is where somebody may take it away.
    pub async fn record(self, app: &App, ctx: &Ctx, users: u64, hashes: bool) -> Result<(), Failure> {
        drop(self.read);
        let mut tx = app.store.begin().await?;
        tx.record(ctx, &Event::UsersExported { users, hashes }).await?;
        Ok(tx.commit().await?)
    }
}
