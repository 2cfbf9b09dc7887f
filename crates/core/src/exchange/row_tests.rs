use serde_json::json;

use super::super::{LONGEST_RECORD, Line, read_line, write_user};
use super::*;

const TIM: &str = "$2b$12$2Ss8aodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa";
const NOW: Timestamp = Timestamp::from_seconds(1_710_391_048);

fn id(byte: u8) -> UserId {
    UserId::from_bytes([byte; 16])
}

fn read(value: Value) -> Result<UserRow, String> {
    match read_line(value.to_string().as_bytes(), false) {
        Ok(Line::User(row)) => Ok(*row),
        Ok(other) => Err(format!("{other:?}")),
        Err(error) => Err(error.to_string()),
    }
}

fn everything() -> IncomingUser {
    IncomingUser {
        id: id(7),
        external_id: Some("17".to_owned()),
        username: "tim@x.org".to_owned(),
        username_key: Some("tim@x.org".to_owned()),
        email: Some("Tim@x.org".to_owned()),
        email_key: Some("tim@x.org".to_owned()),
        full_name: Some("Tim \"T\" Ruscica\u{2028}関所".to_owned()),
        extra: json!({"phone": "1", "deep": [{"a": null}], "n": 1.5}).as_object().cloned(),
        token_version: 3,
        disabled_at: Some(Timestamp::from_micros(5)),
        created_at: Timestamp::from_micros(-1),
        updated_at: NOW,
        password: Some((
            HashString::new(TIM.to_owned()),
            SchemeCost { scheme: "bcrypt".into(), cost: "12".into() },
        )),
    }
}

#[test]
fn what_is_written_is_read_as_the_same_user() {
    let full = everything();
    let bare = IncomingUser {
        external_id: None,
        username: "TIM".to_owned(),
        username_key: None,
        email: None,
        email_key: None,
        full_name: None,
        extra: None,
        token_version: 0,
        disabled_at: None,
        password: None,
        ..full.clone()
    };
    let twin = IncomingUser { email_key: None, ..full.clone() };
    let unreachable =
        IncomingUser { email: Some("tim@localhost".to_owned()), email_key: None, ..full.clone() };
    for (user, items) in [(full, vec![3, 1]), (bare, vec![]), (twin, vec![]), (unreachable, vec![1])] {
        let line = write_user(&user, &items, true);
        let Ok(Line::User(row)) = read_line(line.as_bytes(), true) else { panic!("{line}") };
        assert_eq!((row.to_incoming(id(9), NOW), &row.items), (user.clone(), &items), "{line}");
        assert_eq!(row.differs_from(&user), [""; 0]);
    }
}

#[test]
fn a_line_without_hashes_has_no_secret_beside_the_user_either() {
    let extra =
        json!({"phone": "1", "api_key": "a", "more": [{"totp_secret": "b", "ok": 1}], "Password": "c"});
    let user = IncomingUser { extra: extra.as_object().cloned(), ..everything() };
    let extra =
        |hashes| serde_json::from_str::<Value>(&write_user(&user, &[], hashes)).unwrap()["extra"].take();
    assert_eq!(extra(false), json!({"phone": "1", "more": [{"ok": 1}]}));
    assert_eq!(extra(true).as_object(), user.extra.as_ref());
}

#[test]
fn l04_a_line_without_hashes_has_these_members_and_no_others() {
    let line = write_user(&everything(), &[1], false);
    let Value::Object(members) = serde_json::from_str(&line).unwrap() else { panic!("{line}") };
    let names: Vec<&str> = members.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "created_at",
            "disabled_at",
            "email",
            "external_id",
            "extra",
            "full_name",
            "id",
            "items",
            "token_version",
            "updated_at",
            "username"
        ]
    );
    assert!(!line.contains("$2b$"));
}

