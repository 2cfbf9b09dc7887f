//! What an operator does with an account.

use sekisho_core::{Ctx, Event, LoginName, SecretString, User, UserId};

use super::hashed::hashed;
use crate::app::App;
use crate::failure::Failure;
use crate::repeat::repeated;

/// The user with this id; else the one with this name or address, found as log-in finds it: an adopted name may look like
/// an id, and is not to be taken for somebody else's.
pub async fn find(app: &App, name: &str) -> Result<Option<User>, Failure> {
    let mut read = app.store.read().await?;
    if let Ok(id) = name.parse::<UserId>()
        && let Some(user) = read.user_by_id(id).await?
    {
        return Ok(Some(user));
    }
    Ok(read.user_by_login(&LoginName::of(name)).await?)
}

/// The next users after one, in the order of their ids, which is the order of their making.
pub async fn list(app: &App, after: Option<UserId>, limit: u32) -> Result<Vec<User>, Failure> {
    Ok(app.store.read().await?.users(after, limit).await?)
}

/// Sets a password and refuses every token that was issued before.
pub async fn set_password(
    app: &App,
    ctx: &Ctx,
    user: &User,
    password: SecretString,
) -> Result<bool, Failure> {
    let (policy, params) = {
        let current = app.current();
        (current.password_policy(), current.hash_params())
    };
    let accepted = policy.check(password, &user.username, user.email.as_deref())?;
    let (hash, cost) = hashed(app, ctx, &user.id.to_string(), accepted, params).await?;

    repeated(&*app.dice, || async {
        let mut tx = app.store.begin().await?;
        if tx.raise_token_version(user.id, ctx.now).await?.is_none() {
            return Ok(false);
        }
        tx.set_password(user.id, &hash, &cost, ctx.now).await?;
        tx.record(ctx, &Event::PasswordSet { user: user.id }).await?;
        tx.commit().await?;
        Ok(true)
    })
    .await
}

/// Refuses the user's tokens and log-ins from the next request on; false if that was so already.
pub async fn disable(app: &App, ctx: &Ctx, user: UserId) -> Result<bool, Failure> {
    repeated(&*app.dice, || async {
        let mut tx = app.store.begin().await?;
        let changed = tx.disable(user, ctx.now).await?;
        if changed {
            tx.record(ctx, &Event::UserDisabled { user }).await?;
        }
        tx.commit().await?;
        Ok(changed)
    })
    .await
}

/// Lets a disabled user in again; false if the user was not disabled.
pub async fn enable(app: &App, ctx: &Ctx, user: UserId) -> Result<bool, Failure> {
    repeated(&*app.dice, || async {
        let mut tx = app.store.begin().await?;
        let changed = tx.enable(user, ctx.now).await?;
        if changed {
            tx.record(ctx, &Event::UserEnabled { user }).await?;
        }
        tx.commit().await?;
        Ok(changed)
    })
    .await
}

/// Deletes the user, the password and the items; the name stays reserved until no token can carry it any more.
pub async fn delete(app: &App, ctx: &Ctx, user: UserId) -> Result<bool, Failure> {
    let released_at = ctx.now.plus(app.current().token_lifetime());
    repeated(&*app.dice, || async {
        let mut tx = app.store.begin().await?;
        let deleted = tx.delete_user(user, ctx.now, released_at).await?;
        if deleted {
            tx.record(ctx, &Event::UserDeleted { user }).await?;
        }
        tx.commit().await?;
        Ok(deleted)
    })
    .await
}
