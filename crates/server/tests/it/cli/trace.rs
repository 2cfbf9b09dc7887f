//! `--trace-auth` and `--echo` on the real server.

use serde_json::Value;

use crate::harness::{Setup, until};

/// The hash that `--demo` begins with, and the password's that replaces it, both begin like this.
const HASHES: [&str; 2] = ["$2b$12$", "$argon2id$"];

#[test]
fn the_steps_stand_in_the_seeds_order_without_a_secret() {
    let site = Setup::new().demo().arg("--trace-auth").config("[log]\nformat = \"human\"").start();
    let token = site.token("tim", "tim1234");
    assert_eq!(site.me(&token).status, 200);
    site.wait_for_log("get_current_user user username='tim'");
    let log = site.log();
    let mut rest = log.as_str();
    for step in [
        "POST /token  request ",
        "<get_user>\nuser_data {'username': 'tim', 'full_name': 'Tim Ruscica', 'email': 'tim@gmail.com', \
         'hashed_password': '[bcrypt, cost 12]', 'disabled': False}\n",
        "<authenticate_user>\nuser username='tim' ",
        "<create_access_token>\nto_encode {'sub': 'tim', 'exp': ",
        "+09:00[Asia/Tokyo] (",
        "\nencoded_jwt {'alg': 'HS256', 'typ': 'JWT'}.{'sub': 'tim', 'exp': ",
        ".[signature hidden]\n",
        "GET /users/me  request ",
        "<get_current_user>\nget_current_user token {",
        "\nget_current_user payload {'sub': 'tim', ",
        "\nget_current_user username tim\nget_current_user token_data username='tim'\n<get_user>\nuser_data {",
        "<get_current_user>\nget_current_user user username='tim' ",
    ] {
        let at = rest.find(step).unwrap_or_else(|| panic!("{step:?} is not in\n{rest}"));
        rest = &rest[at + step.len()..];
    }
    assert!(HASHES.iter().all(|hash| !log.contains(hash)), "{log}");
}

#[test]
fn for_a_machine_each_step_is_an_object() {
    let site = Setup::new().demo().arg("--trace-auth").start();
    site.token("tim", "tim1234");
    site.wait_for_log("encoded_jwt");
    let log = site.log();
    let steps: Vec<Value> = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line["trace"] == "auth")
        .collect();
    let names: Vec<_> = steps.iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(names, ["get_user", "authenticate_user", "create_access_token", "create_access_token"]);
    assert!(steps.iter().all(|step| step["request_id"] == steps[0]["request_id"]));
}

#[test]
fn no_trace_where_nobody_asked_and_no_terminal_is() {
    let site = Setup::new().demo().start();
    site.token("tim", "tim1234");
    assert_eq!(site.login("tim", "wrong").status, 401);
    site.wait_for_log("password_wrong");
    assert!(!site.log().contains("authenticate_user"), "{}", site.log());
}

#[test]
fn echo_shows_statements_and_no_parameter() {
    let site = Setup::new().demo().arg("--echo").config("[log]\nformat = \"human\"").start();
    site.token("tim", "tim1234");
    let log = until("the log-in's statements", || {
        let log = site.log();
        log.contains("update sekisho_credentials set").then_some(log)
    });
    assert!(
        log.lines().any(|line| line.starts_with("sql ") && line.contains(" µs ") && line.contains("select "))
    );
    assert!(!log.contains("tim@gmail.com") && HASHES.iter().all(|hash| !log.contains(hash)), "{log}");
}
