//! The end of the trial: back, or on.

use super::application::Folder;
use crate::harness::Ran;

const ALL: &str = "id, username, email, full_name, disabled, hashed_password, role";

/// An adopted folder with tim, and ann who registered with Sekisho.
fn with_ann() -> Folder {
    let folder = Folder::new();
    let application = folder.application();
    application.register("tim", "tim-likes-bread");
    application.stop();
    folder.adopt_in_place();
    let site = folder.serve();
    assert_eq!(site.register("ann", "ann-likes-salad").status, 200);
    drop(site);
    folder
}

fn lines(ran: &Ran) -> &str {
    &ran.stdout
}

#[test]
fn back_leaves_the_application_alone_with_all_its_users() {
    let folder = with_ann();
    let before = folder.rows(ALL);
    assert_eq!(before.len(), 2);
    let ran = folder.adopt(&["test.db", "--release=back", "--yes"]).ok();
    assert!(lines(&ran).contains(" alone again"), "{}", lines(&ran));
    assert_eq!((folder.rows(ALL), folder.ours()), (before, Vec::new()));
    // Neither a log nor anything else of ours beside it, but the two copies.
    assert_eq!(folder.copies().len(), 2);
    for end in ["-wal", "-shm", "-journal", ".lock"] {
        assert!(!folder.path().join(format!("test.db{end}")).exists(), "{end}");
    }

    let application = folder.application();
    for (name, password) in [("tim", "tim-likes-bread"), ("ann", "ann-likes-salad")] {
        let token = application.token(name, password);
        assert_eq!(application.order(&token, "tea").len(), 1);
    }
    application.stop();
    let again = folder.adopt(&["test.db", "--release=back", "--yes"]);
    assert_eq!(again.code, Some(1), "{}", again.stderr);
    assert!(again.stderr.contains("was not adopted in place, or its trial is over"), "{}", again.stderr);
    assert_eq!(folder.copies().len(), 2);
    // And a trial may begin anew.
    folder.adopt_in_place();
    let site = folder.serve();
    site.token("ann", "ann-likes-salad");
}

#[test]
fn kept_the_passwords_are_sekishos_and_the_application_still_learns_of_users() {
    let folder = with_ann();
    folder.adopt(&["test.db", "--release", "--yes"]).ok();
    assert!(folder.rows("hashed_password").iter().all(|hash| hash.ends_with("......")));
    let application = folder.application();
    let site = folder.serve();
    assert_eq!(site.register("eve", "eve-likes-fruit").status, 200);
    for (name, password) in
        [("tim", "tim-likes-bread"), ("ann", "ann-likes-salad"), ("eve", "eve-likes-fruit")]
    {
        let token = site.token(name, password);
        assert_eq!(application.order(&token, "tea").len(), 1, "{name}");
        assert_eq!(application.login(name, password).status, 401, "{name}");
    }
    application.stop();
}

#[test]
fn detached_the_applications_table_stays_as_it_is() {
    let folder = with_ann();
    let before = folder.rows(ALL);
    let ran = folder.adopt(&["test.db", "--release=detach", "--yes"]).ok();
    for words in
        ["For a migration of that table: migrate it, and run `sekisho adopt --in-place` again", "For good: "]
    {
        assert!(lines(&ran).contains(words), "{}", lines(&ran));
    }
    assert!(folder.ours().iter().all(|name| !name.starts_with("sekisho_beside")), "{:?}", folder.ours());
    let site = folder.serve();
    assert_eq!(site.register("eve", "eve-likes-fruit").status, 200);
    site.token("eve", "eve-likes-fruit");
    assert_eq!(folder.rows(ALL), before);
}

#[test]
fn back_waits_for_the_server_to_be_stopped() {
    let folder = with_ann();
    let site = folder.serve();
    let ran = site.cli(&["adopt", &folder.named(), "--release=back", "--yes"]);
    assert_eq!(ran.code, Some(3), "{}", ran.stdout);
    assert!(ran.stderr.contains("stop it first"), "{}", ran.stderr);
    assert_eq!(folder.rows("id").len(), 2);
    site.token("ann", "ann-likes-salad");
}
