//! FastAPI's answers for the same bodies, recorded, and the few where RFC 6749 decides.

use super::*;

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");
const PARTS: Option<&str> = Some("multipart/form-data; boundary=xyz");

const NO_USERNAME: &str =
    r#"{"type":"missing","loc":["body","username"],"msg":"Field required","input":null}"#;
const NO_PASSWORD: &str =
    r#"{"type":"missing","loc":["body","password"],"msg":"Field required","input":null}"#;

/// The answer as a line: what was read, the list of the 422, or the refusal's code.
fn answer(content_type: Option<&str>, body: &[u8]) -> String {
    match token_request(content_type, body) {
        Ok(r) => format!("{} {}", r.username.escape_debug(), r.password.expose().escape_debug()),
        Err(BodyError::Invalid(list)) => serde_json::to_string(&list).unwrap(),
        Err(BodyError::Refused(refusal)) => refusal.code().to_owned(),
    }
}

fn part(head: &str, content: &str) -> String {
    format!("--xyz\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n")
}

#[test]
fn forms_as_fastapi_answers_them() {
    let (no_username, no_password) = (format!("[{NO_USERNAME}]"), format!("[{NO_PASSWORD}]"));
    let neither = format!("[{NO_USERNAME},{NO_PASSWORD}]");
    for (body, expected) in [
        ("grant_type=&username=tim&password=tim1234&scope=&client_id=&client_secret=", "tim tim1234"),
        ("grant_type=password&username=tim&password=tim1234", "tim tim1234"),
        ("", &neither),
        ("username=&password=", &neither),
        ("username&password", &neither),
        ("username=&password=x", &no_username),
        ("username=a&password=", &no_password),
        ("username=a", &no_password),
        ("username=a;password=b", &no_password),
        ("Username=a&password=b", &no_username),
        ("username=+&password=%20", "    "),
        ("username=%zz&password=%4", "%zz %4"),
        ("&&username=a&&password=b&", "a b"),
        ("username=a=b&password=c=d", "a=b c=d"),
        ("username=a%2Bb&password=b", "a+b b"),
        ("username=a\r\n&password=b", "a\\r\\n b"),
        ("\u{feff}username=a&password=b", &no_username),
        ("username=a&password=b&else=1", "a b"),
    ] {
        let expected = if expected == "    " { "   " } else { expected };
        assert_eq!(answer(FORM, body.as_bytes()), expected, "{body:?}");
    }
}

#[test]
fn forms_where_the_rfc_decides() {
    for (body, expected) in [
        (&b"grant_type=foo&username=a&password=b"[..], "unsupported_grant_type"),
        (b"grant_type=foo", "unsupported_grant_type"),
        (b"grant_type=Password&username=a&password=b", "unsupported_grant_type"),
        (b"username=a&username=b&password=c", "invalid_request"),
        (b"username=a&username=&password=c", "invalid_request"),
        (b"username=a&password=c&x=1&x=1", "invalid_request"),
        (b"username=%ff&password=x", "invalid_request"),
        (b"username=%c0%af&password=x", "invalid_request"),
        (b"username=\xff&password=x", "invalid_request"),
        (b"username=a%00b&password=x", "invalid_request"),
        (b"username=a&password=x%00y", "a x\\0y"),
    ] {
        assert_eq!(answer(FORM, body), expected, "{}", String::from_utf8_lossy(body));
    }
}

#[test]
fn p19_plus_and_percent_are_the_same_space() {
    assert_eq!(answer(FORM, b"username=a&password=x+y%0D%0A"), "a x y\\r\\n");
    assert_eq!(answer(FORM, b"username=a&password=x%20y%0D%0A"), "a x y\\r\\n");
}

#[test]
fn o36_other_types_of_body_have_no_fields() {
    let neither = format!("[{NO_USERNAME},{NO_PASSWORD}]");
    let form = b"username=tim&password=x";
    for content_type in [
        None,
        Some(""),
        Some("text/plain"),
        Some("application/json"),
        Some("application/x-www-form-urlencodedx"),
    ] {
        assert_eq!(answer(content_type, form), neither, "{content_type:?}");
    }
    assert_eq!(answer(Some("application/json"), b"{\"username\":\"tim\",\"password\":\"x\"}"), neither);
    assert_eq!(answer(Some("application/json"), b"{"), neither);
    assert_eq!(answer(Some("APPLICATION/X-WWW-FORM-URLENCODED; charset=utf-16"), form), "tim x");
    assert_eq!(answer(Some("multipart/form-data"), form), "multipart_boundary_missing");
    assert_eq!(answer(Some("multipart/form-data; boundary="), form), "multipart_invalid");
    assert_eq!(answer(PARTS, form), "multipart_invalid");
}

#[test]
fn multipart_is_read_like_a_form() {
    let (u, p, end) = (part("name=\"username\"", "tim"), part("name=\"password\"", "pw"), "--xyz--\r\n");
    let neither = format!("[{NO_USERNAME},{NO_PASSWORD}]");
    let file = r#"[{"type":"string_type","loc":["body","username"],"msg":"Input should be a valid string","input":{"filename":"a.txt","size":3}}]"#;
    let secret = r#"[{"type":"string_type","loc":["body","password"],"msg":"Input should be a valid string","input":{"filename":"[redacted]","size":3}}]"#;
    for (body, expected) in [
        (format!("{u}{p}{end}"), "tim pw"),
        (String::new(), &neither),
        (end.to_owned(), &neither),
        (format!("{u}{p}"), &format!("[{NO_PASSWORD}]")),
        (format!("{}{p}{end}", part("name=\"username\"", "")), &format!("[{NO_USERNAME}]")),
        (format!("{}{p}{end}", part("name=\"username\"; filename=\"a.txt\"", "tim")), file),
        (format!("{u}{}{end}", part("name=\"password\"; filename=\"a.txt\"", "tim")), secret),
        (format!("{}{p}{end}", part("name=\"username\"; filename=\"\"", "")), &format!("[{NO_USERNAME}]")),
        (format!("{u}{u}{p}{end}"), "invalid_request"),
        (format!("hello\r\n{u}{p}{end}"), "multipart_invalid"),
        (format!("{}{p}{end}", part("x=\"username\"", "tim")), "multipart_name_missing"),
    ] {
        assert_eq!(answer(PARTS, body.as_bytes()), expected, "{body:?}");
    }
}
