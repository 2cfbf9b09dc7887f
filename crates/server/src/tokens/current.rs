//! Reading the caller from a token: the seeds' `get_current_user`.

use sekisho_core::jose::{self, Claims, Rules};
use sekisho_core::{Ctx, Refusal, User};
use sekisho_store::Read;

use crate::app::App;
use crate::failure::Failure;
use crate::telemetry::Steps;

/// The user whom a token stands for, read from the database at every call.
///
/// A disabled or deleted user and a changed password are therefore refused at once.
pub async fn get_current_user(app: &App, ctx: &Ctx, token: &str, trace: &mut Steps) -> Result<User, Failure> {
    trace.token(token);
    let claims = verified_claims(app, ctx, token)?;
    trace.payload(token);
    trace.username(&claims.sub);
    trace.token_data(&claims.sub);
    let user = user_of(app, &claims).await?;
    trace.get_user(Some(&user), None);
    user_is_enabled(&user)?;
    trace.current_user(&user);
    Ok(user)
}

/// The claims of a token that this server signed, or that holds one of its keys, and whose time is now.
fn verified_claims(app: &App, ctx: &Ctx, token: &str) -> Result<Claims, Refusal> {
    let current = app.current();
    let rules = Rules { issuer: current.settings.server.public_url.as_deref() };
    jose::verify(&current.keys, &rules, token, ctx.now)
}

/// The row that the claims name: by id where they carry one, which must then agree with the name.
async fn user_of(app: &App, claims: &Claims) -> Result<User, Failure> {
    let mut read = app.store.read().await?;
    let user = match claims.uid {
        Some(id) => read.user_by_id(id).await?,
        None => {
            let user = read.user_by_username(&claims.sub).await?;
            if let Some(user) = &user {
                the_adopted_application_meant(&mut read, user).await?;
            }
            user
        }
    };
    let user = user.ok_or(Refusal::UserUnknown)?;
    subject_is(&user, claims)?;
    version_is_current(&user, claims)?;
    Ok(user)
}

fn subject_is(user: &User, claims: &Claims) -> Result<(), Refusal> {
    if user.username == claims.sub { Ok(()) } else { Err(Refusal::SubjectMismatch) }
}

/// A token without `uid` was made by the application before this server. Once its users were taken over it means one of
/// them or nobody: whoever registered here under a name that somebody had there is somebody else.
async fn the_adopted_application_meant(read: &mut Read, user: &User) -> Result<(), Failure> {
    if read.was_adopted(user.id).await? || !read.has_adopted().await? {
        Ok(())
    } else {
        Err(Refusal::SubjectNotAdopted.into())
    }
}

/// A token without `ver` was made by the application before this server: it counts until the first change.
fn version_is_current(user: &User, claims: &Claims) -> Result<(), Refusal> {
    if claims.ver.unwrap_or(0) == user.token_version { Ok(()) } else { Err(Refusal::TokenRevoked) }
}

fn user_is_enabled(user: &User) -> Result<(), Refusal> {
    if user.is_disabled() { Err(Refusal::UserDisabled) } else { Ok(()) }
}
