//! What was taken over from another application: which row there became which user or item here.

use sekisho_core::id::UserId;
use sekisho_core::time::Timestamp;

use crate::dialect::Dialect;
use crate::error::Error;
use crate::session::{Read, Tx};
use crate::statement::{Step, statements};
use crate::value::Row;

statements! {
    KNOWN(Text, Text) = "select user_id from sekisho_adopted where kind = $1 and external_id = $2";
    NOTE(Text, Text, Id, Int, Int) =
        "insert into sekisho_adopted (kind, external_id, user_id, item_id, adopted_at) values ($1, $2, $3, $4, $5)";
    ANY(Text) =
        "select kind from sekisho_adopted where kind >= $1 order by kind, external_id limit 1";
    OF_USER(Id) =
        "select external_id from sekisho_adopted where user_id = $1 and kind = 'user' limit 1";
    HAS_ITEM(Int) = "select item_id from sekisho_items where item_id = $1";
    HOLDERS(Id, Int) =
        "select id, username, username_key, email_key, external_id, email from sekisho_users where id > $1 order by id limit $2";
    NOTED(Text, Text, Int) =
        "select external_id from sekisho_adopted where kind = $1 and external_id > $2 order by external_id limit $3";
}

/// Who has a name, be it that they are deleted and it is not free yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Holder {
    /// Who.
    pub id: UserId,
    /// The name.
    pub username: Option<String>,
    /// Its key.
    pub username_key: Option<String>,
    /// The address's key.
    pub email_key: Option<String>,
    /// What they are called in the system that they came from.
    pub external_id: Option<String>,
    /// The address, as it is shown.
    pub email: Option<String>,
}

/// What kind of row was taken over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AdoptedKind {
    /// A user.
    User,
    /// An item.
    Item,
}

const USER: &str = "user";
const ITEM: &str = "item";

impl Read {
    /// Whom the row with this identifier became; the user may be deleted since.
    pub async fn adopted_user(&mut self, external_id: &str) -> Result<Option<UserId>, Error> {
        self.adopted(USER, external_id).await
    }

    /// Whose the item with this identifier was; it may be removed since.
    pub async fn adopted_item(&mut self, external_id: &str) -> Result<Option<UserId>, Error> {
        self.adopted(ITEM, external_id).await
    }

    /// Whether any user was ever taken over.
    pub async fn has_adopted(&mut self) -> Result<bool, Error> {
        Ok(self.one(&ANY, &[USER.into()]).await?.is_some())
    }

    /// Whether this user was taken over.
    pub async fn was_adopted(&mut self, id: UserId) -> Result<bool, Error> {
        Ok(self.one(&OF_USER, &[id.into()]).await?.is_some())
    }

    /// Whether there is an item with this number.
    pub async fn has_item(&mut self, item_id: i64) -> Result<bool, Error> {
        Ok(self.one(&HAS_ITEM, &[item_id.into()]).await?.is_some())
    }

    /// Up to `limit` of those after `after` who have a name or an address, deleted users included.
    pub async fn holders(&mut self, after: Option<UserId>, limit: u32) -> Result<Vec<Holder>, Error> {
        let after = after.unwrap_or(UserId::from_bytes([0; 16]));
        let rows = self.all(&HOLDERS, &[after.into(), i64::from(limit).into()]).await?;
        rows.into_iter().map(holder).collect()
    }

    /// Up to `limit` identifiers after `after` of rows that were taken over, in some order of the database's.
    pub async fn adopted_ids(
        &mut self,
        kind: AdoptedKind,
        after: &str,
        limit: u32,
    ) -> Result<Vec<String>, Error> {
        let kind = match kind {
            AdoptedKind::User => USER,
            AdoptedKind::Item => ITEM,
        };
        let rows = self.all(&NOTED, &[kind.into(), after.into(), i64::from(limit).into()]).await?;
        rows.into_iter().map(|mut row| row.take(0)).collect()
    }

    async fn adopted(&mut self, kind: &str, external_id: &str) -> Result<Option<UserId>, Error> {
        self.one(&KNOWN, &[kind.into(), external_id.into()]).await?.map(|mut row| row.take(0)).transpose()
    }
}

impl Tx {
    /// Keeps everybody else from adding and changing users until the end of the transaction, so that what it decides of names
    /// stays true; who reads them goes on. On SQLite the transaction does so by itself.
    pub async fn hold_users(&mut self) -> Result<(), Error> {
        match self.dialect() {
            Dialect::Sqlite => Ok(()),
            Dialect::Postgres => self.define("lock table sekisho_users in share row exclusive mode").await,
        }
    }

    /// Notes whom the row with this identifier became. [`Error::Taken`] if that is noted already.
    pub async fn note_adopted_user(
        &mut self,
        external_id: &str,
        id: UserId,
        now: Timestamp,
    ) -> Result<(), Error> {
        let step = noted_user(external_id, id, now);
        self.run(step.what(), &step.params()).await.map(drop)
    }

    /// Notes which item the row with this identifier became. [`Error::Taken`] if that is noted already.
    pub async fn note_adopted_item(
        &mut self,
        external_id: &str,
        owner: UserId,
        item_id: i64,
        now: Timestamp,
    ) -> Result<(), Error> {
        let params = [ITEM.into(), external_id.into(), owner.into(), item_id.into(), now.into()];
        self.run(&NOTE, &params).await.map(drop)
    }
}

/// What notes whom a row became.
pub(crate) fn noted_user(external_id: &str, id: UserId, now: Timestamp) -> Step {
    Step::new(&NOTE, &[USER.into(), external_id.into(), id.into(), None::<i64>.into(), now.into()])
}

fn holder(mut row: Row) -> Result<Holder, Error> {
    Ok(Holder {
        id: row.take(0)?,
        username: row.take(1)?,
        username_key: row.take(2)?,
        email_key: row.take(3)?,
        external_id: row.take(4)?,
        email: row.take(5)?,
    })
}
