//! The application is on one database and Sekisho on the other.

use super::theirs::Theirs;
use super::{APP_KEY, Application, HASH, USER, kept_beside};
use crate::harness::{Db, Mint};

/// The one that the run is not about: there the application is.
fn other() -> Db {
    match Db::tested() {
        Db::Sqlite => Db::Postgres,
        Db::Postgres => Db::Sqlite,
    }
}

#[test]
fn users_and_items_come_from_the_other_database() {
    let application = Application::on(
        other(),
        &format!(
            "{USER} insert into user values (2, 'tim@gmail.com', 'tim', '{HASH}', 'Tim', false, '030');
             insert into user values (5, 'ann@x.org', 'ann', '{HASH}', null, true, null);
             create table item (id integer primary key, owner_id integer); insert into item values (7, 2)"
        ),
    );
    let before = application.theirs.content();
    let told = application.adopt(&["--app", "app", "--dry-run", "--json"]).ok().json();
    let done = application.adopt(&["--app", "app", "--json"]).ok().json();
    for member in ["users", "items", "application", "columns", "notes", "kept_beside", "file", "database"] {
        assert_eq!(told[member], done[member], "{member}");
    }
    assert_eq!((&done["users"]["adopted"], &done["items"]["adopted"]), (&2.into(), &1.into()), "{done}");
    let again = application.adopt(&["--app", "app", "--json"]).ok().json();
    assert_eq!((&again["users"]["unchanged"], &again["items"]["unchanged"]), (&2.into(), &1.into()));
    assert_eq!(application.theirs.content(), before);

    let site = application.serve();
    assert_eq!(site.login("ann", "tim1234").status, 401);
    let token = site.token("tim", "tim1234");
    assert_eq!(site.get_as(&token, "/users/me/items").json()[0]["item_id"], 7);
    assert_eq!(site.me(&Mint::of("tim").key(APP_KEY.as_bytes()).signed()).status, 200);
    let shown = site.cli(&["user", "show", "tim", "--json"]).ok().json();
    assert_eq!((&shown["external_id"], &kept_beside(&site)["tim"]["phone"]), (&"2".into(), &"030".into()));
}

/// The same users on both databases are the same users here.
#[test]
fn what_is_kept_of_a_user_does_not_hang_on_the_applications_database() {
    let row = |avatar: &str| {
        format!(
            "alter table user add column created timestamp; alter table user add column born date;
             alter table user add column vip boolean; alter table user add column points numeric;
             alter table user add column settings json; alter table user add column avatar blob;
             update user set created = '2024-03-14 13:37:28.244486', born = '2024-03-14', vip = true, points = 12.5,
                 settings = '{{\"a\": [1, null]}}', avatar = {avatar}, phone = '030'"
        )
    };
    let kept = [Db::Sqlite, Db::Postgres].map(|db| {
        let application = Application::with_users_on(db, &[(17, "tim", "tim@gmail.com")]);
        let avatar = match &application.theirs {
            Theirs::Sqlite(_) => "x'ff00'",
            Theirs::Postgres(_) => "decode('ff00', 'hex')",
        };
        application.sql(&row(avatar));
        application.adopt(&["--app", "app"]).ok();
        let site = application.serve();
        kept_beside(&site)["tim"].clone()
    });
    assert_eq!(kept[0], kept[1]);
    assert_eq!(
        kept[0].to_string(),
        r#"{"avatar":"/wA=","born":"2024-03-14","created":"2024-03-14 13:37:28.244486","id":17,"phone":"030","points":12.5,"settings":{"a":[1,null]},"vip":true}"#
    );
}