#[test]
fn what_a_record_leaves_out_is_as_for_a_new_user() {
    let row = read(json!({"email": "Ann@X.org"})).unwrap();
    let user = row.to_incoming(id(9), NOW);
    assert_eq!(
        (user.id, user.username.as_str(), user.username_key.as_deref()),
        (id(9), "Ann@X.org", Some("ann@x.org"))
    );
    assert_eq!((user.token_version, user.disabled_at, user.created_at, user.updated_at), (0, None, NOW, NOW));
    assert_eq!((user.email_key.as_deref(), user.extra, user.password), (Some("ann@x.org"), None, None));
}

#[test]
fn members_of_other_systems_find_their_place() {
    let row = read(json!({
        "id": 17, "userName": "ann", "mail": "ann@x.org", "password": TIM, "enabled": "f",
        "date_joined": "2024-03-14 04:37:28.5", "phone": null, "tags": ["a"], "email_verified": true
    }))
    .unwrap();
    assert_eq!((row.id, row.external_id.as_deref(), row.disabled), (None, Some("17"), Some(true)));
    assert_eq!(row.created_at, Some(Timestamp::from_micros(1_710_391_048_500_000)));
    assert_eq!(Value::Object(row.extra), json!({"tags": ["a"], "email_verified": true}));
    let named = read(json!({"id": 17, "external_id": "x", "username": "ann"})).unwrap();
    assert_eq!(named.external_id.as_deref(), Some("x"));
}

