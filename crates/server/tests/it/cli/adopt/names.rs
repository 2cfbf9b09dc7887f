//! Names and addresses that are taken, doubled or missing, and whom a token means.

use super::{APP_KEY, Application};
use crate::harness::{Mint, Site};

/// Whom a token of the application means, by address.
fn meant(site: &Site, sub: &str) -> Option<String> {
    let answer = site.me(&Mint::of(sub).key(APP_KEY.as_bytes()).signed());
    (answer.status == 200).then(|| answer.json()["email"].as_str().unwrap_or_default().to_owned())
}

/// Who logs in with this name, by address.
fn logged_in(site: &Site, name: &str) -> Option<String> {
    let answer = site.login(name, "tim1234");
    let token = answer.json()["access_token"].as_str()?.to_owned();
    Some(site.me(&token).json()["email"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn of_equal_names_the_lowest_id_keeps_the_name_and_its_tokens() {
    let application = Application::with_users(&[
        (5, "tim", "five@x.org"),
        (2, "tim", "two@x.org"),
        (9, "tim-5", "nine@x.org"),
    ]);
    let ran = application.adopt(&["--app", "app"]).ok();
    let line = "  row 5, tim (now user-5): its name is taken by an earlier user, so that it has a new one: log in by that, \
                or by the address\n";
    assert!(ran.stdout.contains(line), "{}", ran.stdout);
    let site = application.serve();
    assert_eq!(logged_in(&site, "tim").as_deref(), Some("two@x.org"));
    assert_eq!(logged_in(&site, "five@x.org").as_deref(), Some("five@x.org"));
    assert_eq!(logged_in(&site, "user-5").as_deref(), Some("five@x.org"));
    assert_eq!(meant(&site, "tim").as_deref(), Some("two@x.org"));
    assert_eq!(meant(&site, "tim-5").as_deref(), Some("nine@x.org"));
    // No token was made for a name that nobody had.
    assert_eq!(meant(&site, "user-5"), None);
    // Nor does the name pass to another when its owner goes.
    site.cli(&["user", "delete", "tim", "--yes"]).ok();
    assert_eq!(meant(&site, "tim"), None);
}

#[test]
fn names_that_differ_in_case_alone_both_stay_as_they_are() {
    let application = Application::with_users(&[(1, "Tim", "one@x.org"), (2, "tim", "two@x.org")]);
    let ran = application.adopt(&["--app", "app"]).ok();
    assert!(
        ran.stdout.contains("  row 2, tim: another name differs from its own in case alone"),
        "{}",
        ran.stdout
    );
    let site = application.serve();
    for (name, who) in [("Tim", "one@x.org"), ("tim", "two@x.org"), ("TIM", "one@x.org")] {
        assert_eq!(logged_in(&site, name).as_deref(), Some(who), "{name}");
    }
    assert_eq!(meant(&site, "tim").as_deref(), Some("two@x.org"));
    assert_eq!(meant(&site, "TIM"), None);
}

#[test]
fn equal_addresses_are_the_lowest_ids_and_rows_without_both_are_left_out() {
    let application = Application::with_users(&[
        (1, "tim@x.org", "Tim@X.org"),
        (2, "ann", "tim@x.org"),
        (3, "", "eve@x.org"),
        (4, "", ""),
        (5, "bob", "no address"),
    ]);
    let ran = application.adopt(&["--app", "app"]).ok();
    for line in [
        "  row 2, ann: its address is an earlier user's: it is shown, and does not log in\n",
        "  row 3, without a name (now eve@x.org): it has no name, so that it has a new one: log in by that, or by the address\n",
        "  row 4, without a name: left out: it has neither name nor address\n",
        "  row 5, bob: its address is no e-mail address: it is shown, and does not log in\n",
        "users        adopted 4, of them disabled 0; unchanged 0, left out 1\n",
    ] {
        assert!(ran.stdout.contains(line), "{line}{}", ran.stdout);
    }
    assert!(!ran.stdout.contains("row 1"), "a name may be its own address: {}", ran.stdout);
    let site = application.serve();
    for (name, who) in [
        ("tim@x.org", "Tim@X.org"),
        ("TIM@x.org", "Tim@X.org"),
        ("ann", "tim@x.org"),
        ("eve@x.org", "eve@x.org"),
        ("bob", "no address"),
    ] {
        assert_eq!(logged_in(&site, name).as_deref(), Some(who), "{name}");
    }
}

#[test]
fn a_token_of_the_application_never_means_whoever_registered_here() {
    let application = Application::with_users(&[(1, "tim", "tim@gmail.com"), (2, "ann", "ann@x.org")]);
    application.sql("delete from user where id = 2");
    let theirs = application.theirs.named();
    let setup = application.setup.clone().env("SECRET_KEY", APP_KEY).env("SEKISHO_PASSWORD_MIN_LENGTH", "6");
    let site = setup.start_in(application.scratch);
    // Before anybody is taken over a token that says a name alone means whoever has it, as there.
    for name in ["zoe", "tim"] {
        assert_eq!(site.register(name, "secret-123").status, 200);
        assert_eq!(meant(&site, name).as_deref(), Some(format!("{name}@example.com").as_str()));
    }
    site.cli(&["adopt", &theirs, "--profile", "development"]).ok();
    // It never means those who were here, though their own tokens go on to count, nor those who come later.
    assert_eq!((meant(&site, "zoe"), meant(&site, "tim")), (None, None));
    site.wait_for_log("subject_not_adopted");
    assert_eq!(site.me(&site.token("tim", "secret-123")).status, 200);
    assert_eq!(site.register_as("ann", "ann@x.org", "secret-123").status, 200);
    assert_eq!(meant(&site, "ann"), None);
    assert_eq!(logged_in(&site, "tim@gmail.com").as_deref(), Some("tim@gmail.com"));
}
