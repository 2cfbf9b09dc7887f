//! What is done to an account on one node holds for the next request on the other.

use super::{PASSWORD, two};

#[test]
fn a13_a_disabled_user_is_out_at_once_and_in_again_when_enabled() {
    let [one, other] = two();
    let token = one.token("tim", "tim1234");
    assert_eq!(other.me(&token).status, 200, "each node takes what the other signed");
    one.cli(&["user", "disable", "tim"]).ok();
    for node in [&other, &one] {
        assert_eq!(node.me(&token).status, 401);
        assert_eq!(node.login("tim", "tim1234").status, 401);
    }
    other.cli(&["user", "enable", "tim"]).ok();
    for node in [&one, &other] {
        assert_eq!(node.me(&token).status, 200);
        assert_eq!(node.login("tim", "tim1234").status, 200);
    }
}

#[test]
fn a13_a_changed_password_ends_every_token_on_every_node() {
    let [one, other] = two();
    let tokens = [one.token("tim", "tim1234"), other.token("tim", "tim1234")];
    one.secret(PASSWORD);
    one.cli_with(&["user", "set-password", "tim", "--password-stdin"], PASSWORD).ok();
    for node in [&other, &one] {
        for token in &tokens {
            assert_eq!(node.me(token).status, 401);
        }
        assert_eq!(node.login("tim", "tim1234").status, 401);
        let token = node.token("tim", PASSWORD);
        assert_eq!((one.me(&token).status, other.me(&token).status), (200, 200));
    }
}

#[test]
fn a28_a_deleted_user_is_gone_everywhere_and_the_name_stays_reserved_everywhere() {
    let [one, other] = two();
    let token = other.token("tim", "tim1234");
    other.cli(&["user", "delete", "tim", "--yes"]).ok();
    for node in [&one, &other] {
        assert_eq!(node.me(&token).status, 401);
        assert_eq!(node.login("tim", "tim1234").status, 401);
        let again = node.register_as("tim", "new@example.com", PASSWORD);
        assert_eq!((again.status, again.json()["error"].as_str()), (409, Some("username_taken")));
    }
    // Its time has come: whoever asks first has it, with nobody's help.
    one.database().execute("update sekisho_users set released_at = 1 where username = 'tim'");
    assert_eq!(one.register_as("tim", "new@example.com", PASSWORD).status, 200);
    assert_eq!(other.me(&token).status, 401, "another user of the same name");
    assert_eq!(other.me(&other.token("tim", PASSWORD)).status, 200);
}

#[test]
fn an_item_given_on_one_node_is_there_on_the_other() {
    let [one, other] = two();
    let token = one.token("tim", "tim1234");
    one.cli(&["item", "add", "--owner", "tim"]).ok();
    let items = other.get_as(&token, "/users/me/items").json();
    let numbers: Vec<_> = items.as_array().expect("a list").iter().map(|item| &item["item_id"]).collect();
    assert_eq!(numbers, [1, 2]);
}
