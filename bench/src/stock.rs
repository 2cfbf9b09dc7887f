//! A database of users, filled through the store, and tokens for some of them.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Result, anyhow};
use sekisho_core::{
    accounts::{email_key, username_key},
    credentials::{HashParams, HashString, Memory, NewPassword, SchemeCost, get_password_hash},
    dice::Dice,
    id::UserId,
    jose::{Algorithm, Claims, KeyRing, sign},
    secret::Secret,
    settings::DatabaseUrl,
    time::Timestamp,
};
use sekisho_store::{Insert, NewUser, OpenOptions, Store};

use crate::{hashing::MEMORY_KIB, load::Draw};

/// The key that all servers of a run sign with.
pub(crate) const SECRET_KEY: &str = "bench-8c1f0e6d5b7a49c2a3d4e5f60718293a4b5c6d7e8f90a1b2";

/// Everybody's password, hashed once.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// Rows of one transaction.
const BATCH: usize = 20_000;

/// A filled data folder.
pub(crate) struct Stock {
    /// The folder.
    pub(crate) dir: PathBuf,
    /// How many users there are.
    pub(crate) users: usize,
    /// The names that log-ins draw from.
    pub(crate) names: Vec<String>,
    /// A token of each of these names.
    pub(crate) tokens: Vec<String>,
}

impl Stock {
    /// Where the SQLite file of a data folder lies.
    pub(crate) fn database(dir: &Path) -> PathBuf {
        dir.join("sekisho.db")
    }

    /// Fills a folder that the server has prepared with `users` users and makes `tokens` tokens of some of them.
    ///
    /// # Errors
    /// When the database can't be written.
    pub(crate) fn fill(dir: &Path, users: usize, tokens: usize) -> Result<Self> {
        let ids = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(insert(dir, users))?;
        let mut draw = Draw::new(users as u64);
        let drawn: Vec<usize> =
            (0..tokens).map(|n| if tokens >= users { n % users } else { draw.below(users) }).collect();
        let ring = ring()?;
        let now = now();
        let claims = |(serial, user): (usize, &usize)| Claims {
            sub: name(*user),
            exp: now.plus(Duration::from_secs(24 * 3600)),
            iat: Some(now),
            jti: Some(format!("{serial:032x}")),
            uid: Some(ids[*user]),
            ver: Some(0),
            iss: None,
        };
        Ok(Self {
            dir: dir.to_owned(),
            users,
            names: drawn.iter().map(|user| name(*user)).collect(),
            tokens: drawn.iter().enumerate().map(|drawn| sign(&ring, &claims(drawn))).collect(),
        })
    }

    /// Tokens as the FastAPI application issues them: `sub` and `exp` alone.
    ///
    /// # Errors
    /// None that this key can meet.
    pub(crate) fn plain_tokens(names: &[String]) -> Result<Vec<String>> {
        let ring = ring()?;
        let exp = now().plus(Duration::from_secs(24 * 3600));
        let claims = |sub: &String| Claims {
            sub: sub.clone(),
            exp,
            iat: None,
            jti: None,
            uid: None,
            ver: None,
            iss: None,
        };
        Ok(names.iter().map(|name| sign(&ring, &claims(name))).collect())
    }
}

async fn insert(dir: &Path, users: usize) -> Result<Vec<UserId>> {
    let now = now();
    let store = Store::open(&DatabaseUrl::Sqlite(Stock::database(dir)), OpenOptions::new(now)).await?;
    let (hash, cost) = hash()?;
    let dice = BenchDice(AtomicU64::new(users as u64));
    let mut ids = Vec::with_capacity(users);
    for first in (0..users).step_by(BATCH) {
        let mut tx = store.begin().await?;
        for user in first..users.min(first + BATCH) {
            // They came one a minute, so their ids lie as far apart as a real community's do.
            let created = now.minus(Duration::from_secs(60 * (users - user) as u64));
            let (username, email) = (name(user), format!("{}@example.com", name(user)));
            let (key, email_key) = (username_key(&username), email_key(&email));
            let full_name = format!("User Number {user}");
            let new = NewUser {
                id: UserId::new(created, &dice),
                username: &username,
                username_key: Some(&key),
                email: Some(&email),
                email_key: email_key.as_deref(),
                full_name: Some(&full_name),
                external_id: None,
                now: created,
            };
            if tx.insert_user(&new).await? != Insert::Done {
                return Err(anyhow!("{username} is there already"));
            }
            tx.set_password(new.id, &hash, &cost, created).await?;
            ids.push(new.id);
        }
        tx.commit().await?;
    }
    Ok(ids)
}

fn hash() -> Result<(HashString, SchemeCost)> {
    let params = HashParams::Argon2id { m_kib: MEMORY_KIB, t: 2, p: 1 };
    let password = NewPassword::proven(&Secret::new(PASSWORD.to_owned()));
    let hash = get_password_hash(&params, &password, *b"sixteen of salt.", &mut Memory::new())
        .map_err(|error| anyhow!("{error}"))?;
    Ok((hash, params.cost()))
}

fn ring() -> Result<KeyRing> {
    KeyRing::new(Algorithm::HS256, Secret::new(SECRET_KEY.as_bytes().to_vec()), Vec::new())
        .map_err(|_| anyhow!("the key is empty"))
}

/// User number `number`'s name; `bench/fastapi/seed.py` gives the same.
fn name(number: usize) -> String {
    format!("user{number}")
}

#[expect(clippy::disallowed_methods, reason = "the tokens must be valid when the server looks at its clock")]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// Ids that are the same on each run.
struct BenchDice(AtomicU64);

impl Dice for BenchDice {
    fn fill(&self, bytes: &mut [u8]) {
        let mut draw = Draw::new(self.0.fetch_add(1, Ordering::Relaxed));
        for part in bytes.chunks_mut(8) {
            part.copy_from_slice(&draw.next().to_le_bytes()[..part.len()]);
        }
    }
}
