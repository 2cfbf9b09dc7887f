//! The seeds' protected resource: items, each with its owner.

pub mod api;

use sekisho_core::{Ctx, Event, Item, User};

use crate::app::App;
use crate::failure::Failure;
use crate::repeat::repeated;

/// The items that a user owns, oldest first.
pub async fn list(app: &App, owner: &User) -> Result<Vec<Item>, Failure> {
    Ok(app.store.read().await?.items_of(owner.id).await?)
}

/// Gives a user a new item; `None` if the user was deleted meanwhile.
pub async fn add(app: &App, ctx: &Ctx, owner: &User) -> Result<Option<Item>, Failure> {
    repeated(&*app.dice, || async {
        let mut tx = app.store.begin().await?;
        let Some(item_id) = tx.add_item(owner.id, ctx.now).await? else { return Ok(None) };
        tx.record(ctx, &Event::ItemAdded { item_id, owner: owner.id }).await?;
        tx.commit().await?;
        Ok(Some(Item { item_id, owner: owner.id }))
    })
    .await
}

/// Removes an item; false if there is none with this number.
pub async fn remove(app: &App, ctx: &Ctx, item_id: i64) -> Result<bool, Failure> {
    repeated(&*app.dice, || async {
        let mut tx = app.store.begin().await?;
        let removed = tx.remove_item(item_id).await?;
        if removed {
            tx.record(ctx, &Event::ItemRemoved { item_id }).await?;
        }
        tx.commit().await?;
        Ok(removed)
    })
    .await
}
