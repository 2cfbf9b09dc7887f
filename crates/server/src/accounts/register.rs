//! Registration: fields, one hash, one transaction.

use sekisho_core::settings::RegistrationMode;
use sekisho_core::{Actor, Ctx, Event, RawRegistration, Refusal, RequestId, User, UserId, dice};
use sekisho_store::{Error, Field, Insert, NewUser};

use super::hashed::hashed;
use crate::app::App;
use crate::failure::Failure;
use crate::repeat::repeated;

/// Makes a user with a password: for a stranger where registration is open, for the operator always.
///
/// The database decides who of several wins a name or an address; nothing is left of the others.
pub async fn register(app: &App, ctx: &Ctx, raw: RawRegistration) -> Result<User, Failure> {
    let current = app.current();
    registration_is_open_to(ctx.actor, current.settings.registration.mode)?;
    let wanted = raw.check(&current.password_policy())?;
    let params = current.hash_params();
    drop(current);

    // A registration has no account yet whose turn it could take: it queues under a name that nobody can have.
    let nonce = RequestId::new(dice::array(&*app.dice));
    let (hash, cost) = hashed(app, ctx, &format!("\0{nonce}"), wanted.password, params).await?;

    let user = User {
        id: UserId::new(ctx.now, &*app.dice),
        username: wanted.username.as_str().to_owned(),
        email: Some(wanted.email.as_str().to_owned()),
        full_name: wanted.full_name,
        external_id: None,
        token_version: 0,
        disabled_at: None,
        created_at: ctx.now,
        updated_at: ctx.now,
    };
    let new = NewUser {
        id: user.id,
        username: &user.username,
        username_key: Some(wanted.username.key()),
        email: user.email.as_deref(),
        email_key: Some(wanted.email.key()),
        full_name: user.full_name.as_deref(),
        external_id: None,
        now: ctx.now,
    };
    repeated(&*app.dice, || async {
        let mut tx = app.store.begin().await?;
        match tx.insert_user(&new).await? {
            Insert::Done => {}
            Insert::Taken(Field::Email) => return Err(Refusal::EmailTaken.into()),
            Insert::Taken(_) => return Err(Refusal::UsernameTaken.into()),
            Insert::Refused(what) => return Err(Error::Constraint { what }.into()),
        }
        tx.set_first_password(user.id, &hash, &cost, ctx.now).await?;
        tx.record(ctx, &registered(ctx.actor, user.id)).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    Ok(user)
}

fn registration_is_open_to(actor: Actor, mode: RegistrationMode) -> Result<(), Refusal> {
    match (actor, mode) {
        (Actor::Operator | Actor::Server, _) | (_, RegistrationMode::Open) => Ok(()),
        (_, RegistrationMode::Closed) => Err(Refusal::RegistrationClosed),
    }
}

fn registered(actor: Actor, user: UserId) -> Event {
    match actor {
        Actor::Operator | Actor::Server => Event::UserAdded { user },
        Actor::Anonymous | Actor::User(_) => Event::UserRegistered { user },
    }
}
