//! Each rule for names that come from elsewhere, by an example.

use proptest::prelude::*;
use serde_json::Map;

use super::*;

fn row(id: u32, name: &str, email: &str) -> Adopted {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Adopted {
        old_id: id.to_string(),
        name: text(name),
        name_is_unusable: false,
        email: text(email),
        full_name: None,
        disabled: false,
        password: None,
        extra: Map::new(),
        too_long: Vec::new(),
    }
}

/// Name, key, address key, token version, notes.
type Placed = (String, Option<String>, Option<String>, i64, String);

/// Places the rows after having expected them.
fn placed(naming: &mut Naming, rows: &[Adopted]) -> Vec<Placed> {
    for row in rows {
        naming.expect(&Seen { name: row.name.clone(), email: row.email.clone() });
    }
    let arrivals = rows.iter().map(|row| naming.place(row));
    arrivals
        .map(|a| {
            let notes: Vec<_> = a.notes.iter().map(|note| note.code()).collect();
            (a.username, a.username_key, a.email_key, a.token_version, notes.join(" "))
        })
        .collect()
}

fn shown(rows: &[(u32, &str, &str)]) -> Vec<String> {
    let rows: Vec<_> = rows.iter().map(|(id, name, email)| row(*id, name, email)).collect();
    let dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    placed(&mut Naming::new(), &rows)
        .into_iter()
        .map(|(name, key, email, version, notes)| {
            format!("{name} {} {} v{version} {notes}", dash(key), dash(email)).trim_end().to_owned()
        })
        .collect()
}

#[test]
fn a_name_may_equal_its_own_address() {
    assert_eq!(
        shown(&[(1, "Tim@Gmail.com", "tim@gmail.com")]),
        ["Tim@Gmail.com tim@gmail.com tim@gmail.com v0"]
    );
}

#[test]
fn a_name_that_is_anothers_address_is_found_by_its_exact_spelling_only() {
    assert_eq!(
        shown(&[(1, "ann@x.org", "eve@x.org"), (2, "ann", "ann@x.org"), (3, "zoe@x.org", "z@x.org")]),
        [
            "ann@x.org - eve@x.org v0 name_is_anothers_address",
            "ann ann ann@x.org v0",
            "zoe@x.org - z@x.org v0",
        ]
    );
}

#[test]
fn names_that_differ_in_case_alone_keep_their_exact_spelling() {
    assert_eq!(
        shown(&[(1, "Tim", "a@x.org"), (2, "tim", "b@x.org"), (3, "ＴＩＭ", "c@x.org")]),
        ["Tim tim a@x.org v0", "tim - b@x.org v0 name_twin", "ＴＩＭ - c@x.org v0 name_twin"]
    );
}

#[test]
fn of_equal_names_the_lowest_id_keeps_the_name_and_tokens_for_it() {
    assert_eq!(
        shown(&[(1, "tim", "a@x.org"), (5, "tim", "b@x.org"), (9, "tim", "")]),
        ["tim tim a@x.org v0", "tim-5 tim-5 b@x.org v1 name_taken", "tim-9 tim-9 - v1 name_taken"]
    );
}

#[test]
fn a_new_name_is_nobodys_not_even_a_later_rows() {
    assert_eq!(
        shown(&[
            (1, "tim", "a@x.org"),
            (5, "tim", "b@x.org"),
            (6, "TIM-5", "c@x.org"),
            (7, "tim-2", "d@x.org")
        ]),
        [
            "tim tim a@x.org v0",
            "user-5 user-5 b@x.org v1 name_taken",
            "TIM-5 tim-5 c@x.org v0",
            "tim-2 tim-2 d@x.org v0",
        ]
    );
}

#[test]
fn of_equal_addresses_the_lowest_id_keeps_the_address() {
    assert_eq!(
        shown(&[(1, "ann", "Ann@x.org"), (2, "eve", "ann@X.org"), (3, "zoe", "no address")]),
        ["ann ann ann@x.org v0", "eve eve - v0 address_taken", "zoe zoe - v0 address_unusable"]
    );
}