#[test]
fn a32_what_is_no_user_says_why_and_repeats_no_value() {
    let nobody = "neither a username nor an email";
    for (record, why) in [
        (json!([]), "not a JSON object"),
        (json!({}), nobody),
        (json!({"full_name": "Ann"}), nobody),
        (json!({"username": ""}), nobody),
        (json!({"username": 5}), "username: must be a text"),
        (json!({"username": "a\u{0}b"}), "username: holds U+0000"),
        (json!({"username": "a".repeat(4097)}), "username: is longer than 4096 bytes"),
        (json!({"username": "a", "id": 1.5}), "id: must be a text or a whole number"),
        (json!({"username": "a", "disabled": 2}), "disabled: must be true or false"),
        (
            json!({"username": "a", "disabled": false, "disabled_at": "2024-03-14T04:37:28Z"}),
            "disabled_at: contradicts what the record says elsewhere",
        ),
        (
            json!({"username": "a", "created_at": 5}),
            "created_at: must be a time such as 2024-03-14T04:37:28Z",
        ),
        (
            json!({"username": "a", "token_version": i64::MAX}),
            "token_version: must be a whole number from 0 to 9007199254740992",
        ),
        (
            json!({"username": "0199F0A2-6c1e-7a30-8d4b-3f6f1f5f2c11"}),
            "username: looks like an id, by which commands would find another user",
        ),
        (
            json!({"username": "a", "token_version": -1}),
            "token_version: must be a whole number from 0 to 9007199254740992",
        ),
        (
            json!({"username": "a", "items": [1, 1]}),
            "items: must be a list of different whole numbers from 1",
        ),
        (json!({"username": "a", "extra": [1]}), "extra: must be a JSON object"),
        (json!({"username": "a", "extra": {"a": ["\u{0}"]}}), "extra: holds U+0000"),
        (
            json!({"username": "a", "username_key": "a"}),
            "username_key: can only be null: keys are made of the name and the address",
        ),
        (
            json!({"username": "a", "passwd": "canary-1"}),
            "passwd: is named like a secret and is not known: a hash is password_hash; if it is none, put it into extra",
        ),
        (
            json!({"username": "a", "password": TIM, "password_hash": TIM}),
            "password_hash: says the same as password: leave one of them out",
        ),
        (
            json!({"username": "a", "password": "canary-2"}),
            "password: The stored password hash is of an unknown scheme.",
        ),
        (
            json!({"username": "a", "password_hash": "$2b$12$canary-3"}),
            "password_hash: The stored password hash is malformed.",
        ),
    ] {
        assert_eq!(read(record).unwrap_err(), why);
    }
    let twice = read_line(br#"{"username":"a","username":"b"}"#, false).unwrap_err();
    assert_eq!(twice.to_string(), "not JSON: Duplicate property name (character 16)");
}

#[test]
fn what_comes_in_can_go_out_again() {
    let nested =
        |depth: usize| Value::from_iter([("a", (0..depth).fold(Value::Null, |value, _| json!([value])))]);
    let record = |extra: Value, items: i64| json!({"username": "a", "extra": extra, "items": Vec::from_iter(1..=items)});
    let too_much = "extra and items hold too much, or extra is nested too deeply";
    for (record, fits) in [
        (record(nested(59), 5000), true),
        (record(nested(60), 0), false),
        (json!({"username": "a", "deep": nested(60)}), false),
        (record(json!({"a": ["b".repeat(60_000), "b".repeat(60_000)]}), 19_800), true),
        (record(json!({}), 19_900), false),
        (record(json!({"a": vec!["b".repeat(60_000); 9]}), 0), false),
    ] {
        match read(record) {
            Err(why) => assert!(!fits && why == too_much, "{why}"),
            Ok(row) => {
                let line = write_user(&row.to_incoming(id(1), NOW), &row.items, true);
                assert!(fits && line.len() <= LONGEST_RECORD);
                assert!(
                    matches!(read_line(line.as_bytes(), false), Ok(Line::User(again)) if again.items == row.items)
                );
            }
        }
    }
}

#[test]
fn a_header_says_the_version() {
    let header = super::super::Header { hashes: true };
    let line = header.write(NOW);
    assert_eq!(
        line,
        r#"{"format":"sekisho-users","version":1,"hashes":true,"exported_at":"2024-03-14T04:37:28Z"}"#
    );
    assert_eq!(read_line(line.as_bytes(), true), Ok(Line::Header(header)));
    assert_eq!(read_line(line.as_bytes(), false).unwrap_err().to_string(), "a second header");
    for (line, why) in [
        (
            json!({"format": "sekisho-users", "version": 2}),
            "version: 2 of the format is not known, this program reads 1: use a newer one",
        ),
        (
            json!({"format": "sekisho-users", "version": 0}),
            "version: 0 of the format is not known, this program reads 1: use a newer one",
        ),
        (json!({"format": "sekisho-users"}), "version: must be a number"),
        (json!({"format": "other", "version": 1}), "format: is not sekisho-users"),
    ] {
        let Ok(Line::OtherFormat(error)) = read_line(line.to_string().as_bytes(), true) else {
            panic!("{line}")
        };
        assert_eq!(error.to_string(), why);
    }
    assert!(matches!(read_line(br#"{"format":"html","username":"a"}"#, true), Ok(Line::User(_))));
}

#[test]
fn a_difference_is_named_unless_the_server_made_it() {
    let here = everything();
    let same = read(json!({"id": id(7), "username": "tim@x.org", "password_hash": TIM})).unwrap();
    let upgraded =
        IncomingUser { updated_at: Timestamp::from_seconds(2_000_000_000), token_version: 9, ..here.clone() };
    assert_eq!(same.differs_from(&upgraded), [""; 0]);
    let other =
        read(json!({"username": "tom", "email": "b@x.org", "extra": {"a": 1}, "disabled": false})).unwrap();
    assert_eq!(other.differs_from(&here), ["username", "email", "disabled", "extra"]);
    assert_eq!(same.differs_from(&IncomingUser { password: None, ..here }), ["password_hash"]);
}

#[test]
fn a03_a_name_that_is_somebody_elses_address_is_seen() {
    for (record, foreign) in [
        (json!({"username": "tim@x.org", "email": "Tim@X.org"}), None),
        (json!({"username": "tim"}), None),
        (json!({"username": "TIM@x.org", "email": "tom@x.org"}), Some("tim@x.org")),
        (json!({"username": "tim@x.org"}), Some("tim@x.org")),
    ] {
        assert_eq!(read(record).unwrap().foreign_address_as_name().as_deref(), foreign);
    }
}
