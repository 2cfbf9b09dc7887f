//! What the tests of both databases stand beside an application with: roles, users, and what is done to them.

use sekisho_core::accounts::IncomingUser;
use sekisho_core::beside::Roles;
use sekisho_core::credentials::{HashString, SchemeCost};
use sekisho_core::id::UserId;
use sekisho_core::time::Timestamp;

use crate::error::Error;
use crate::session::Tx;
use crate::store::Store;
use crate::user_changes::{Insert, NewUser};

pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_710_391_048_000_000);
pub(crate) const HASH: &str = "$2b$12$2Ss8aodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa";
pub(crate) const LATER: &str = "$2b$12$aaaaodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa";

pub(crate) const SEEDS_ROLES: Roles<'_> = Roles {
    id: "id",
    username: Some("username"),
    email: Some("email"),
    full_name: None,
    hash: "hashed_password",
    disabled: None,
};

pub(crate) fn id(last: u8) -> UserId {
    let mut bytes = [7; 16];
    bytes[15] = last;
    UserId::from_bytes(bytes)
}

pub(crate) fn kind() -> SchemeCost {
    SchemeCost { scheme: "bcrypt".into(), cost: "12".into() }
}

pub(crate) fn incoming(external_id: &str, username: String, email: String, hash: &str) -> IncomingUser {
    let number: u8 = external_id.parse().unwrap_or(99);
    IncomingUser {
        id: id(number),
        external_id: Some(external_id.to_owned()),
        username_key: Some(username.clone()),
        username,
        email_key: Some(email.clone()),
        email: Some(email),
        full_name: None,
        extra: None,
        token_version: 0,
        disabled_at: None,
        created_at: NOW,
        updated_at: NOW,
        password: Some((HashString::new(hash.to_owned()), kind())),
    }
}

pub(crate) async fn take(tx: &mut Tx, user: &IncomingUser) {
    assert_eq!(tx.insert_incoming(user).await, Ok(Insert::Done));
    tx.note_adopted_user(user.external_id.as_deref().unwrap(), user.id, NOW).await.unwrap();
}

pub(crate) async fn register(store: &Store, last: u8, username: &str, email: &str) -> Result<Insert, Error> {
    let mut tx = store.begin().await?;
    let new = NewUser {
        id: id(last),
        username,
        username_key: Some(username),
        email: Some(email),
        email_key: Some(email),
        full_name: Some("Ann"),
        external_id: None,
        now: NOW,
    };
    let inserted = tx.insert_user(&new).await?;
    if inserted == Insert::Done {
        tx.set_password(new.id, &HashString::new(HASH.to_owned()), &kind(), NOW).await?;
        tx.commit().await?;
    }
    Ok(inserted)
}

pub(crate) async fn within(store: &Store, work: impl AsyncFnOnce(&mut Tx)) {
    let mut tx = store.begin().await.unwrap();
    work(&mut tx).await;
    tx.commit().await.unwrap();
}
