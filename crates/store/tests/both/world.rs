//! What every test needs: a folder, a time, and users.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sekisho_core::accounts::LoginName;
use sekisho_core::credentials::SchemeCost;
use sekisho_core::ctx::{Actor, Ctx};
use sekisho_core::id::{RequestId, UserId};
use sekisho_core::time::Timestamp;
use sekisho_store::{Insert, NewUser, Store};

/// The time at which all tests take place.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_710_391_048);

/// A folder of one's own, removed with the value.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("sekisho-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn as_path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The id made of this number.
pub(crate) fn id(number: u64) -> UserId {
    let mut bytes = [0x70; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    UserId::from_bytes(bytes)
}

/// A user who has registered: name, key and address follow from `name`.
pub(crate) fn new_user<'a>(number: u64, name: &'a str, key: &'a str, email: &'a str) -> NewUser<'a> {
    NewUser {
        id: id(number),
        username: name,
        username_key: Some(key),
        email: Some(email),
        email_key: Some(email),
        full_name: None,
        external_id: None,
        now: NOW,
    }
}

/// Inserts the users and commits.
pub(crate) async fn insert(store: &Store, users: &[NewUser<'_>]) {
    let mut tx = store.begin().await.unwrap();
    for user in users {
        assert_eq!(tx.insert_user(user).await.unwrap(), Insert::Done);
    }
    tx.commit().await.unwrap();
}

/// The seeds' user.
pub(crate) async fn insert_tim(store: &Store) -> UserId {
    let tim = NewUser { full_name: Some("Tim Ruscica"), ..new_user(1, "tim", "tim", "tim@gmail.com") };
    insert(store, &[tim]).await;
    id(1)
}

/// A log-in name with these parts.
pub(crate) fn login(text: &str, key: &str, email_key: Option<&str>) -> LoginName {
    LoginName { text: text.to_owned(), key: key.to_owned(), email_key: email_key.map(str::to_owned) }
}

/// A scheme with its cost.
pub(crate) fn cost(scheme: &str, cost: &str) -> SchemeCost {
    SchemeCost { scheme: scheme.to_owned(), cost: cost.to_owned() }
}

/// What an operator does, at that time.
pub(crate) fn operator() -> Ctx {
    Ctx { request_id: RequestId::new([7; 8]), peer: None, agent: None, actor: Actor::Operator, now: NOW }
}
