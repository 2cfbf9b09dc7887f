//! FastAPI's answers for the same bodies, recorded from a model that forbids extra members.

use super::*;

const JSON: Option<&str> = Some("application/json");
const NO_USER: &str = r#"{"type":"missing","loc":["body","user"],"msg":"Field required","input":null}"#;
const NO_PASSWORD: &str =
    r#"{"type":"missing","loc":["body","password"],"msg":"Field required","input":null}"#;

fn answer(content_type: Option<&str>, body: &[u8]) -> String {
    match create_user(content_type, body) {
        Ok(r) => format!("{} {} {:?} {}", r.username, r.email, r.full_name, r.password.expose()),
        Err(BodyError::Invalid(list)) => {
            let list = serde_json::to_string(&list).unwrap();
            list.trim_start_matches('[').trim_end_matches(']').to_owned()
        }
        Err(BodyError::Refused(refusal)) => refusal.code().to_owned(),
    }
}

/// One entry about a member that is no text.
fn no_text(loc: &str, input: &str) -> String {
    format!(
        r#"{{"type":"string_type","loc":["body",{loc}],"msg":"Input should be a valid string","input":{input}}}"#
    )
}

fn no_model(input: &str) -> String {
    format!(
        r#"{{"type":"model_attributes_type","loc":["body","user"],"msg":"Input should be a valid dictionary or object to extract fields from","input":{input}}}"#
    )
}

fn forbidden(loc: &str, input: &str) -> String {
    format!(
        r#"{{"type":"extra_forbidden","loc":["body",{loc}],"msg":"Extra inputs are not permitted","input":{input}}}"#
    )
}

fn missing(loc: &str, input: &str) -> String {
    format!(r#"{{"type":"missing","loc":["body",{loc}],"msg":"Field required","input":{input}}}"#)
}

#[test]
fn the_type_of_the_body_decides() {
    let good = br#"{"user":{"email":"a@b.c","username":"q"},"password":"pw"}"#;
    let neither = format!("{NO_USER},{NO_PASSWORD}");
    for content_type in [
        "application/json; charset=utf-8",
        "application/vnd.api+json",
        "APPLICATION/JSON",
        " application/json ",
    ] {
        assert_eq!(answer(Some(content_type), good), "q a@b.c None pw", "{content_type}");
    }
    for content_type in [
        None,
        Some(""),
        Some("text/plain"),
        Some("text/json"),
        Some("application/jsonx"),
        Some("application/x-www-form-urlencoded"),
        Some("image/svg+json"),
    ] {
        assert_eq!(answer(content_type, good), neither, "{content_type:?}");
    }
}

#[test]
fn bodies_that_are_no_object_lack_both() {
    let neither = format!("{NO_USER},{NO_PASSWORD}");
    for body in ["", "null", "true", "5", "\"x\"", "[]", "[{\"user\":1}]", "{}"] {
        assert_eq!(answer(JSON, body.as_bytes()), neither, "{body}");
    }
}

#[test]
fn the_user_is_an_object() {
    for (sent, echoed) in [
        ("null", "null"),
        ("[]", "[]"),
        ("\"x\"", "\"x\""),
        ("5", "5"),
        ("true", "true"),
        ("1.5", "1.5"),
        ("-0", "0"),
        ("1E5", "100000.0"),
    ] {
        let body = format!(r#"{{"user":{sent},"password":"pw"}}"#);
        assert_eq!(answer(JSON, body.as_bytes()), no_model(echoed), "{sent}");
    }
    let both = format!("{},{}", missing(r#""user","email""#, "{}"), missing(r#""user","username""#, "{}"));
    assert_eq!(answer(JSON, br#"{"user":{},"password":"pw"}"#), both);
    assert_eq!(
        answer(JSON, br#"{"user":{"username":"q"},"password":"pw"}"#),
        missing(r#""user","email""#, r#"{"username":"q"}"#)
    );
}

#[test]
fn texts_are_texts() {
    let password = r#""password""#;
    for (sent, echoed) in [
        ("null", "null"),
        ("5", "5"),
        ("true", "true"),
        ("1.50", "1.5"),
        ("[\"x\"]", "[\"[redacted]\"]"),
        ("{\"a\":\"secret\"}", "{\"a\":\"[redacted]\"}"),
    ] {
        let body = format!(r#"{{"user":{{"email":"a","username":"b"}},"password":{sent}}}"#);
        assert_eq!(answer(JSON, body.as_bytes()), no_text(password, echoed), "{sent}");
    }
    let all = [
        no_text(r#""user","email""#, "5"),
        no_text(r#""user","username""#, "null"),
        no_text(r#""user","full_name""#, "7"),
        no_text(password, "1000.0"),
    ];
    assert_eq!(
        answer(JSON, br#"{"user":{"email":5,"username":null,"full_name":7},"password":1e3}"#),
        all.join(",")
    );
    assert_eq!(
        answer(JSON, br#"{"user":{"email":"a","username":"b","full_name":null},"password":""}"#),
        "b a None "
    );
    assert_eq!(answer(JSON, "{\"user\":{\"email\":\"a\",\"username\":\"\\ud83d\\ude00\",\"full_name\":\"鈴木\"},\"password\":\"x\"}".as_bytes()), "😀 a Some(\"鈴木\") x");
}

#[test]
fn a14_members_of_others() {
    let read_only = br#"{"user":{"id":999,"email":"d","username":"d","disabled":true,"hashed_password":"x"},"password":"x"}"#;
    assert_eq!(answer(JSON, read_only), "d d None x");
    let entries = [
        missing(r#""user","email""#, r#"{"hashed_password":"[redacted]","username":"b","zz":1}"#),
        forbidden(r#""user","zz""#, "1"),
        NO_PASSWORD.to_owned(),
    ];
    assert_eq!(answer(JSON, br#"{"user":{"zz":1,"username":"b","hashed_password":"x"}}"#), entries.join(","));
    let entries = [
        forbidden(r#""user","role""#, "\"admin\""),
        forbidden(r#""user","password_hash""#, "\"[redacted]\""),
        forbidden(r#""is_admin""#, "true"),
    ];
    let body = br#"{"is_admin":true,"user":{"email":"a","role":"admin","username":"b","password_hash":"h"},"password":"x"}"#;
    assert_eq!(answer(JSON, body), entries.join(","));
}

#[test]
fn what_is_not_json() {
    assert_eq!(
        answer(JSON, b"{"),
        r#"{"type":"json_invalid","loc":["body",1],"msg":"JSON decode error","input":{},"ctx":{"error":"Expecting property name enclosed in double quotes"}}"#
    );
    assert!(
        answer(JSON, br#"{"user":{"email":"a","username":"b","username":"c"},"password":"x"}"#)
            .contains("json_invalid")
    );
    assert!(answer(JSON, b"user=1&password=2").contains("json_invalid"));
    assert!(answer(JSON, b"  \n").contains(r#"["body",3]"#));
    assert_eq!(answer(JSON, b"{\"user\":\"\xff\"}"), "body_unreadable");
    assert_eq!(
        answer(JSON, br#"{"user":{"email":"a","username":"\ud800"},"password":"x"}"#),
        "body_unreadable"
    );
}
