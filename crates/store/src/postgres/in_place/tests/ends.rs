//! Adopting again, and the ends of a trial.

use super::*;

#[tokio::test]
async fn a_second_adoption_takes_what_is_new_and_no_more() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));
    assert_eq!(register(&store, 51, "eve", "eve@example.com").await, Ok(Insert::Done));
    for gone in [id(1), id(51)] {
        within(&store, async |tx| assert!(tx.delete_user(gone, NOW, NOW).await.unwrap())).await;
    }
    world.does("insert into \"user\" values (40, 'bob@example.com', 'bob', 'x')");
    let before = world.rows("id, username, email, hashed_password");
    for _ in 0..2 {
        // A server runs on, and reads meanwhile.
        let again = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
        assert_eq!(world.rows("id, username, email, hashed_password"), before);
        assert_eq!(store.read().await.unwrap().count_users().await, Ok(2), "ann and bob");
        within(&again, async |tx| assert_eq!(tx.links().await, Ok(4))).await;
    }
}

#[tokio::test]
async fn a_twin_gets_the_name_that_it_has_here() {
    let world =
        World::new(&format!("{SEEDS}; insert into \"user\" values (2, 'tim2@gmail.com', 'tim', 'y')"));
    let (_store, mut tx) = world.begin().await;
    tx.make_schema(NOW).await.unwrap();
    for (id, username, email) in [("1", "tim", "tim@gmail.com"), ("2", "tim-2", "tim2@gmail.com")] {
        take(&mut tx, &incoming(id, username.into(), email.into(), HASH)).await;
    }
    // The trial's rows are to have numbers of their own.
    world.does("select setval('user_id_seq', 2)");
    let table = planned(&mut tx, &SEEDS_ROLES, &[]).await;
    assert_eq!(tx.stand_beside(&standing(table)).await.unwrap().map(drop), Ok(()));
    tx.commit().await.unwrap();
    assert_eq!(world.rows("id, username"), ["1|tim", "2|tim-2"]);
}

#[tokio::test]
async fn going_back_leaves_the_application_alone_with_its_rows() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));
    let before = world.rows("id, username, email, hashed_password");
    let copy = {
        let mut tx = store.begin().await.unwrap();
        let standing = tx.standing().await.unwrap().unwrap();
        let copy = tx.copy_table(&standing.table, "then").await.unwrap();
        assert_eq!(tx.unreadable_beside().await, Ok(0));
        tx.take_away().await.unwrap();
        tx.commit().await.unwrap();
        copy
    };
    assert_eq!(world.rows("id, username, email, hashed_password"), before);
    // The copy is the operator's.
    assert_eq!((copy.as_str(), world.ours().as_str()), ("sekisho_before_then", "1"));
    assert_eq!(world.does(&format!("select count(*) from {copy}")), "2");
    world.does("insert into \"user\" (email, username, hashed_password) values ('a@b.org', 'bob', 'x')");
}

#[tokio::test]
async fn a_table_that_refers_to_users_here_keeps_it_from_going_back() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    world.does("create table orders (owner uuid references sekisho_users (id))");
    let mut tx = store.begin().await.unwrap();
    let refused = tx.take_away().await.unwrap_err().to_string();
    assert!(refused.contains("table orders refers to users of Sekisho's: drop it first"), "{refused}");
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
    // Adopted once more, the table has everybody again, whoever came when.
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    assert_eq!(
        world.rows("username, hashed_password"),
        [format!("tim|{HASH}"), format!("ann|{HASH}"), format!("bob|{HASH}")]
    );
    within(&store, async |tx| {
        assert_eq!(tx.links().await, Ok(3));
        assert!(tx.disable(id(50), NOW).await.unwrap());
    })
    .await;
    let standing = store.read().await.unwrap().standing().await.unwrap().unwrap();
    within(&store, async |tx| {
        tx.withhold_passwords(&standing).await.unwrap();
        tx.give_passwords_back(&standing).await.unwrap();
    })
    .await;
    assert_eq!(world.rows("hashed_password"), [HASH, NOBODYS_HASH, HASH], "ann is disabled");
}

#[tokio::test]
async fn what_changed_while_the_table_was_left_alone_is_carried_and_no_more() {
    let world = World::new(
        "create table \"user\" (id serial primary key, email varchar not null unique, username varchar not null, \
         full_name varchar, hashed_password varchar not null, is_active boolean not null)",
    );
    let roles = Roles { full_name: Some("full_name"), disabled: Some(("is_active", true)), ..SEEDS_ROLES };
    let store = world.adopt(&roles, &[]).await.unwrap();
    for (last, name) in [(50, "ann"), (51, "bob"), (52, "eve"), (53, "kim")] {
        assert_eq!(register(&store, last, name, &format!("{name}@example.com")).await, Ok(Insert::Done));
    }
    within(&store, async |tx| tx.detach().await.unwrap()).await;
    within(&store, async |tx| {
        for change in [
            "update sekisho_users set username = 'anne', email = 'anne@example.com', full_name = 'Anne' where username = 'ann'",
            "update sekisho_users set email = null where username = 'bob'",
        ] {
            tx.execute(change, &[]).await.unwrap();
        }
        assert!(tx.disable(id(50), NOW).await.unwrap());
        tx.set_password(id(51), &HashString::new(LATER.to_owned()), &kind(), NOW).await.unwrap();
        assert!(tx.delete_user(id(53), NOW, NOW).await.unwrap());
    })
    .await;
    world.does(
        "update \"user\" set full_name = 'Annie', hashed_password = 'hers' where username = 'ann'; \
         update \"user\" set email = 'eva@example.com', is_active = false where username = 'eve'; \
         alter table \"user\" alter column email type varchar(80)",
    );
    world.adopt(&roles, &[]).await.unwrap();
    let rows = world.rows("username, email, full_name, hashed_password, is_active");
    assert_eq!(rows[0], "anne|anne@example.com|Anne|hers|f");
    assert!(
        rows[1].starts_with("bob|none-") && rows[1].ends_with(&format!("@none.example|Ann|{LATER}|t")),
        "{}",
        rows[1]
    );
    assert_eq!(rows[2], format!("eve|eva@example.com|Ann|{HASH}|f"));
    assert!(rows[3].starts_with("deleted-") && rows[3].ends_with("......|f"), "{}", rows[3]);
    assert_eq!(world.does("select to_regclass('sekisho_apart') is null"), "t");
}
