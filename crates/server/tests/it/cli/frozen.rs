//! `sekisho db freeze` and `unfreeze`, beside a server.

use serde_json::json;

use crate::harness::start;

#[test]
fn writes_are_answered_503_and_everything_else_goes_on() {
    let site = start();
    let token = site.token("tim", "tim1234");
    let said = site.cli(&["db", "freeze"]).ok().stdout;
    assert!(said.starts_with("frozen since "), "{said}");
    assert!(said.ends_with("token checks and log-ins go on\n"), "{said}");

    let refused = site.register("anew", "secret-123");
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("5")));
    let detail = "Writes are on hold, try again";
    let body = json!({"detail": detail, "error": "writes_frozen", "error_description": detail});
    assert_eq!(refused.json(), body);
    assert!(site.settled_log().contains("writes_frozen"));
    assert_eq!(site.me(&token).status, 200);
    assert_eq!(site.get_as(&token, "/users/me/items").status, 200);
    site.token("tim", "tim1234");
    assert_eq!(site.login("tim", "wrong-password").status, 401);

    let ready = site.get("/readyz");
    assert_eq!((ready.status, &ready.json()["status"]), (200, &json!("ok")));
    assert!(
        ready.json()["frozen_since"].as_str().is_some_and(|since| since.ends_with('Z')),
        "{}",
        ready.text()
    );
    assert_eq!(site.get("/livez").json(), json!({"status": "ok"}));
    site.wait_for_log("writes are on hold since ");

    let again = site.cli(&["db", "freeze", "--json"]).ok().json();
    assert_eq!((&again["result"], &again["changed"]), (&json!("frozen"), &json!(false)));
    assert_eq!(again["since"], ready.json()["frozen_since"]);
    let added = site.cli_with(
        &["user", "add", "ada", "--email", "ada@x.org", "--password-stdin", "--json"],
        "secret-123\n",
    );
    assert_eq!(added.code, Some(3), "{}", added.stderr);
    assert!(added.stderr.contains("\"error\":\"writes_frozen\""), "{}", added.stderr);
    assert!(added.stderr.contains("`sekisho db unfreeze`"), "{}", added.stderr);
    let checked = site.cli(&["db", "check"]).ok().stdout;
    assert!(checked.contains("is sound: 1 user,"), "{checked}");
    let doctor = site.cli(&["doctor"]).stdout;
    assert!(doctor.lines().any(|line| line.starts_with("warn  frozen")), "{doctor}");

    let ended = site.cli(&["db", "unfreeze"]).ok().stdout;
    assert!(ended.starts_with("writing goes on; it was on hold since "), "{ended}");
    assert_eq!(site.cli(&["db", "unfreeze"]).ok().stdout, "it was not frozen\n");
    assert_eq!(site.register("anew", "secret-123").status, 200);
    assert_eq!(site.get("/readyz").json(), json!({"status": "ok"}));
    site.wait_for_log("writes go on");
    site.cli(&["db", "check"]).ok();
}

/// An outdated hash waits for the first log-in afterwards, and nobody is troubled with it.
#[test]
fn a_rehash_is_put_off() {
    let site = start();
    let scheme = "select scheme from sekisho_credentials";
    let before = site.database().text(scheme);
    site.cli(&["db", "freeze"]).ok();
    site.token("tim", "tim1234");
    assert_eq!(site.database().text(scheme), before);
    assert!(!site.settled_log().contains("outdated hash not replaced"));
    site.cli(&["db", "unfreeze"]).ok();
    site.token("tim", "tim1234");
    assert_eq!(site.database().text(scheme), "argon2id");
}

#[test]
fn a_frozen_database_is_served_and_said_to_be_frozen() {
    let mut site = start();
    site.cli(&["db", "freeze"]).ok();
    site.restart(|setup| setup);
    site.wait_for_log("the database is frozen");
    site.token("tim", "tim1234");
    assert_eq!(site.register("anew", "secret-123").status, 503);
    let explained = site.cli(&["explain", "writes_frozen"]).ok().stdout;
    assert!(explained.contains("sekisho db unfreeze"), "{explained}");
    site.cli(&["db", "unfreeze"]).ok();
}
