//! A database of users, made by a few large statements, and tokens for some of them.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Result, anyhow, ensure};
use sekisho_core::{
    credentials::{HashParams, HashString, Memory, NewPassword, SchemeCost, get_password_hash},
    id::UserId,
    jose::{Algorithm, Claims, KeyRing, sign},
    secret::Secret,
    time::Timestamp,
};
use sekisho_store::{OpenOptions, Store};

use crate::{
    database::{Database, Kind},
    hashing::MEMORY_KIB,
    load::Draw,
};

/// The key that all servers of a run sign with.
pub(crate) const SECRET_KEY: &str = "bench-8c1f0e6d5b7a49c2a3d4e5f60718293a4b5c6d7e8f90a1b2";

/// Everybody's password, hashed once.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// Rows of one transaction.
const BATCH: usize = 250_000;

/// They came one a minute, so their ids lie as far apart as a real community's do.
const BETWEEN: Duration = Duration::from_secs(60);

/// A filled database, and the data folder of the server on it.
#[derive(Debug)]
pub(crate) struct Stock {
    /// The folder.
    pub(crate) dir: PathBuf,
    /// The database.
    pub(crate) database: Database,
    /// How many users there are.
    pub(crate) users: usize,
    /// The ids that tokens draw from.
    pub(crate) ids: Vec<UserId>,
    /// The names that log-ins draw from.
    pub(crate) names: Vec<String>,
    /// A token of each of these names.
    pub(crate) tokens: Vec<String>,
}

impl Stock {
    /// Fills a database whose schema the server has made with `users` users and makes `tokens` tokens of some of them.
    ///
    /// # Errors
    /// When the database can't be written.
    pub(crate) fn fill(dir: &Path, database: Database, users: usize, tokens: usize) -> Result<Self> {
        let now = now();
        let oldest = now.minus(BETWEEN * u32::try_from(users)?);
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(insert(&database, users, oldest))?;
        let mut draw = Draw::new(users as u64);
        let drawn: Vec<usize> =
            (0..tokens).map(|n| if tokens >= users { n % users } else { draw.below(users) }).collect();
        let ring = ring()?;
        let claims = |(serial, user): (usize, &usize)| Claims {
            sub: name(*user),
            exp: now.plus(Duration::from_secs(24 * 3600)),
            iat: Some(now),
            jti: Some(format!("{serial:032x}")),
            uid: Some(id(oldest, *user)),
            ver: Some(0),
            iss: None,
        };
        Ok(Self {
            dir: dir.to_owned(),
            database,
            users,
            ids: drawn.iter().map(|user| id(oldest, *user)).collect(),
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

/// The rows of users `$1` up to, without, `$2`, of whom number 0 came at `$3`: numbers, ids and times, as `made`.
macro_rules! made {
    (sqlite) => {
        "with recursive number (i) as (select $1 union all select i + 1 from number where i + 1 < $2), \
         made (i, id, at) as (select i, unhex(printf('%012x70008000%012x', ($3 + i * 60000000) / 1000, i)), \
         $3 + i * 60000000 from number) "
    };
    (postgres) => {
        "with number (i) as (select generate_series($1::bigint, $2::bigint - 1)), \
         made (i, id, at) as (select i::text, (lpad(to_hex(($3::bigint + i * 60000000) / 1000), 12, '0') \
         || '70008000' || lpad(to_hex(i), 12, '0'))::uuid, $3 + i * 60000000 from number) "
    };
}

/// What is inserted of each.
macro_rules! users {
    ($dialect:ident) => {
        concat!(
            "insert into sekisho_users (id, username, username_key, email, email_key, full_name, token_version, \
             created_at, updated_at) ",
            made!($dialect),
            "select id, 'user' || i, 'user' || i, 'user' || i || '@example.com', 'user' || i || '@example.com', \
             'User Number ' || i, 0, at, at from made"
        )
    };
}

/// And everybody's password.
macro_rules! passwords {
    ($dialect:ident) => {
        concat!(
            "insert into sekisho_credentials (user_id, kind, scheme, cost, data, created_at, updated_at) ",
            made!($dialect),
            "select id, 'password', $4, $5, $6, at, at from made"
        )
    };
}

/// How many hashes there are, for the dummy that a stranger's log-in is checked against.
const HASHES: &str = "insert into sekisho_hash_schemes (scheme, cost, n) values ($1, $2, $3)";

async fn insert(database: &Database, users: usize, oldest: Timestamp) -> Result<()> {
    let mut options = OpenOptions::new(now());
    options.pool.statement_timeout = Duration::from_secs(3600);
    let store = Store::open(&database.address()?, options).await?;
    let (hash, cost) = hash()?;
    let (scheme, cost, hash) = (cost.scheme.as_str(), cost.cost.as_str(), hash.as_str());
    let (into_users, into_credentials) = match database.kind() {
        Kind::Sqlite => (users!(sqlite), passwords!(sqlite)),
        Kind::Postgres => (users!(postgres), passwords!(postgres)),
    };
    for first in (0..users).step_by(BATCH) {
        let end = users.min(first + BATCH);
        let which = [i64::try_from(first)?.into(), i64::try_from(end)?.into(), oldest.into()];
        let with_hash = [&which[..], &[scheme.into(), cost.into(), hash.into()]].concat();
        let mut tx = store.begin().await?;
        let made = tx.execute(into_users, &which).await?;
        ensure!(made == (end - first) as u64, "{made} users instead of {}", end - first);
        tx.execute(into_credentials, &with_hash).await?;
        tx.commit().await?;
    }
    store.write_one(HASHES, &[scheme.into(), cost.into(), i64::try_from(users)?.into()]).await?;
    store.close().await;
    Ok(())
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

/// User number `number`'s id, a UUIDv7 as the statements above put it together.
fn id(oldest: Timestamp, number: usize) -> UserId {
    let came = oldest.plus(BETWEEN * u32::try_from(number).unwrap_or(u32::MAX));
    let millis = (came.as_micros() / 1000).to_be_bytes();
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&millis[2..]);
    bytes[6..10].copy_from_slice(&[0x70, 0, 0x80, 0]);
    bytes[10..].copy_from_slice(&(number as u64).to_be_bytes()[2..]);
    UserId::from_bytes(bytes)
}

#[expect(clippy::disallowed_methods, reason = "the tokens must be valid when the server looks at its clock")]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
