//! A whole database copied into another: every pair of the two kinds, and what can go wrong.

use std::sync::atomic::{AtomicU64, Ordering};

use sekisho_core::audit::Event;
use sekisho_core::credentials::HashString;
use sekisho_core::settings::DatabaseUrl;
use sekisho_store::{
    CopyError, Error, Look, NewUser, OpenOptions, Phase, Source, Store, TableCopied, Target, TargetState,
    copy_rows, target_state,
};
use sekisho_throwaway::Postgres;

use crate::world::{Folder, NOW, cost, id, insert, new_user, operator};

/// A place for a database, with nothing in it.
struct Place {
    url: DatabaseUrl,
    text: String,
    _folder: Folder,
}

impl Place {
    fn sqlite() -> Place {
        let folder = Folder::new();
        let path = folder.path("test.db");
        Place { text: path.display().to_string(), url: DatabaseUrl::Sqlite(path), _folder: folder }
    }

    fn postgres() -> Place {
        let text = Postgres::shared().create_database();
        Place { url: DatabaseUrl::parse(&text).unwrap(), text, _folder: Folder::new() }
    }

    async fn open(&self) -> Store {
        Store::open(&self.url, options()).await.unwrap()
    }

    async fn source(&self) -> Source {
        Source::open(&self.url, options()).await.unwrap()
    }

    async fn claim(&self) -> Result<Target, TargetState> {
        Target::claim(&self.url, options(), NOW).await.unwrap()
    }

    async fn state(&self) -> TargetState {
        target_state(&self.url, options()).await.unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if matches!(self.url, DatabaseUrl::Postgres(_)) {
            Postgres::shared().drop_database(&self.text);
        }
    }
}

fn options() -> OpenOptions {
    OpenOptions::new(NOW)
}

