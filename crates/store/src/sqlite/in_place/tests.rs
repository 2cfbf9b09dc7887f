//! On files made as the seeds' application and others like it make them.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::Connection;
use sekisho_core::accounts::IncomingUser;
use sekisho_core::beside::{NOBODYS_HASH, Roles, SetValue, Standing, Table, plan};
use sekisho_core::credentials::{HashString, SchemeCost};
use sekisho_core::id::UserId;
use sekisho_core::time::Timestamp;

use crate::error::Error;
use crate::session::Tx;
use crate::sqlite::in_place::{TrialFailure, leave_wal};
use crate::store::{OpenOptions, Store};
use crate::user_changes::{Field, Insert, NewUser};

const NOW: Timestamp = Timestamp::from_micros(1_710_391_048_000_000);
const HASH: &str = "$2b$12$2Ss8aodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa";
const LATER: &str = "$2b$12$aaaaodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa";

/// The table as SQLModel makes it of the seeds' class.
const SEEDS: &str = "create table user (id integer not null, email varchar not null, username varchar not null, \
     hashed_password varchar not null, primary key (id)); create unique index ix_user_email on user (email); \
     insert into user values (1, 'tim@gmail.com', 'tim', '$2b$12$2Ss8aodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa')";

const SEEDS_ROLES: Roles<'_> = Roles {
    id: "id",
    username: Some("username"),
    email: Some("email"),
    full_name: None,
    hash: "hashed_password",
    disabled: None,
};

struct World {
    folder: PathBuf,
    file: PathBuf,
}

