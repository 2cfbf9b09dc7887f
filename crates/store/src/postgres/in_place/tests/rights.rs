//! The application's role and ours, where they are not the same.

use super::*;

#[tokio::test]
async fn two_roles_need_what_is_said_and_no_more() {
    let server = Postgres::shared();
    let world = World::new(
        "create role beside_application login; create role beside_sekisho login; create schema app authorization beside_application",
    );
    let named = |role: &str| world.url.replace("sekisho@", &format!("{role}@"));
    let (application, sekisho) = (named("beside_application"), named("beside_sekisho"));
    server.psql(&application, &format!("set search_path = app; {SEEDS}"));
    world.does("revoke create on schema public from public; grant usage on schema app to beside_sekisho");
    let url = DatabaseUrl::parse(&sekisho).unwrap();
    let store = Store::open_in_place(&url, OpenOptions::new(NOW)).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let columns = tx.columns_of(Some("app"), "user").await.unwrap();
    let table = Table {
        schema: tx.schema_of(Some("app"), "user").await.unwrap(),
        ..plan("user", &columns, &SEEDS_ROLES, &[]).unwrap()
    };
    let missing = tx.rights_missing(&table).await.unwrap();
    assert_eq!(
        missing,
        [
            "grant usage, create on schema \"public\" to \"beside_sekisho\";",
            "grant select, insert, update, trigger on table \"app\".\"user\" to \"beside_sekisho\";",
            "grant usage on sequence app.user_id_seq to \"beside_sekisho\";",
        ]
    );
    drop(tx);
    world.does(&missing.concat());
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.rights_missing(&table).await, Ok(Vec::new()));
    tx.hold_users_beside(Some("app"), "user").await.unwrap();
    tx.make_schema(NOW).await.unwrap();
    tx.rejoin(&table).await.unwrap();
    take(&mut tx, &incoming("1", "tim".into(), "tim@gmail.com".into(), HASH)).await;
    let copy = tx.copy_table(&table, "then").await.unwrap();
    assert_eq!(tx.stand_beside(&standing(table)).await.unwrap().map(drop), Ok(()));
    tx.commit().await.unwrap();
    assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));

    // The application goes on as before, and may see nothing of ours.
    let as_application =
        |sql: &str| server.psql(&application, &format!("set search_path = app, public; {sql}"));
    let row = "insert into \"user\" (email, username, hashed_password) values ('bob@example.com', 'bob', 'x') returning id";
    assert!(as_application(row).parse::<i64>().unwrap() > 2);
    as_application(
        "delete from \"user\" where username = 'ann'; update \"user\" set email = 't@example.com' where id = 1",
    );
    within(&store, async |tx| assert_eq!((tx.links().await, tx.rows_gone().await), (Ok(1), Ok(1)))).await;
    for hidden in ["sekisho_users", "sekisho_credentials", "sekisho_beside", &copy] {
        let may = "select has_table_privilege('beside_application', '{}', 'select, insert, update, delete')";
        assert_eq!(world.does(&may.replace("{}", hidden)), "f", "{hidden}");
    }
    let may = "select has_function_privilege('beside_application', 'sekisho_beside_row_gone()', 'execute')";
    assert_eq!(world.does(may), "f");
    within(&store, async |tx| tx.take_away().await.unwrap()).await;
    assert_eq!(as_application("select username from \"user\" order by id"), "tim\nbob");
}

/// Whatever PostgreSQL's own operators and functions are not exact for, made by somebody who notes each call.
const PLANTED: &str = "do $$ declare l text; r text; n integer := 0; o text; \
     t text[] := array['varchar', 'text', 'bpchar', 'integer', 'bigint', 'uuid', 'name', 'jsonb', 'oid', 'smallint']; begin \
     foreach l in array t loop foreach r in array t loop n := n + 1; \
     foreach o in array array['=', '<>', '||', '-'] loop \
     execute format('create function public.planted_%s_%s(%s, %s) returns %s language plpgsql as \
     $f$ begin insert into public.calls values (%L); return null; end $f$', \
     n, ascii(o), l, r, case o when '||' then 'text' when '-' then 'jsonb' else 'boolean' end, concat_ws(' ', l, o, r)); \
     execute format('create operator public.%s (leftarg = %s, rightarg = %s, function = public.planted_%s_%s)', \
     o, l, r, n, ascii(o)); end loop; end loop; \
     execute format('create function public.to_jsonb(%s) returns jsonb language plpgsql as \
     $f$ begin insert into public.calls values (%L); return null; end $f$', l, 'to_jsonb ' || l); end loop; end $$";

#[tokio::test]
async fn what_a_third_role_plants_is_not_called_and_is_named() {
    let server = Postgres::shared();
    World::new("create role beside_stranger login");
    for (declared, values) in
        [("id serial", "(email, username, hashed_password) values ("), ("id varchar(36)", "values ('x', ")]
    {
        let seeds = SEEDS
            .replace("id serial", declared)
            .replace("(email, username, hashed_password) values (", values);
        let world =
            World::new(&format!("{seeds}; create table calls (what text); grant insert on calls to public"));
        let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
        let named = async || {
            let mut tx = store.begin().await.unwrap();
            let table = planned(&mut tx, &SEEDS_ROLES, &[]).await;
            tx.rights_missing(&table).await.unwrap()
        };
        assert_eq!(named().await, Vec::<String>::new());
        world.does("grant create on schema public to beside_stranger");
        server.psql(&world.url.replace("sekisho@", "beside_stranger@"), PLANTED);

        assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));
        assert_eq!(register(&store, 51, "tim", "t@example.com").await, Ok(Insert::Taken(Field::Username)));
        within(&store, async |tx| {
            let change = "update sekisho_users set username = 'anne', email = 'anne@example.com' where username = 'ann'";
            tx.execute(change, &[]).await.unwrap();
            tx.set_password(id(50), &HashString::new(LATER.to_owned()), &kind(), NOW).await.unwrap();
            assert!(tx.disable(id(50), NOW).await.unwrap());
            assert!(tx.enable(id(50), NOW).await.unwrap());
        })
        .await;
        assert_eq!(
            world.does("select hashed_password from \"user\" where username::text = 'anne'::text"),
            LATER
        );
        within(&store, async |tx| assert!(tx.delete_user(id(50), NOW, NOW).await.unwrap())).await;
        // The application's own session, and a trigger of ours that has more rights.
        world.does("set search_path = pg_catalog; delete from public.\"user\" where username::text = 'tim'");
        assert_eq!(world.does("select distinct what from calls"), "");
        world.does("select username = username from \"user\"");
        assert_eq!(world.does("select distinct what from calls"), "varchar = varchar");

        let said = named().await;
        // To look for it calls it no more than all the rest does.
        assert_eq!(world.does("select distinct what from calls"), "varchar = varchar");
        assert_eq!(said[0], "revoke create on schema public from beside_stranger;");
        for made in ["drop operator =(character varying,character varying);", "drop function to_jsonb(text);"]
        {
            assert!(said.iter().any(|line| line == made), "{said:?}");
        }
        world.does(&said.concat());
        assert_eq!(named().await, Vec::<String>::new());
        world.does("grant create on schema public to public");
        assert_eq!(named().await, ["revoke create on schema public from public;"]);
    }
}
