//! Items, each after its owner.

use sekisho_core::adopt::AdoptedItem;
use sekisho_core::{Event, UserId};
use sekisho_store::{AdoptedKind, Error, Read, Tx};

use super::Adoption;
use crate::adopt::report::ItemReport;

impl Adoption<'_> {
    /// Lets an item come to its owner, under its number if that is free.
    pub(super) async fn write_item(&mut self, tx: &mut Tx, item: AdoptedItem) -> Result<(), Error> {
        if self.item_came_before(tx, &item.old_id).await? {
            self.report.items_unchanged += 1;
            return Ok(());
        }
        let Some(owner) = owner(tx, &self.origin.external_id(&item.owner)).await? else {
            self.report.items.push(ItemReport::WithoutOwner { old_id: item.old_id });
            return Ok(());
        };
        let kept = match item.number {
            Some(number) if tx.insert_incoming_item(number, owner, self.ctx.now).await? => number,
            _ => {
                self.unnumbered.push((item, owner));
                return Ok(());
            }
        };
        self.note_item(tx, &item.old_id, owner, kept).await
    }

    async fn item_came_before(&self, read: &mut Read, old_id: &str) -> Result<bool, Error> {
        let external_id = self.origin.external_id(old_id);
        Ok(self.came.may_have(AdoptedKind::Item, &external_id)
            && read.adopted_item(&external_id).await?.is_some())
    }

    /// Gives the items that could not keep their numbers the next ones.
    pub(super) async fn number_the_rest(&mut self, tx: &mut Tx) -> Result<(), Error> {
        for (item, owner) in std::mem::take(&mut self.unnumbered) {
            let item_id = tx.add_item(owner, self.ctx.now).await?;
            if let Some(item_id) = item_id {
                self.note_item(tx, &item.old_id, owner, item_id).await?;
            }
            self.report.items.push(ItemReport::Renumbered { old_id: item.old_id, item_id });
        }
        Ok(())
    }

    async fn note_item(
        &mut self,
        tx: &mut Tx,
        old_id: &str,
        owner: UserId,
        item_id: i64,
    ) -> Result<(), Error> {
        tx.note_adopted_item(&self.origin.external_id(old_id), owner, item_id, self.ctx.now).await?;
        tx.record(self.ctx, &Event::ItemAdded { item_id, owner }).await?;
        self.report.items_adopted += 1;
        Ok(())
    }

    /// Says what [`Adoption::write_item`] would do.
    pub(super) async fn try_item(&mut self, read: Option<&mut Read>, item: AdoptedItem) -> Result<(), Error> {
        let owner_id = self.origin.external_id(&item.owner);
        let mut owner_is_here = self.tried.contains(&owner_id);
        let mut is_free = item.number.is_some_and(|number| self.tried_numbers.insert(number));
        if let Some(read) = read {
            if self.item_came_before(read, &item.old_id).await? {
                self.report.items_unchanged += 1;
                return Ok(());
            }
            owner_is_here |= owner(read, &owner_id).await?.is_some();
            is_free &= match item.number {
                Some(number) => !read.has_item(number).await?,
                None => false,
            };
        }
        let old_id = item.old_id;
        match (owner_is_here, is_free) {
            (false, _) => self.report.items.push(ItemReport::WithoutOwner { old_id }),
            (true, is_free) => {
                self.report.items_adopted += 1;
                if !is_free {
                    self.report.items.push(ItemReport::Renumbered { old_id, item_id: None });
                }
            }
        }
        Ok(())
    }
}

/// The user whom a row of the application became, if they are still here.
async fn owner(read: &mut Read, external_id: &str) -> Result<Option<UserId>, Error> {
    if let Some(id) = read.adopted_user(external_id).await? {
        return Ok(read.user_by_id(id).await?.map(|user| user.id));
    }
    Ok(read.user_by_external_id(external_id).await?.map(|user| user.id))
}