impl World {
    fn new(sql: &str) -> World {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("sekisho-beside-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("test.db");
        Connection::open(&file).unwrap().execute_batch(sql).unwrap();
        World { folder, file }
    }

    fn application(&self) -> Connection {
        Connection::open(&self.file).unwrap()
    }

    /// All of the application's rows, each as one text.
    fn rows(&self, columns: &str) -> Vec<String> {
        let sql = format!("select concat_ws('|', {columns}) from user order by rowid");
        let connection = self.application();
        let mut statement = connection.prepare(&sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    async fn store(&self) -> Store {
        Store::open_in_place(&self.file, OpenOptions::new(NOW)).await.unwrap()
    }

    async fn begin(&self) -> (Store, Tx) {
        let store = self.store().await;
        let tx = store.begin().await.unwrap();
        (store, tx)
    }

    /// Adopts every row as it is, as far as these roles go.
    async fn adopt(&self, roles: &Roles<'_>, sets: &[&str]) -> Result<Store, TrialFailure> {
        let (store, mut tx) = self.begin().await;
        tx.make_schema(NOW).await.unwrap();
        tx.stand_aside().await.unwrap();
        let columns = tx.columns_of("user").await.unwrap();
        let sets: Vec<SetValue> = sets.iter().map(|set| SetValue::parse(set).unwrap()).collect();
        let table = plan("user", &columns, roles, &sets).unwrap();
        let rows = self.application();
        let mut statement =
            rows.prepare("select cast(id as text), username, email, hashed_password from user").unwrap();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let id: String = row.get(0).unwrap();
            let adopted = tx.adopted_user(&id).await.unwrap().is_some();
            if adopted || tx.user_by_external_id(&id).await.unwrap().is_some() {
                continue;
            }
            let hash: String = row.get(3).unwrap();
            let user = incoming(&id, row.get(1).unwrap(), row.get(2).unwrap(), &hash);
            take(&mut tx, &user).await;
        }
        let failed = tx.stand_beside(&standing(table)).await.unwrap();
        match failed {
            Some(failure) => Err(failure),
            None => {
                tx.commit().await.unwrap();
                Ok(store)
            }
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn standing(table: Table) -> Standing {
    Standing { since: NOW.as_micros(), copy: "copy".into(), journal_mode: "delete".into(), table }
}

fn id(last: u8) -> UserId {
    let mut bytes = [7; 16];
    bytes[15] = last;
    UserId::from_bytes(bytes)
}

fn kind() -> SchemeCost {
    SchemeCost { scheme: "bcrypt".into(), cost: "12".into() }
}

fn incoming(external_id: &str, username: String, email: String, hash: &str) -> IncomingUser {
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

async fn take(tx: &mut Tx, user: &IncomingUser) {
    assert_eq!(tx.insert_incoming(user).await, Ok(Insert::Done));
    tx.note_adopted_user(user.external_id.as_deref().unwrap(), user.id, NOW).await.unwrap();
}

async fn register(store: &Store, last: u8, username: &str, email: &str) -> Result<Insert, Error> {
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

async fn within(store: &Store, work: impl AsyncFnOnce(&mut Tx)) {
    let mut tx = store.begin().await.unwrap();
    work(&mut tx).await;
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_users_life_shows_in_the_seeds_table() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));
    let columns = "id, email, username, hashed_password";
    assert_eq!(
        world.rows(columns),
        [format!("1|tim@gmail.com|tim|{HASH}"), format!("2|ann@example.com|ann|{HASH}")]
    );
    let ann = store.read().await.unwrap().user_by_id(id(50)).await.unwrap().unwrap();
    assert_eq!(ann.external_id.as_deref(), Some("2"));
    let extra = store.read().await.unwrap().extra_of(id(50)).await.unwrap().unwrap();
    assert_eq!(extra["id"], 2);

    within(&store, async |tx| {
        tx.set_password(id(50), &HashString::new(LATER.to_owned()), &kind(), NOW).await.unwrap();
        let rename =
            "update sekisho_users set username = 'anne', email = 'anne@example.com' where username = 'ann'";
        tx.execute(rename, &[]).await.unwrap();
    })
    .await;
    assert_eq!(world.rows(columns)[1], format!("2|anne@example.com|anne|{LATER}"));

    // This table knows no disabled users: they lose their hash there until they are enabled.
    within(&store, async |tx| assert!(tx.disable(id(50), NOW).await.unwrap())).await;
    assert_eq!(world.rows("hashed_password")[1], NOBODYS_HASH);
    within(&store, async |tx| {
        tx.set_password(id(50), &HashString::new(HASH.to_owned()), &kind(), NOW).await.unwrap();
    })
    .await;
    assert_eq!(world.rows("hashed_password")[1], NOBODYS_HASH);
    within(&store, async |tx| assert!(tx.enable(id(50), NOW).await.unwrap())).await;
    assert_eq!(world.rows("hashed_password")[1], HASH);

    within(&store, async |tx| assert!(tx.delete_user(id(50), NOW, NOW).await.unwrap())).await;
    let blank = world.rows(columns).remove(1);
    assert!(blank.starts_with("2|deleted-2-") && blank.contains("@deleted.example|deleted-2-"), "{blank}");
    assert!(blank.ends_with(NOBODYS_HASH), "{blank}");
    within(&store, async |tx| assert_eq!(tx.release_names(NOW).await.unwrap(), 1)).await;
    assert_eq!(world.rows("id").len(), 2);
}

#[tokio::test]
async fn columns_that_there_are_and_columns_that_must_be_set() {
    let world = World::new(
        "create table user (id integer not null primary key autoincrement, email varchar(50) not null unique, \
         username varchar not null unique, full_name varchar not null, hashed_password varchar not null, \
         is_active boolean not null, role varchar not null, score integer not null default 7, \
         created_at datetime not null, public_id char(32) not null unique, nick varchar, \
         shout varchar generated always as (upper(username)) stored not null)",
    );
    let roles = Roles { full_name: Some("full_name"), disabled: Some(("is_active", true)), ..SEEDS_ROLES };
    let sets = ["role=it's \"member\"", "created_at=now", "public_id=uuid", "nick=-"];
    let store = world.adopt(&roles, &sets).await.unwrap();
    assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));
    assert_eq!(
        world.rows(
            "id, full_name, is_active, role, score, nick, shout, length(created_at), length(public_id)"
        ),
        ["1|Ann|1|it's \"member\"|7|-|ANN|26|32"]
    );
    within(&store, async |tx| assert!(tx.disable(id(50), NOW).await.unwrap())).await;
    assert_eq!(world.rows("is_active, hashed_password"), [format!("0|{HASH}")]);
    within(&store, async |tx| {
        tx.execute("update sekisho_users set full_name = null where username = 'ann'", &[]).await.unwrap();
        assert!(tx.enable(id(50), NOW).await.unwrap());
    })
    .await;
    assert_eq!(world.rows("is_active, full_name, role"), ["1||it's \"member\""]);
}

#[tokio::test]
async fn an_id_may_be_ours() {
    for (declared, shown) in [
        ("char(32)", "07070707070707070707070707070732"),
        ("varchar(36)", "07070707-0707-0707-0707-070707070732"),
    ] {
        let world =
            World::new(&SEEDS.replace("id integer", &format!("id {declared}")).replace("(1, ", "('x', "));
        let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
        assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));
        assert_eq!(world.rows("id")[1], shown);
        let ann = store.read().await.unwrap().user_by_external_id(shown).await.unwrap();
        assert_eq!(ann.map(|user| user.id), Some(id(50)));
    }
}

#[tokio::test]
async fn what_the_application_has_is_taken_here() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    world.application().execute_batch("insert into user values (9, 'bob@example.com', 'bob', 'x')").unwrap();
    for (name, email, field) in [
        ("bob", "other@example.com", Field::Username),
        ("robert", "bob@example.com", Field::Email),
        ("tim", "other@example.com", Field::Username),
    ] {
        assert_eq!(register(&store, 51, name, email).await, Ok(Insert::Taken(field)), "{name}");
    }
    assert_eq!(world.rows("id"), ["1", "9"]);
    assert_eq!(store.read().await.unwrap().count_users().await, Ok(1));
    // Nor may anybody be given a name that somebody has there.
    let mut tx = store.begin().await.unwrap();
    let rename = "update sekisho_users set username = 'bob' where username = 'tim'";
    assert!(matches!(tx.execute(rename, &[]).await, Err(Error::Constraint { .. })));
}