#[test]
fn a_row_without_a_name_is_found_by_its_address() {
    assert_eq!(
        shown(&[
            (1, "", "ann@x.org"),
            (2, "", "ann@x.org"),
            (3, "eve@x.org", "e@x.org"),
            (4, "", "eve@x.org")
        ]),
        [
            "ann@x.org ann@x.org ann@x.org v1 name_absent",
            "ann-2 ann-2 - v1 address_taken name_absent",
            "eve@x.org - e@x.org v0 name_is_anothers_address",
            "eve-4 eve-4 eve@x.org v1 name_absent",
        ]
    );
}

#[test]
fn who_was_here_before_keeps_name_and_address() {
    let mut naming = Naming::new();
    naming.occupy(Some("Tim"), Some("tim"), Some("tim@x.org"));
    let rows = [row(1, "Tim", "tim@x.org"), row(2, "tim", "t@x.org")];
    let placed = placed(&mut naming, &rows);
    assert_eq!(placed[0].0, "Tim-1");
    assert_eq!((placed[0].3, placed[0].4.as_str()), (1, "address_taken name_taken"));
    assert_eq!((placed[1].0.as_str(), placed[1].1.as_deref(), placed[1].3), ("tim", None, 0));
}

#[test]
fn rows_of_one_id_are_told_apart() {
    let mut naming = Naming::new();
    let ids = ["1", "2", "1", "1#2", "1"].map(|id| naming.identify(id.to_owned()));
    assert_eq!(ids, ["1", "2", "1#2", "1#2#2", "1#3"]);
}

#[test]
fn a_name_beyond_the_rules_for_new_ones_is_kept() {
    let long = "x".repeat(5000);
    for name in ["a\u{200b}b", "0199f0a2-6c1e-7777-b777-777777777777", " x ", "\u{301}", &long] {
        let placed = placed(&mut Naming::new(), &[row(1, name, "a@x.org"), row(2, name, "b@x.org")]);
        assert_eq!((placed[0].0.as_str(), placed[0].3), (name, 0));
        assert!(Username::parse(&placed[1].0).is_ok() && placed[1].3 == 1, "{placed:?}");
    }
}

proptest! {
    #[test]
    fn no_two_users_share_a_name_a_key_or_an_address(
        rows in prop::collection::vec(("[tT][iI][mM]|tim-[1-9]|user-[1-9]|[a-c]@x\\.org|\\PC{0,6}", "|[a-cA-C]@x\\.org|\\PC{0,6}"), 1..12)
    ) {
        let rows: Vec<_> = (1..).zip(&rows).map(|(id, (name, email))| row(id, name, email)).collect();
        let rows: Vec<_> = rows.into_iter().filter(|row| row.name.is_some() || row.email.is_some()).collect();
        let placed = placed(&mut Naming::new(), &rows);
        let (mut names, mut keys, mut emails) = (HashSet::new(), HashSet::new(), HashSet::new());
        for ((name, key, email, version, _), row) in placed.iter().zip(&rows) {
            prop_assert!(names.insert(name.clone()), "{} twice", name);
            prop_assert!(key.iter().all(|key| keys.insert(key.clone())), "{:?} twice", key);
            prop_assert!(email.iter().all(|email| emails.insert(email.clone())), "{:?} twice", email);
            // A token of the application says a name: it means the first row of that name, or nobody.
            let first = rows.iter().find(|other| other.name.as_ref() == Some(name));
            prop_assert_eq!(*version == 0, first.is_some_and(|first| first.old_id == row.old_id));
            prop_assert!(*version == 0 || first.is_none());
        }
    }
}

#[test]
fn of_equal_names_the_row_that_the_application_finds_keeps_the_name() {
    let rows = [row(1, "tim", "one@x.org"), row(2, "tim", "two@x.org"), row(3, "ann", "ann@x.org")];
    let mut naming = Naming::new();
    for row in &rows {
        naming.expect(&Seen { name: row.name.clone(), email: row.email.clone() });
    }
    assert!(naming.has_doubles());
    for row in [&rows[2], &rows[1], &rows[0]] {
        naming.found(&Seen { name: row.name.clone(), email: row.email.clone() }, Some(&row.old_id));
    }
    let placed: Vec<_> = rows.iter().map(|row| naming.place(row)).collect();
    let shown: Vec<_> = placed.iter().map(|a| (a.username.as_str(), a.token_version)).collect();
    assert_eq!(shown, [("tim-1", 1), ("tim", 0), ("ann", 0)]);
    let mut naming = Naming::new();
    naming.expect(&Seen { name: Some("tim".into()), email: None });
    assert!(!naming.has_doubles());
}
