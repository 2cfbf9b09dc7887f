//! `sekisho item …`.

use crate::harness::start;

#[test]
fn items_are_added_listed_and_removed() {
    let site = start();
    assert_eq!(site.cli(&["item", "add", "--owner", "tim"]).ok().stdout, "added item 2 of tim\n");
    let json = site.cli(&["item", "list", "--owner", "tim@gmail.com", "--json"]).ok().stdout;
    assert_eq!(json, "{\"item_id\":1,\"owner\":\"tim\"}\n{\"item_id\":2,\"owner\":\"tim\"}\n");
    let token = site.token("tim", "tim1234");
    assert_eq!(site.get_as(&token, "/users/me/items").json()[1]["item_id"], 2);
    site.cli(&["item", "remove", "2"]).ok();
    assert_eq!(site.cli(&["item", "list", "--owner", "tim"]).ok().stdout, "1\n");
    let again = site.cli(&["item", "remove", "2"]);
    assert_eq!((again.code, again.stderr.as_str()), (Some(1), "sekisho: no item 2\n"));
}

#[test]
fn an_item_needs_an_owner_who_exists() {
    let site = start();
    let ran = site.cli(&["item", "add", "--owner", "ghost"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), "sekisho: no user ghost\n"));
}
