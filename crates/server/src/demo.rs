//! `--demo`: the user of the documents that this server began with, for whoever wants to try it at once.

use crate::app::App;
use crate::failure::Failure;
use sekisho_core::credentials::{HashString, scheme_cost};
use sekisho_core::{Ctx, Event, Refusal, UserId, accounts};
use sekisho_store::{Insert, NewUser};

/// tim's name and address.
const USERNAME: &str = "tim";
const EMAIL: &str = "tim@gmail.com";
const FULL_NAME: &str = "Tim Ruscica";
/// The hash of `tim1234` as the documents print it: it shows a bcrypt hash being taken over at the first log-in.
const HASH: &str = "$2b$12$2Ss8aodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa";

/// Makes the user `tim` (password `tim1234`) with the item 1 in a database without users; false where there are some.
///
/// The caller sees to it that this is a development server: the password is public.
pub async fn make(app: &App, ctx: &Ctx) -> Result<bool, Failure> {
    let mut tx = app.store.begin().await?;
    if tx.has_users().await? {
        return Ok(false);
    }
    let user = UserId::new(ctx.now, &*app.dice);
    let hash = HashString::new(HASH.to_owned());
    let cost = scheme_cost(&hash).ok_or(Refusal::HashUnreadable)?;
    let inserted = tx
        .insert_user(&NewUser {
            id: user,
            username: USERNAME,
            username_key: Some(&accounts::username_key(USERNAME)),
            email: Some(EMAIL),
            email_key: accounts::email_key(EMAIL).as_deref(),
            full_name: Some(FULL_NAME),
            external_id: None,
            now: ctx.now,
        })
        .await?;
    if !matches!(inserted, Insert::Done) {
        return Ok(false);
    }
    tx.set_password(user, &hash, &cost, ctx.now).await?;
    let Some(item_id) = tx.add_item(user, ctx.now).await? else { return Ok(false) };
    tx.record(ctx, &Event::UserAdded { user }).await?;
    tx.record(ctx, &Event::ItemAdded { item_id, owner: user }).await?;
    tx.commit().await?;
    Ok(true)
}
