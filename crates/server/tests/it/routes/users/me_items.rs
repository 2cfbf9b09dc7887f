//! `GET /users/me/items`.

use serde_json::json;

use crate::harness::start;

#[test]
fn the_callers_items_each_with_its_owner() {
    let site = start();
    let token = site.token("tim", "tim1234");
    let tim =
        json!({"username": "tim", "email": "tim@gmail.com", "full_name": "Tim Ruscica", "disabled": false});
    for path in ["/users/me/items", "/users/me/items/"] {
        let response = site.get_as(&token, path);
        assert_eq!(response.status, 200);
        assert_eq!(response.json(), json!([{"item_id": 1, "owner": tim}]));
    }

    site.cli(&["item", "add", "--owner", "tim"]).ok();
    let items = site.get_as(&token, "/users/me/items").json();
    assert_eq!(items, json!([{"item_id": 1, "owner": tim}, {"item_id": 2, "owner": tim}]));
}

#[test]
fn nobody_sees_anothers() {
    let site = start();
    site.register("anew", "secret-123");
    let token = site.token("anew", "secret-123");
    assert_eq!(site.get_as(&token, "/users/me/items").json(), json!([]));
}

#[test]
fn without_a_token() {
    let site = start();
    let response = site.get("/users/me/items");
    assert_eq!(response.status, 401);
    assert_eq!(response.json(), json!({"detail": "Not authenticated"}));
}
