use super::super::shape::ColumnShape;
use super::*;

fn shape(name: &str, columns: &[&str]) -> TableShape {
    let column = |name: &&str| ColumnShape { name: (*name).to_owned(), ..ColumnShape::default() };
    let (schema, name) = match name.split_once('.') {
        Some((schema, name)) => (Some(schema.to_owned()), name),
        None => (None, name),
    };
    TableShape { schema, name: name.to_owned(), columns: columns.iter().map(column).collect() }
}

fn detect(tables: &[TableShape], said: &[&str]) -> Result<Mapping, Vec<String>> {
    let said: Vec<MapOverride> = said.iter().map(|text| MapOverride::parse(text).unwrap()).collect();
    Mapping::detect(tables, &said)
}

#[test]
fn the_seeds_table_is_found_with_and_without_the_later_columns() {
    let plain = detect(&[shape("user", &["id", "email", "username", "hashed_password"])], &[]).unwrap();
    assert_eq!(
        plain.found(),
        [("id", "id"), ("username", "username"), ("email", "email"), ("password", "hashed_password")]
    );
    assert_eq!(plain.kept_beside().collect::<Vec<_>>(), ["id"]);
    let whole = ["id", "username", "email", "full_name", "password_hash", "disabled", "is_active", "phone"];
    let whole = detect(&[shape("Users", &whole)], &[]).unwrap();
    assert_eq!((whole.disabled, whole.active), (Some(5), None));
    assert_eq!(whole.kept_beside().collect::<Vec<_>>(), ["id", "is_active", "phone"]);
}

#[test]
fn other_names_are_said() {
    let tables = [shape("account", &["no", "login", "mail", "pw", "state"]), shape("todo", &["no", "whose"])];
    assert_eq!(
        detect(&tables, &[]).unwrap_err(),
        ["no table user or users: say --map users=TABLE (account, todo)"]
    );
    let said = ["users=account", "id=no", "username=login", "email=mail", "password=pw", "active=state"];
    let mapping = detect(&tables, &said).unwrap();
    assert_eq!((mapping.id, mapping.username, mapping.active, mapping.items), (0, Some(1), Some(4), None));
    let said = [&said[..], &["items=todo", "item_id=no", "owner=whose"]].concat();
    assert_eq!(detect(&tables, &said).unwrap().items.unwrap().owner, 1);
}

#[test]
fn a_table_in_a_schema_that_must_be_named_is_meant_by_both_names() {
    let columns = ["id", "email", "hash"];
    let tables = [shape("auth.users", &columns), shape("shop.user", &columns)];
    assert_eq!(
        detect(&tables, &[]).unwrap_err(),
        ["no table user or users: say --map users=TABLE (auth.users, shop.user)"]
    );
    assert_eq!(detect(&tables, &["users=Auth.users"]).unwrap().table, tables[0]);
    let lines = detect(&tables, &["users=shop.user", "email=mail"]).unwrap_err();
    assert_eq!(lines[0], "table shop.user has no column mail (id, email, hash)");
    // One that is reached by its name alone is meant before it.
    let both = [tables[0].clone(), shape("users", &columns)];
    assert_eq!(detect(&both, &[]).unwrap().table, both[1]);
}

#[test]
fn what_is_missing_is_asked_for_in_one_go() {
    let lines = detect(&[shape("user", &["a", "b"])], &["full_name=c"]).unwrap_err();
    assert_eq!(
        lines,
        [
            "table user has no column c (a, b)",
            "table user has no column id: say --map id=COLUMN (a, b)",
            "table user has neither username nor email: say --map username=COLUMN or --map email=COLUMN (a, b)",
            "table user has no column of password hashes: say --map password=COLUMN, or --map password= if there are none (a, b)",
        ]
    );
    let both = [shape("user", &["id"]), shape("users", &["id"])];
    assert_eq!(
        detect(&both, &[]).unwrap_err(),
        ["tables user and users are both there: say --map users=TABLE"]
    );
    assert!(
        MapOverride::parse("login=name")
            .unwrap_err()
            .starts_with("must be FIELD=NAME, with a field of users, id")
    );
}

#[test]
fn a_column_means_one_thing_and_no_secret_is_shown_or_kept_beside() {
    let columns = ["id", "email", "password", "hashed_password", "API_Key", "totp_secret", "phone"];
    let tables = [shape("user", &columns)];
    let mapping = detect(&tables, &[]).unwrap();
    assert_eq!(mapping.kept_beside().collect::<Vec<_>>(), ["id", "phone"]);
    assert_eq!(mapping.left_behind().collect::<Vec<_>>(), ["password", "API_Key", "totp_secret"]);
    let mapping = detect(&tables, &["extra=api_key", "extra=phone"]).unwrap();
    assert_eq!(mapping.kept_beside().collect::<Vec<_>>(), ["id", "API_Key", "phone"]);
    for (said, why) in [
        ("full_name=hashed_password", "column hashed_password can't be both password and full_name"),
        ("username=email", "column email can't be both username and email"),
        ("full_name=password", "column password is named like a secret, and full_name is shown"),
        ("id=hashed_password", "column hashed_password is named like a secret, and id is shown"),
        ("extra=x", "table user has no column x"),
    ] {
        let lines = detect(&tables, &[said]).unwrap_err();
        assert!(lines[0].starts_with(why), "{said}: {lines:?}");
    }
    assert_eq!(detect(&tables, &["id=email"]).unwrap().id, 1, "an address may be the key");
}

#[test]
fn items_come_with_an_owner_or_not_at_all() {
    let user = shape("user", &["id", "email", "hash"]);
    let items = detect(&[user.clone(), shape("items", &["id", "title", "owner_id"])], &[]).unwrap().items;
    assert_eq!(items.map(|items| (items.id, items.owner)), Some((0, 2)));
    assert_eq!(detect(&[user.clone(), shape("items", &["id", "title"])], &[]).unwrap().items, None);
    assert_eq!(detect(&[user.clone(), shape("item", &["id", "owner"])], &["items="]).unwrap().items, None);
    assert!(detect(&[user, shape("item", &["id"])], &["items=item"]).is_err());
}
