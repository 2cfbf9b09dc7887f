//! One entry of the list that a 422 carries under `detail`, in FastAPI's and pydantic's words.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

/// What is wrong with one member of a body.
///
/// Serialises as `{"type", "loc", "msg", "input"}`, with `ctx` where there is one. The constructors put the input
/// through [`echo`], so that no secret is sent back.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Invalid {
    /// pydantic's name of the error, `missing`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The way to the member, from `body` on.
    pub loc: Vec<Loc>,
    /// What is wrong, for a person.
    pub msg: String,
    /// What was sent there.
    pub input: Value,
    /// Particulars of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ctx: Option<Value>,
}

/// One step of the way to a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loc {
    /// The name of a member.
    Name(Cow<'static, str>),
    /// A place in a list, or in the text of a body.
    Index(usize),
}

impl Serialize for Loc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Loc::Name(name) => serializer.serialize_str(name),
            Loc::Index(index) => serializer.serialize_u64(u64::try_from(*index).unwrap_or(u64::MAX)),
        }
    }
}

impl From<&'static str> for Loc {
    fn from(name: &'static str) -> Loc {
        Loc::Name(Cow::Borrowed(name))
    }
}

impl From<String> for Loc {
    fn from(name: String) -> Loc {
        Loc::Name(Cow::Owned(name))
    }
}

impl From<usize> for Loc {
    fn from(index: usize) -> Loc {
        Loc::Index(index)
    }
}

/// The way to a member: `loc!["body", "user", "email"]`.
#[macro_export]
macro_rules! loc {
    ($($step:expr),+ $(,)?) => { vec![$($crate::invalid::Loc::from($step)),+] };
}

/// How long a list is at most, as JSON: a large body must not come back as a larger answer, which a client that does
/// not read it would make the server keep.
const LONGEST_LIST: usize = 16 * 1024;

/// What stands for an input that has no room in its list.
const LEFT_OUT: &str = "[left out: too long]";

/// The list without the inputs that make it longer than 16 KiB, and without what follows once that is not enough; one entry
/// is left in any case.
pub fn shortened(list: Vec<Invalid>) -> Vec<Invalid> {
    let length = |invalid: &Invalid| serde_json::to_vec(invalid).map_or(LONGEST_LIST, |json| json.len());
    let mut room = LONGEST_LIST;
    let mut kept = Vec::new();
    for mut invalid in list {
        if length(&invalid) > room {
            invalid.input = Value::from(LEFT_OUT);
        }
        match room.checked_sub(length(&invalid)) {
            Some(rest) => room = rest,
            None if kept.is_empty() => room = 0,
            None => break,
        }
        kept.push(invalid);
    }
    kept
}

impl Invalid {
    /// A required member is not there; `input` is the object that lacks it, or null at the top.
    pub fn missing(loc: Vec<Loc>, input: Value) -> Invalid {
        Invalid::new("missing", loc, "Field required", input, None)
    }

    /// Something else than a text.
    pub fn string_type(loc: Vec<Loc>, input: Value) -> Invalid {
        Invalid::new("string_type", loc, "Input should be a valid string", input, None)
    }

    /// A text of fewer than `min` characters.
    pub fn string_too_short(loc: Vec<Loc>, input: Value, min: usize) -> Invalid {
        let msg = format!("String should have at least {min} {}", characters(min));
        Invalid::new("string_too_short", loc, msg, input, Some(json!({ "min_length": min })))
    }

    /// A text of more than `max` characters.
    pub fn string_too_long(loc: Vec<Loc>, input: Value, max: usize) -> Invalid {
        let msg = format!("String should have at most {max} {}", characters(max));
        Invalid::new("string_too_long", loc, msg, input, Some(json!({ "max_length": max })))
    }

    /// A value that breaks a rule of our own, told in `why`: "must not contain spaces".
    pub fn value_error(loc: Vec<Loc>, input: Value, why: impl std::fmt::Display) -> Invalid {
        Invalid::new("value_error", loc, format!("Value error, {why}"), input, Some(json!({ "error": {} })))
    }

    /// A member that nobody knows.
    pub fn extra_forbidden(loc: Vec<Loc>, input: Value) -> Invalid {
        Invalid::new("extra_forbidden", loc, "Extra inputs are not permitted", input, None)
    }

    /// A body that is not JSON; `position` counts characters.
    pub fn json_invalid(position: usize, error: &str) -> Invalid {
        let loc = crate::loc!["body", position];
        Invalid::new("json_invalid", loc, "JSON decode error", json!({}), Some(json!({ "error": error })))
    }

    /// Something else than an object where a model is wanted.
    pub fn model_attributes_type(loc: Vec<Loc>, input: Value) -> Invalid {
        let msg = "Input should be a valid dictionary or object to extract fields from";
        Invalid::new("model_attributes_type", loc, msg, input, None)
    }

