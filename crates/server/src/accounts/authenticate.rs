//! Log-in with a name or an e-mail address and a password: the seeds' `authenticate_user`.

use sekisho_core::credentials::{
    HashString, Memory, Verdict, burn, draw_dummy, get_password_hash, scheme_cost, verify_password,
};
use sekisho_core::{
    Ctx, Event, HashParams, LoginName, NewPassword, Refusal, SchemeCost, SecretString, User, dice,
};
use sekisho_store::Error;

use crate::app::App;
use crate::failure::Failure;
use crate::repeat::repeated;
use crate::telemetry::Steps;

/// The user whose name or address and password these are.
///
/// Unknown and disabled users, and those without a password, cost the same work and fail the same way as a
/// wrong password; only the log knows which it was. A hash that is older than today's settings is replaced
/// once, by whichever log-in succeeds first, and the replacement binds the whole password.
pub async fn authenticate_user(
    app: &App,
    ctx: &Ctx,
    username: &str,
    password: SecretString,
    trace: &mut Steps,
) -> Result<User, Failure> {
    let name = LoginName::of(username);
    // Dropped on the way out (no slot, no database), it counts nothing.
    let attempt = app
        .throttle
        .ask(name.counted(), ctx.peer, ctx.now)
        .await
        .map_err(|wait| Failure::Later(Refusal::LogInsThrottled, wait))?;
    let found = app.store.read().await?.login_candidate(&name).await?;
    trace.get_user(
        found.as_ref().map(|(user, _)| user),
        found.as_ref().and_then(|(_, hash)| hash.as_ref()).and_then(scheme_cost).as_ref(),
    );

    let check = Check::plan(app, &name, &found).await?;
    let may_succeed = found.as_ref().is_some_and(|(user, _)| !user.is_disabled());
    let permit = app.lane.admit(ctx, name.counted())?;
    // The attempt belongs to the hash, as the slot does: once it runs it counts, whoever still waits for it.
    let (proven, lesson) = permit
        .run(move |memory| {
            let proven = check.run(password, memory);
            let succeeded = proven.is_ok() && may_succeed;
            let lesson = if succeeded { attempt.succeeded() } else { attempt.failed() };
            (proven, lesson)
        })
        .await?;
    app.throttle.share(lesson, name.counted(), ctx.peer, ctx.now).await;

    match (found, proven) {
        (Some((user, Some(stored))), Ok(upgrade)) if !user.is_disabled() => {
            if let Some((hash, cost)) = upgrade {
                replace_outdated_hash(app, ctx, &user, &stored, &hash, &cost).await;
            }
            trace.authenticate_user(&user, scheme_cost(&stored).as_ref());
            Ok(user)
        }
        (found, proven) => Err(why(found.as_ref(), proven.err()).into()),
    }
}

/// The work of one log-in, decided before it queues, so that all of them look alike from outside.
enum Check {
    Verify { stored: HashString, wanted: HashParams, salt: Option<[u8; 16]> },
    Nobody { like: SchemeCost, wanted: HashParams },
}

impl Check {
    async fn plan(
        app: &App,
        name: &LoginName,
        found: &Option<(User, Option<HashString>)>,
    ) -> Result<Check, Failure> {
        let (wanted, rehash) = {
            let current = app.current();
            (current.hash_params(), current.settings.password.rehash)
        };
        if let Some((user, Some(stored))) = found {
            let upgrade = rehash && !user.is_disabled();
            let salt = upgrade.then(|| dice::array(&*app.dice));
            return Ok(Check::Verify { stored: stored.clone(), wanted, salt });
        }
        let mix = app.store.read().await?.hash_mix().await?;
        Ok(Check::Nobody { like: draw_dummy(app.dummy_key(), &name.text, &mix, &wanted), wanted })
    }

    /// Runs on a hashing thread. `Ok` means proven, with the replacement of an outdated hash.
    fn run(
        self,
        password: SecretString,
        memory: &mut Memory,
    ) -> Result<Option<(HashString, SchemeCost)>, Refusal> {
        match self {
            Check::Nobody { like, wanted } => {
                burn(&like, password.expose(), &wanted, memory);
                Err(Refusal::UserUnknown)
            }
            Check::Verify { stored, wanted, salt } => {
                match verify_password(&stored, password.expose(), &wanted, memory) {
                    Verdict::Mismatch => Err(Refusal::PasswordWrong),
                    Verdict::Unreadable(refusal) => Err(refusal),
                    Verdict::Match { outdated: false } => Ok(None),
                    Verdict::Match { outdated: true } => Ok(salt.and_then(|salt| {
                        // What the scheme in force cannot bind whole (bcrypt beyond 72 bytes) keeps its old hash.
                        let password = NewPassword::proven(&password);
                        let hash = get_password_hash(&wanted, &password, salt, memory).ok()?;
                        Some((hash, wanted.cost()))
                    })),
                }
            }
        }
    }
}

/// The reason for the log. A disabled user's password is checked all the same, for the time it takes.
fn why(found: Option<&(User, Option<HashString>)>, refused: Option<Refusal>) -> Refusal {
    match found {
        None => Refusal::UserUnknown,
        Some((user, _)) if user.is_disabled() => Refusal::UserDisabled,
        Some((_, None)) => Refusal::PasswordAbsent,
        Some(_) => refused.unwrap_or(Refusal::PasswordWrong),
    }
}

/// Replaces the hash unless somebody was quicker. The log-in stands either way: its proof does not depend on it.
async fn replace_outdated_hash(
    app: &App,
    ctx: &Ctx,
    user: &User,
    old: &HashString,
    new: &HashString,
    cost: &SchemeCost,
) {
    let replaced = repeated(&*app.dice, || async {
        let mut tx = app.store.begin().await?;
        if !tx.upgrade_password(user.id, old, new, cost, ctx.now).await? {
            return Ok(());
        }
        if let Some(from) = scheme_cost(old) {
            tx.record(ctx, &Event::PasswordUpgraded { user: user.id, from, to: cost.clone() }).await?;
        }
        Ok(tx.commit().await?)
    });
    match replaced.await {
        // While writes are on hold the next log-in after them does it.
        Ok(()) | Err(Failure::Store(Error::Frozen)) => {}
        Err(failure) => {
            let (request_id, user) = (&ctx.request_id, user.id);
            tracing::warn!(%request_id, %user, ?failure, "outdated hash not replaced");
        }
    }
}
