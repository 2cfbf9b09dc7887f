//! The seeds' items, and the counter that numbers them.

use sekisho_core::id::UserId;
use sekisho_core::items::Item;
use sekisho_core::time::Timestamp;

use crate::error::Error;
use crate::session::{Read, Tx};
use crate::statement::statements;

statements! {
    OF_OWNER(Id) = "select item_id, owner_id from sekisho_items where owner_id = $1 order by item_id";
    NEXT() =
        "insert into sekisho_counters (name, value) values ('item', 1) \
         on conflict (name) do update set value = sekisho_counters.value + 1 returning value";
    INSERT(Int, Id, Int) = "insert into sekisho_items (item_id, owner_id, created_at) values ($1, $2, $3)";
    REMOVE(Int) = "delete from sekisho_items where item_id = $1";
}

impl Read {
    /// A user's items by number.
    pub async fn items_of(&mut self, owner: UserId) -> Result<Vec<Item>, Error> {
        let rows = self.all(&OF_OWNER, &[owner.into()]).await?;
        rows.into_iter().map(|mut row| Ok(Item { item_id: row.take(0)?, owner: row.take(1)? })).collect()
    }
}

impl Tx {
    /// Adds an item under the next number, which is never given twice; `None` if there is no such owner.
    pub async fn add_item(&mut self, owner: UserId, now: Timestamp) -> Result<Option<i64>, Error> {
        if !self.hold_user(owner).await? {
            return Ok(None);
        }
        let next = self.one(&NEXT, &[]).await?;
        let item_id = next.ok_or_else(|| Error::corrupt("the counter of items gives no number"))?.take(0)?;
        self.run(&INSERT, &[Into::into(item_id), owner.into(), now.into()]).await?;
        Ok(Some(item_id))
    }

    /// Removes an item; `false` if there is none.
    pub async fn remove_item(&mut self, item_id: i64) -> Result<bool, Error> {
        Ok(self.run(&REMOVE, &[item_id.into()]).await? == 1)
    }
}
