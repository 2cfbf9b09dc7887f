//! Users who come and change while the table is kept in step.

use super::*;

#[tokio::test]
async fn a_users_life_shows_in_the_seeds_table() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));
    let columns = "email, username, hashed_password";
    assert_eq!(
        world.rows(columns),
        [format!("tim@gmail.com|tim|{HASH}"), format!("ann@example.com|ann|{HASH}")]
    );
    // The trial took two numbers of the sequence.
    let ann = store.read().await.unwrap().user_by_id(id(50)).await.unwrap().unwrap();
    assert_eq!(ann.external_id.as_deref(), Some("4"));
    let extra = store.read().await.unwrap().extra_of(id(50)).await.unwrap().unwrap();
    assert_eq!(extra["id"], 4);

    within(&store, async |tx| {
        tx.set_password(id(50), &HashString::new(LATER.to_owned()), &kind(), NOW).await.unwrap();
        let rename =
            "update sekisho_users set username = 'anne', email = 'anne@example.com' where username = 'ann'";
        tx.execute(rename, &[]).await.unwrap();
    })
    .await;
    assert_eq!(world.rows(columns)[1], format!("anne@example.com|anne|{LATER}"));

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
    let blank = world.rows(&format!("id, {columns}")).remove(1);
    assert!(blank.starts_with("4|deleted-4-") && blank.contains("@deleted.example|deleted-4-"), "{blank}");
    assert!(blank.ends_with(NOBODYS_HASH), "{blank}");
    within(&store, async |tx| assert_eq!(tx.release_names(NOW).await.unwrap(), 1)).await;
    assert_eq!(world.rows("id").len(), 2);
}

#[tokio::test]
async fn columns_that_there_are_and_columns_that_must_be_set() {
    let world = World::new(
        "create type mood as enum ('calm', 'happy'); \
         create table \"user\" (id bigint generated always as identity primary key, email varchar(50) not null unique, \
         username varchar(20) not null unique, full_name varchar not null, hashed_password varchar not null, \
         is_active boolean not null, role varchar not null, score smallint not null default 7, mood mood not null, \
         created_at timestamp not null, seen_at timestamptz not null, public_id uuid not null unique, \
         legacy_id char(32) not null unique, admin boolean not null, nick varchar, born date not null, tags text[] not null, \
         shout varchar generated always as (upper(username)) stored not null)",
    );
    let roles = Roles { full_name: Some("full_name"), disabled: Some(("is_active", true)), ..SEEDS_ROLES };
    let sets = [
        "role=it's \"member\"\\",
        "mood=calm",
        "created_at=now",
        "seen_at=now",
        "public_id=uuid",
        "legacy_id=uuid",
        "admin=no",
        "nick=-",
        "born=now",
        "tags={a}",
    ];
    let store = world.adopt(&roles, &sets).await.unwrap();
    assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));
    assert_eq!(
        world.rows(
            "full_name, is_active, role, score, mood, nick, shout, admin, length(legacy_id), born = current_date, \
             created_at > now() at time zone 'utc' - interval '1 minute', seen_at > now() - interval '1 minute'"
        ),
        ["Ann|t|it's \"member\"\\|7|calm|-|ANN|f|32|t|t|t"]
    );
    within(&store, async |tx| assert!(tx.disable(id(50), NOW).await.unwrap())).await;
    assert_eq!(world.rows("is_active, hashed_password"), [format!("f|{HASH}")]);
    within(&store, async |tx| {
        tx.execute("update sekisho_users set full_name = null where username = 'ann'", &[]).await.unwrap();
        assert!(tx.enable(id(50), NOW).await.unwrap());
    })
    .await;
    assert_eq!(world.rows("is_active, full_name, nick"), ["t||-"]);
    // A name that no row can have more of is short, too.
    within(&store, async |tx| assert!(tx.delete_user(id(50), NOW, NOW).await.unwrap())).await;
    assert_eq!(world.rows("length(username), email like '%@deleted.example'"), ["20|t"]);
    // What is too long there is refused, and nothing of it is written here.
    let long = register(&store, 51, "a-name-of-many-characters", "long@example.com").await;
    assert!(matches!(long, Ok(Insert::Refused(_))), "{long:?}");
    assert_eq!(store.read().await.unwrap().user_by_id(id(51)).await, Ok(None));
}

#[tokio::test]
async fn whether_a_user_may_enter_may_be_a_number_or_the_opposite() {
    for (declared, inverted, [enabled, disabled]) in [
        ("disabled integer not null", false, ["0", "1"]),
        ("disabled smallint", true, ["1", "0"]),
        ("disabled boolean not null", false, ["f", "t"]),
        ("disabled boolean", true, ["t", "f"]),
    ] {
        let world = World::new(&format!(
            "create table \"user\" (id serial primary key, email varchar, username varchar, hashed_password text, {declared})"
        ));
        let roles = Roles { disabled: Some(("disabled", inverted)), ..SEEDS_ROLES };
        let store = world.adopt(&roles, &[]).await.unwrap();
        assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));
        assert_eq!(world.rows("disabled"), [enabled], "{declared}");
        within(&store, async |tx| assert!(tx.disable(id(50), NOW).await.unwrap())).await;
        assert_eq!(world.rows("disabled"), [disabled], "{declared}");
    }
}