#[tokio::test]
async fn a_constraint_of_the_application_refuses_the_whole_user() {
    let world = World::new(&format!("{SEEDS}; create unique index lower_email on user (lower(email))"));
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    world
        .application()
        .execute_batch("insert into user values (9, 'BOB@example.com', 'bobby', 'x')")
        .unwrap();
    assert_eq!(register(&store, 50, "bob", "bob@example.com").await, Ok(Insert::Taken(Field::Email)));
    assert_eq!(store.read().await.unwrap().user_by_id(id(50)).await, Ok(None));
    assert_eq!(register(&store, 50, "bob", "bob2@example.com").await, Ok(Insert::Done));
}

#[tokio::test]
async fn the_trial_finds_what_would_fail_later_and_leaves_nothing() {
    for (more, sets, step, reason) in [
        (
            "alter table user add column badge varchar; create unique index badges on user (badge)",
            &["badge=same"][..],
            "adding a second user",
            "user.badge must differ from row to row, and another row has the same",
        ),
        (
            "create trigger own before insert on user begin select raise(abort, 'closed'); end",
            &[],
            "adding a user",
            "closed",
        ),
        (
            "create trigger own after update of username on user begin update user set username = old.username \
             where id = new.id; end",
            &[],
            "changing a username",
            "table user does not show it: has it triggers of its own?",
        ),
        (
            "create trigger own before update on user when new.username glob 'deleted-*' begin \
             select raise(abort, 'no'); end",
            &[],
            "deleting a user",
            "no",
        ),
    ] {
        let world = World::new(&format!("{SEEDS}; {more}"));
        let failure = world.adopt(&SEEDS_ROLES, sets).await.unwrap_err();
        assert_eq!((failure.step, failure.reason.as_str()), (step, reason));
        let ours = "select count(*) from sqlite_schema where name like 'sekisho%'";
        let left: i64 = world.application().query_row(ours, [], |row| row.get(0)).unwrap();
        assert_eq!((left, world.rows("id").len()), (0, 1), "{step}");
    }
}

#[tokio::test]
async fn a_second_adoption_takes_what_is_new_and_no_more() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));
    assert_eq!(register(&store, 51, "eve", "eve@example.com").await, Ok(Insert::Done));
    for gone in [id(1), id(51)] {
        within(&store, async |tx| assert!(tx.delete_user(gone, NOW, NOW).await.unwrap())).await;
    }
    store.close().await;
    world.application().execute_batch("insert into user values (4, 'bob@example.com', 'bob', 'x')").unwrap();
    let before = world.rows("id, username, email, hashed_password");
    for _ in 0..2 {
        let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
        assert_eq!(world.rows("id, username, email, hashed_password"), before);
        assert_eq!(store.read().await.unwrap().count_users().await, Ok(2), "ann and bob");
        within(&store, async |tx| assert_eq!(tx.links().await, Ok(4))).await;
        store.close().await;
    }
}

#[tokio::test]
async fn a_twin_gets_the_name_that_it_has_here() {
    let world = World::new(&format!("{SEEDS}; insert into user values (2, 'tim2@gmail.com', 'tim', 'y')"));
    let (store, mut tx) = world.begin().await;
    tx.make_schema(NOW).await.unwrap();
    let columns = tx.columns_of("user").await.unwrap();
    for (id, username, email) in [("1", "tim", "tim@gmail.com"), ("2", "tim-2", "tim2@gmail.com")] {
        take(&mut tx, &incoming(id, username.into(), email.into(), HASH)).await;
    }
    let table = plan("user", &columns, &SEEDS_ROLES, &[]).unwrap();
    assert_eq!(tx.stand_beside(&standing(table)).await, Ok(None));
    tx.commit().await.unwrap();
    drop(store);
    assert_eq!(world.rows("id, username"), ["1|tim", "2|tim-2"]);
}

#[tokio::test]
async fn going_back_leaves_the_application_alone_with_its_rows() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));
    let before = world.rows("id, username, email, hashed_password");
    within(&store, async |tx| {
        assert_eq!(tx.unreadable_beside().await, Ok(0));
        tx.take_away().await.unwrap();
    })
    .await;
    store.close().await;
    assert_eq!(leave_wal(&world.file, "delete"), Ok(true));
    assert_eq!(world.rows("id, username, email, hashed_password"), before);
    let ours = "select count(*) from sqlite_schema where name like 'sekisho%'";
    let left: i64 = world.application().query_row(ours, [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn keeping_sekisho_takes_the_hashes_out_and_goes_on_with_names() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    let standing = store.read().await.unwrap().standing().await.unwrap().unwrap();
    within(&store, async |tx| assert_eq!(tx.withhold_passwords(&standing).await, Ok(1))).await;
    assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));
    assert_eq!(
        world.rows("username, hashed_password"),
        [format!("tim|{NOBODYS_HASH}"), format!("ann|{NOBODYS_HASH}")]
    );
    within(&store, async |tx| tx.detach().await.unwrap()).await;
    assert_eq!(register(&store, 51, "bob", "bob@example.com").await, Ok(Insert::Done));
    assert_eq!(world.rows("username"), ["tim", "ann"]);
    assert_eq!(store.read().await.unwrap().standing().await, Ok(None));
}