/// Something in every table, and of users every kind; more than are read at once.
async fn fill(store: &Store) {
    let mut tx = store.begin().await.unwrap();
    for number in 10..2110 {
        let name = format!("user{number}");
        let plain = "insert into sekisho_users (id, username, username_key, email, email_key, token_version, created_at, \
                     updated_at) values ($1, $2, $2, $2, $2, 0, 1, 1)";
        tx.execute(plain, &[id(number).into(), (&name).into()]).await.unwrap();
    }
    tx.commit().await.unwrap();
    let odd = NewUser {
        full_name: Some("関所 \u{1f6e4} \u{e9}\u{301} '\"\\\t"),
        external_id: Some("Ω-1"),
        ..new_user(1, "Tim", "tim", "Tim@Gmail.com")
    };
    let twin = NewUser { username_key: None, email: None, email_key: None, ..new_user(2, "tIM", "", "") };
    insert(store, &[odd, twin, new_user(3, "gone", "gone", "gone@x.org")]).await;
    let mut tx = store.begin().await.unwrap();
    for number in [1, 2, 3] {
        let hash = HashString::new(format!("$2b$04${number}"));
        tx.set_password(id(number), &hash, &cost("bcrypt", &number.to_string()), NOW).await.unwrap();
        tx.add_item(id(number), NOW).await.unwrap();
        tx.record(&operator(), &Event::UserAdded { user: id(number) }).await.unwrap();
    }
    tx.delete_user(id(3), NOW, NOW).await.unwrap();
    tx.disable(id(2), NOW).await.unwrap();
    tx.note_adopted_user("17", id(1), NOW).await.unwrap();
    tx.set_meta("root_key_fingerprint", "0123456789abcdef").await.unwrap();
    tx.set_limit(&[9; 16], NOW).await.unwrap();
    tx.enter_job("sweep", NOW).await.unwrap();
    tx.execute(
        "update sekisho_users set extra = $1 where id = $2",
        &["{\"a\":[1,null]}".into(), id(2).into()],
    )
    .await
    .unwrap();
    // The last event is gone, and its number is not given again.
    tx.execute("delete from sekisho_events where event_id = $1", &[3i64.into()]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn copied(from: &Place, to: &Place) -> Vec<TableCopied> {
    let mut source = from.source().await;
    let target = to.claim().await.unwrap();
    let copied = copy_rows(&mut source, &target, |_| ()).await.unwrap();
    target.finish(&mut source).await.unwrap();
    copied
}

/// What the tables hold, told by the rows themselves and not by checksums.
async fn told(store: &Store) -> Vec<Vec<Option<String>>> {
    let mut read = store.read().await.unwrap();
    let mut told = Vec::new();
    for (sql, columns) in [
        (
            "select username, username_key, email, email_key, full_name, external_id, extra from sekisho_users order by id",
            7,
        ),
        ("select kind, scheme, cost, data from sekisho_credentials order by user_id, kind", 4),
        ("select scheme, cost, cast(n as text) from sekisho_hash_schemes order by scheme, cost", 3),
        ("select kind, actor, request_id, peer, agent, data from sekisho_events order by event_id", 6),
        ("select cast(item_id as text) from sekisho_items order by item_id", 1),
        ("select name, cast(value as text) from sekisho_counters order by name", 2),
        (
            "select kind, external_id, cast(item_id as text) from sekisho_adopted order by kind, external_id",
            3,
        ),
        ("select name, value from sekisho_meta order by name", 2),
        ("select name, holder, outcome, cast(due_at as text) from sekisho_jobs order by name", 4),
        ("select cast(full_at as text) from sekisho_limits order by counted", 1),
    ] {
        for mut row in read.rows(sql, &[]).await.unwrap() {
            told.push((0..columns).map(|at| row.take(at).unwrap()).collect());
        }
    }
    told
}

async fn next_event(store: &Store) -> i64 {
    let mut tx = store.begin().await.unwrap();
    tx.record(&operator(), &Event::UserAdded { user: id(1) }).await.unwrap();
    let last = "select event_id from sekisho_events order by event_id desc limit 1";
    let event = tx.row(last, &[]).await.unwrap().unwrap().take(0).unwrap();
    tx.commit().await.unwrap();
    event
}

async fn there_and_back(first: Place, second: Place, third: Place) {
    let store = first.open().await;
    fill(&store).await;
    let before = told(&store).await;
    assert!(before.len() > 2110);
    // A freeze belongs to the database that is frozen.
    let mut tx = store.begin().await.unwrap();
    tx.freeze(&operator()).await.unwrap();
    tx.commit().await.unwrap();
    let mut look = Look::open_url(&first.url, options()).await.unwrap();
    assert_eq!(look.intruders().await.unwrap(), Vec::<String>::new(), "its triggers are known");
    drop(look);

    let went = copied(&first, &second).await;
    let rows: u64 = went.iter().map(|table| table.tally.rows).sum();
    let users = went.iter().find(|table| table.table == "users").unwrap();
    assert_eq!((users.tally.rows, went.len()), (2103, 10));
    assert!(rows > 2110, "{rows}");
    let arrived = second.open().await;
    assert_eq!(arrived.read().await.unwrap().frozen_since().await.unwrap(), None);
    let mut after = told(&arrived).await;
    // Only the freeze's own event was added, and its row of the source is not told of here.
    let frozen = after.iter().position(|row| row[0].as_deref() == Some("database_frozen")).unwrap();
    after.remove(frozen);
    assert_eq!(after, before);
    let mut look = Look::open_url(&second.url, options()).await.unwrap();
    assert_eq!(look.schema_differences().await.unwrap(), Vec::<String>::new());
    assert_eq!(look.intruders().await.unwrap(), Vec::<String>::new());
    look.serves().await.unwrap();
    drop(look);

    // And back, to the same rows and checksums.
    let came = copied(&second, &third).await;
    assert_eq!(came, went);
    let back = third.open().await;
    assert_eq!(next_event(&back).await, 5, "3 was given, 4 was the freeze's");
    assert_eq!(next_event(&arrived).await, 5);
    for store in [store, arrived, back] {
        store.close().await;
    }
}

#[tokio::test]
async fn from_sqlite_to_postgresql_and_back() {
    Box::pin(there_and_back(Place::sqlite(), Place::postgres(), Place::sqlite())).await;
}

#[tokio::test]
async fn from_postgresql_to_sqlite_and_back() {
    Box::pin(there_and_back(Place::postgres(), Place::sqlite(), Place::postgres())).await;
}

#[tokio::test]
async fn from_postgresql_to_postgresql() {
    Box::pin(there_and_back(Place::postgres(), Place::postgres(), Place::postgres())).await;
}

#[tokio::test]
async fn from_sqlite_to_sqlite() {
    Box::pin(there_and_back(Place::sqlite(), Place::sqlite(), Place::sqlite())).await;
}

/// Ended at any step, it says so, nobody else opens it, and another run ends well.
async fn ended_and_begun_anew(from: Place, to: Place) {
    let store = from.open().await;
    fill(&store).await;
    for steps in [1, 3, 7, 12] {
        let mut source = from.source().await;
        let target = to.claim().await.unwrap();
        let done = AtomicU64::new(0);
        let ended = std::sync::Arc::new(tokio::sync::Notify::new());
        let carrying = copy_rows(&mut source, &target, |_| {
            if done.fetch_add(1, Ordering::Relaxed) + 1 == steps {
                ended.notify_one();
            }
        });
        // Dropped as a kill would drop it: in the middle.
        tokio::select! {
            biased;
            () = ended.notified() => {}
            copied = carrying => { copied.unwrap(); }
        }
        drop((source, target));
        let opened = Store::open(&to.url, options()).await;
        assert_eq!(opened.map(|_| ()).unwrap_err(), Error::Unfinished, "after {steps} steps");
        assert_eq!(to.state().await, TargetState::Unfinished);
        assert!(matches!(Source::open(&to.url, options()).await, Err(Error::Unfinished)));
    }
    let went = copied(&from, &to).await;
    assert!(went.iter().any(|table| table.table == "users" && table.tally.rows == 2103));
    assert_eq!(told(&to.open().await).await, told(&store).await);
}

#[tokio::test]
async fn a_copy_into_postgresql_that_was_ended_is_begun_anew() {
    Box::pin(ended_and_begun_anew(Place::sqlite(), Place::postgres())).await;
}

#[tokio::test]
async fn a_copy_into_sqlite_that_was_ended_is_begun_anew() {
    Box::pin(ended_and_begun_anew(Place::postgres(), Place::sqlite())).await;
}

#[tokio::test]
async fn only_what_is_empty_is_written_into() {
    for place in [Place::sqlite(), Place::postgres()] {
        assert_eq!(place.state().await, TargetState::New);
        let store = place.open().await;
        assert_eq!(place.state().await, TargetState::Empty);
        let mut tx = store.begin().await.unwrap();
        tx.set_meta("root_key_fingerprint", "0123456789abcdef").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(place.state().await, TargetState::Started);
        assert_eq!(place.claim().await.err(), Some(TargetState::Started));
        insert(&store, &[new_user(1, "tim", "tim", "tim@gmail.com")]).await;
        assert_eq!(place.state().await, TargetState::Holds("users"));
        assert_eq!(place.claim().await.err(), Some(TargetState::Holds("users")));
        let last =
            "select version from sekisho_migrations where owner = 'sekisho' order by version desc limit 1";
        let known: i64 = store.read().await.unwrap().row(last, &[]).await.unwrap().unwrap().take(0).unwrap();
        store.write_one("delete from sekisho_migrations where version = $1", &[known.into()]).await.unwrap();
        let known = known as usize;
        assert_eq!(place.state().await, TargetState::OtherSchema { found: known - 1, known });
        assert!(matches!(Source::open(&place.url, options()).await, Err(Error::Misuse { .. })));
        store.close().await;
    }
    let foreign = Place::postgres();
    Postgres::shared().psql(&foreign.text, "create table orders (id int)");
    let refused = target_state(&foreign.url, options()).await;
    assert_eq!(refused, Err(Error::Foreign { tables: "orders".to_owned() }));
}

#[tokio::test]
async fn one_copy_at_a_time_goes_into_a_server() {
    let (from, to) = (Place::sqlite(), Place::postgres());
    fill(&from.open().await).await;
    let first = to.claim().await.unwrap();
    let second = Target::claim(&to.url, options(), NOW).await.map(drop).unwrap_err();
    assert!(second.to_string().contains("another copy into this database is going on"), "{second}");
    let mut source = from.source().await;
    copy_rows(&mut source, &first, |_| ()).await.unwrap();
    first.finish(&mut source).await.unwrap();
    assert_eq!(to.state().await, TargetState::Holds("users"));
}

/// What nobody should do to a target: found, and the target stays unfinished.
#[tokio::test]
async fn a_row_that_differs_is_found() {
    for change in [
        "update sekisho_users set full_name = 'Mallory' where username = 'Tim'",
        "delete from sekisho_items where item_id = 1",
        "insert into sekisho_counters values ('other', 1)",
        "update sekisho_credentials set updated_at = updated_at + 1 where cost = '1'",
    ] {
        let (from, to) = (Place::sqlite(), Place::postgres());
        fill(&from.open().await).await;
        let mut source = from.source().await;
        let target = to.claim().await.unwrap();
        let mut changed = false;
        let outcome = copy_rows(&mut source, &target, |step| {
            if step.phase == Phase::Copying && step.table == "meta" && !changed {
                changed = true;
                Postgres::shared().psql(&to.text, change);
            }
        });
        let differs = outcome.await.unwrap_err();
        assert!(matches!(differs, CopyError::Differs { .. }), "{change}: {differs}");
        drop(target);
        assert_eq!(Store::open(&to.url, options()).await.map(|_| ()).unwrap_err(), Error::Unfinished);
    }
}