    fn new(
        kind: &'static str,
        loc: Vec<Loc>,
        msg: impl Into<String>,
        input: Value,
        ctx: Option<Value>,
    ) -> Invalid {
        let name = loc.iter().rev().find_map(|l| match l {
            Loc::Name(name) => Some(name.as_ref()),
            Loc::Index(_) => None,
        });
        let input = echo(name.unwrap_or_default(), input);
        Invalid { kind, loc, msg: msg.into(), input, ctx }
    }
}

fn characters(n: usize) -> &'static str {
    if n == 1 { "character" } else { "characters" }
}

/// What stands in the place of a secret.
const REDACTED: &str = "[redacted]";

/// The input as it may be sent back: every text in a member named like a secret is replaced, at any depth.
///
/// `name` is the member that holds `input`. Numbers, truth values and null stay, as pydantic echoes them.
pub fn echo(name: &str, input: Value) -> Value {
    let secret = is_named_like_a_secret(name);
    match input {
        Value::String(_) if secret => Value::String(REDACTED.to_owned()),
        Value::Array(list) => Value::Array(list.into_iter().map(|v| echo(name, v)).collect()),
        Value::Object(members) => {
            let echoed = members.into_iter().map(|(key, value)| {
                let value = echo(if secret { name } else { &key }, value);
                (key, value)
            });
            Value::Object(echoed.collect())
        }
        other => other,
    }
}

/// Whether a member of this name probably holds a secret: `password`, `hashed_password`, `client_secret`, `token`.
pub fn is_named_like_a_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    let words = [
        "pass",
        "pwd",
        "secret",
        "token",
        "hash",
        "credential",
        "private",
        "apikey",
        "api_key",
        "api-key",
        "totp",
        "otp_",
    ];
    words.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_no_longer_than_its_bound_whatever_was_sent() {
        let entry = |input: &str| Invalid::extra_forbidden(loc!["body", "x"], Value::from(input));
        let small = vec![entry("a"), entry("b")];
        assert_eq!(shortened(small.clone()), small);

        let list = shortened(vec![entry(&"y".repeat(20_000)), entry("b")]);
        assert_eq!(list, [entry("[left out: too long]"), entry("b")]);

        let list = shortened((0..1000).map(|_| entry(&"y".repeat(1400))).collect());
        assert!(list.len() > 10 && serde_json::to_vec(&list).unwrap().len() <= LONGEST_LIST + list.len() + 1);

        let name = "n".repeat(60_000);
        let list = shortened(vec![Invalid::extra_forbidden(loc!["body", name], Value::Null), entry("b")]);
        assert_eq!(list.len(), 1, "a list says something");
    }

    #[test]
    fn entries_look_like_pydantics() {
        let cases = [
            (
                Invalid::missing(loc!["body", "user"], Value::Null),
                r#"{"type":"missing","loc":["body","user"],"msg":"Field required","input":null}"#,
            ),
            (
                Invalid::string_too_short(loc!["body", "password"], json!("abc"), 6),
                r#"{"type":"string_too_short","loc":["body","password"],"msg":"String should have at least 6 characters","input":"[redacted]","ctx":{"min_length":6}}"#,
            ),
            (
                Invalid::string_too_long(loc!["body", "user", "username"], json!("abc"), 1),
                r#"{"type":"string_too_long","loc":["body","user","username"],"msg":"String should have at most 1 character","input":"abc","ctx":{"max_length":1}}"#,
            ),
            (
                Invalid::value_error(loc!["body", "user", "email"], json!("x"), "is not an e-mail address"),
                r#"{"type":"value_error","loc":["body","user","email"],"msg":"Value error, is not an e-mail address","input":"x","ctx":{"error":{}}}"#,
            ),
            (
                Invalid::json_invalid(1, "Expecting value"),
                r#"{"type":"json_invalid","loc":["body",1],"msg":"JSON decode error","input":{},"ctx":{"error":"Expecting value"}}"#,
            ),
        ];
        for (invalid, json) in cases {
            assert_eq!(serde_json::to_string(&invalid).unwrap(), json);
        }
    }

    #[test]
    fn no_secret_is_echoed() {
        assert_eq!(echo("password", json!(5)), json!(5));
        assert_eq!(echo("password", json!(["a", 5])), json!(["[redacted]", 5]));
        assert_eq!(echo("password", json!({ "a": "b" })), json!({ "a": "[redacted]" }));
        assert_eq!(
            echo("user", json!({ "username": "q", "Hashed_Password": "x", "more": { "api_token": "t" } })),
            json!({ "username": "q", "Hashed_Password": "[redacted]", "more": { "api_token": "[redacted]" } })
        );
        assert_eq!(echo("role", json!("admin")), json!("admin"));
    }
}
