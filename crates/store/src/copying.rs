//! What a database says of copies: that one into it is not finished, and which of its rows stay where they are.

use crate::error::Error;
use crate::freeze::FROZEN;
use crate::migrate;
use crate::session::{Read, Tx};
use crate::statement::statements;

/// Under this name a database says that a copy into it is not finished, and since when it goes on.
pub(crate) const COPYING: &str = "copying";

/// Rows of `sekisho_meta` that speak of this very database, and are not copied.
pub(crate) const LOCAL: [&str; 3] = [FROZEN, COPYING, migrate::SERVED];

statements! {
    ANY_META(Text, Text, Text) = "select name from sekisho_meta where name not in ($1, $2, $3) limit 1";
    CLEAR_META(Text, Text, Text) = "delete from sekisho_meta where name not in ($1, $2, $3)";
    OTHER_OWNERS(Text) = "select distinct owner from sekisho_migrations where owner <> $1 order by owner";
}

/// Refuses a database into which a copy was begun.
pub(crate) async fn refuse_unfinished(read: &mut Read) -> Result<(), Error> {
    match read.meta(COPYING).await? {
        Some(_) => Err(Error::Unfinished),
        None => Ok(()),
    }
}

impl Read {
    /// Whether `sekisho_meta` says anything that a copy would take along.
    pub(crate) async fn says_anything(&mut self) -> Result<bool, Error> {
        Ok(self.one(&ANY_META, &LOCAL.map(Into::into)).await?.is_some())
    }

    /// Under which names a library user has tables of their own in it.
    pub(crate) async fn other_owners(&mut self) -> Result<Vec<String>, Error> {
        let rows = self.all(&OTHER_OWNERS, &[migrate::OWNER.into()]).await?;
        rows.into_iter().map(|mut row| row.take(0)).collect()
    }
}

impl Tx {
    /// Takes away what a copy has brought to `sekisho_meta`.
    pub(crate) async fn clear_meta(&mut self) -> Result<(), Error> {
        self.run(&CLEAR_META, &LOCAL.map(Into::into)).await.map(drop)
    }
}