#[tokio::test]
async fn an_id_may_be_ours() {
    for (declared, first, shown) in [
        ("uuid", "gen_random_uuid()", "07070707-0707-0707-0707-070707070732"),
        ("char(32)", "'x'", "07070707070707070707070707070732"),
        ("varchar(36)", "'x'", "07070707-0707-0707-0707-070707070732"),
    ] {
        let seeds = SEEDS
            .replace("id serial", &format!("id {declared}"))
            .replace("(email, username, hashed_password) values (", &format!("values ({first}, "));
        let world = World::new(&seeds);
        let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
        assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));
        assert!(world.rows("id").contains(&shown.to_owned()), "{declared}");
        let ann = store.read().await.unwrap().user_by_external_id(shown).await.unwrap();
        assert_eq!(ann.map(|user| user.id), Some(id(50)));
        within(&store, async |tx| assert_eq!(tx.linked_user(shown).await, Ok(Some(id(50))))).await;
        world.does(&format!("delete from \"user\" where id = '{shown}'"));
        within(&store, async |tx| assert_eq!(tx.has_lost_row(id(50)).await, Ok(true))).await;
    }
}

#[tokio::test]
async fn what_the_application_has_is_taken_here() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    world.does("insert into \"user\" values (9, 'bob@example.com', 'bob', 'x')");
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
    let world = World::new(&format!(
        "{SEEDS}; create unique index lower_email on \"user\" (lower(email)); \
         alter table \"user\" add constraint names check (username not like 'no-%')"
    ));
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    world.does("insert into \"user\" values (9, 'BOB@example.com', 'bobby', 'x')");
    assert_eq!(register(&store, 50, "bob", "bob@example.com").await, Ok(Insert::Taken(Field::Email)));
    assert_eq!(register(&store, 50, "no-one", "no@example.com").await, Ok(Insert::Refused("names".into())));
    assert_eq!(store.read().await.unwrap().user_by_id(id(50)).await, Ok(None));
    assert_eq!(register(&store, 50, "bob", "bob2@example.com").await, Ok(Insert::Done));
}

#[tokio::test]
async fn who_registers_there_at_the_same_moment_is_waited_for() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    let other = world.store().await;
    let mut theirs = other.begin().await.unwrap();
    let row =
        "insert into \"user\" (email, username, hashed_password) values ('bob@example.com', 'bob', 'x')";
    theirs.execute(row, &[]).await.unwrap();
    // Nobody sees the row yet, but its address is unique there.
    let (registered, committed) =
        tokio::join!(register(&store, 50, "robert", "bob@example.com"), theirs.commit());
    assert_eq!((registered, committed), (Ok(Insert::Taken(Field::Email)), Ok(())));
    assert_eq!(world.rows("username"), ["tim", "bob"]);
}

#[tokio::test]
async fn the_trial_finds_what_would_fail_later_and_leaves_nothing() {
    let closed =
        "create function own() returns trigger language plpgsql as $$ begin raise exception 'closed'; end $$";
    for (more, sets, step, reason) in [
        (
            "alter table \"user\" add column badge varchar; create unique index badges on \"user\" (badge)"
                .to_owned(),
            &["badge=same"][..],
            "adding a second user",
            "badges must differ from row to row, and another row has the same",
        ),
        (
            format!(
                "{closed}; create trigger own before insert on \"user\" for each row execute function own()"
            ),
            &[],
            "adding a user",
            "closed",
        ),
        (
            "create function own() returns trigger language plpgsql as \
             $$ begin new.username := old.username; return new; end $$; \
             create trigger own before update of username on \"user\" for each row execute function own()"
                .to_owned(),
            &[],
            "changing a username",
            "table user does not show it: has it triggers of its own?",
        ),
        (
            "create function own() returns trigger language plpgsql as $$ begin return null; end $$; \
             create trigger own before insert on \"user\" for each row execute function own()"
                .to_owned(),
            &[],
            "adding a user",
            "the application's table took no new row",
        ),
        (
            format!(
                "{closed}; create trigger own before update on \"user\" for each row \
                 when (new.username like 'deleted-%') execute function own()"
            ),
            &[],
            "deleting a user",
            "closed",
        ),
    ] {
        let world = World::new(&format!("{SEEDS}; {more}"));
        let failure = world.adopt(&SEEDS_ROLES, sets).await.unwrap_err();
        assert_eq!((failure.step, failure.reason.as_str()), (step, reason));
        assert_eq!((world.ours().as_str(), world.rows("id").len()), ("0", 1), "{step}");
    }
}

#[tokio::test]
async fn functions_of_the_applications_triggers_find_their_own_tables() {
    let world = World::new(&format!(
        "{SEEDS}; create table badge (user_id integer, kind text not null); \
         create function badges() returns trigger language plpgsql as \
         $$ begin insert into badge values (new.id, 'new'); return null; end $$; \
         create trigger badges after insert on \"user\" for each row execute function badges()"
    ));
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));
    assert_eq!(world.does("select count(*) from badge"), "1");
}
