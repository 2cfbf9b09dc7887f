//! Users who come and change while the table is kept in step.

use super::*;

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
    // So it is for those who come from a file, and the transaction goes on with the next.
    let mut tx = store.begin().await.unwrap();
    for (name, email, outcome) in [
        ("robert", "bob@example.com", Insert::Taken(Field::Email)),
        ("bob", "b@example.com", Insert::Taken(Field::Username)),
        ("eve", "eve@example.com", Insert::Done),
    ] {
        let user =
            IncomingUser { disabled_at: Some(NOW), ..incoming("60", name.into(), email.into(), LATER) };
        assert_eq!(tx.insert_incoming(&user).await, Ok(outcome), "{name}");
    }
    drop(tx);
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
