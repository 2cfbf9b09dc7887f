//! What belongs to the database as a whole: a few named texts, such as the fingerprint of its root key.

use crate::error::Error;
use crate::session::{Read, Tx};
use crate::statement::{Statement, statements};

statements! {
    GET(Text) = "select value from sekisho_meta where name = $1";
    SET(Text, Text) =
        "insert into sekisho_meta (name, value) values ($1, $2) \
         on conflict (name) do update set value = excluded.value";
    AGREE(Text, Text) =
        "insert into sekisho_meta (name, value) values ($1, $2) \
         on conflict (name) do update set value = sekisho_meta.value returning value";
    DROP(Text) = "delete from sekisho_meta where name = $1";
}

/// The statement that gives the text under the name `$1`.
pub(crate) fn get() -> &'static Statement {
    &GET
}

impl Read {
    /// The text under this name.
    pub async fn meta(&mut self, name: &str) -> Result<Option<String>, Error> {
        self.one(&GET, &[name.into()]).await?.map(|mut row| row.take(0)).transpose()
    }
}

impl Tx {
    /// Puts a text under this name, in place of an earlier one.
    pub async fn set_meta(&mut self, name: &str, value: &str) -> Result<(), Error> {
        self.run(&SET, &[name.into(), value.into()]).await.map(drop)
    }

    /// Puts a text under this name where there is none; the one that stands there then. Of two that do so at once the
    /// second waits, and is told the first one's.
    pub async fn agree_on_meta(&mut self, name: &str, value: &str) -> Result<String, Error> {
        let row = self.one(&AGREE, &[name.into(), value.into()]).await?;
        row.map(|mut row| row.take(0)).transpose().map(Option::unwrap_or_default)
    }

    /// Forgets the text under this name, if there is one.
    pub async fn drop_meta(&mut self, name: &str) -> Result<(), Error> {
        self.run(&DROP, &[name.into()]).await.map(drop)
    }
}
