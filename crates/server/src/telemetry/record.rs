//! One request's steps of the trace, and how they are written for a person and for a machine.

use super::escape::one_line;
use super::json::line;
use super::log::rfc3339;
use super::python;
use super::sink::Style;
use sekisho_core::{RequestId, Timestamp, jose};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// Claims that are shown as they are; another application's token may carry anything, so the rest is named and hidden.
const SHOWN_CLAIMS: [&str; 10] = ["sub", "exp", "iat", "nbf", "jti", "uid", "ver", "iss", "aud", "typ"];
const SHOWN_HEADER: [&str; 2] = ["alg", "typ"];
const HIDDEN_SIGNATURE: &str = "[signature hidden]";

/// One line of the trace: under which of the seeds' functions, which of its variables, and what it held.
pub(super) struct Step {
    pub(super) heading: &'static str,
    pub(super) name: &'static str,
    pub(super) shown: Shown,
}

/// What a variable held, without anything secret.
pub(super) enum Shown {
    Nothing,
    Text(String),
    Dict(Vec<(String, Value)>),
    Model(Vec<(String, Value)>),
    Claims { sub: String, exp: i64, local: String },
    Token { header: Vec<(String, Value)>, payload: Vec<(String, Value)> },
}

impl Shown {
    /// A token's header and payload, decoded and not believed.
    pub(super) fn token(token: &str) -> Shown {
        match jose::read_unverified(token) {
            Ok((header, payload)) => Shown::Token {
                header: members(header, &SHOWN_HEADER),
                payload: members(payload, &SHOWN_CLAIMS),
            },
            Err(_) => Shown::Text(format!("[not a JWT, {} bytes]", token.len())),
        }
    }

    /// A token's payload alone.
    pub(super) fn payload(token: &str) -> Shown {
        match jose::read_unverified(token) {
            Ok((_, payload)) => Shown::Dict(members(payload, &SHOWN_CLAIMS)),
            Err(_) => Shown::Nothing,
        }
    }
}

/// The members in the order of `shown`, then the names of all others with their values hidden.
fn members(value: Value, shown: &[&str]) -> Vec<(String, Value)> {
    let Value::Object(mut map) = value else { return Vec::new() };
    let mut out: Vec<(String, Value)> =
        shown.iter().filter_map(|name| map.remove(*name).map(|value| ((*name).to_owned(), value))).collect();
    out.extend(map.into_iter().map(|(name, _)| (name, json!("[hidden]"))));
    out
}

/// The steps of one request.
pub(super) struct Record {
    what: String,
    request_id: RequestId,
    now: Timestamp,
    style: Style,
    steps: Vec<Step>,
}

impl Record {
    pub(super) fn new(what: &str, request_id: RequestId, now: Timestamp, style: Style) -> Record {
        Record { what: what.to_owned(), request_id, now, style, steps: Vec::new() }
    }

    pub(super) fn push(&mut self, step: Step) {
        self.steps.push(step);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    pub(super) fn request_id(&self) -> RequestId {
        self.request_id
    }

    /// The line that says which request this is, for a person, and all steps as one text.
    pub(super) fn texts(&self) -> (String, String) {
        match self.style {
            Style::Json => (String::new(), self.json()),
            Style::Plain | Style::Colour => (self.head(), self.human()),
        }
    }

    fn head(&self) -> String {
        let head = format!("{}  request {}", one_line(&self.what), self.request_id.as_str());
        format!("\n{}\n\n", self.style.paint("1", &head))
    }

    fn human(&self) -> String {
        let mut out = String::with_capacity(1024);
        let mut heading = "";
        for step in &self.steps {
            if step.heading != heading {
                heading = step.heading;
                let _ = writeln!(out, "{}", self.style.paint("36", &format!("<{heading}>")));
            }
            // The seed writes the function's name before each of `get_current_user`'s lines, and nowhere else.
            let name = match step.heading {
                "get_current_user" => format!("{heading} {}", step.name),
                _ => step.name.to_owned(),
            };
            let colour = if step.name == "refused" { "31" } else { "2" };
            let _ = write!(out, "{} ", self.style.paint(colour, &name));
            write_shown(&mut out, &step.shown);
            out.push('\n');
        }
        out
    }

    fn json(&self) -> String {
        let mut out = String::with_capacity(1024);
        for step in &self.steps {
            let value = match &step.shown {
                Shown::Nothing => Value::Null,
                Shown::Text(text) => json!(text),
                Shown::Dict(members) | Shown::Model(members) => object(members),
                Shown::Claims { sub, exp, local } => json!({ "sub": sub, "exp": exp, "exp_local": local }),
                Shown::Token { header, payload } => {
                    json!({ "header": object(header), "payload": object(payload), "signature": HIDDEN_SIGNATURE })
                }
            };
            out.push_str(&line([
                ("time", rfc3339(self.now).into()),
                ("trace", "auth".into()),
                ("what", self.what.as_str().into()),
                ("request_id", self.request_id.as_str().into()),
                ("step", step.heading.into()),
                (step.name, value),
            ]));
        }
        out
    }
}

fn object(members: &[(String, Value)]) -> Value {
    Value::Object(members.iter().cloned().collect::<Map<_, _>>())
}

fn write_shown(out: &mut String, shown: &Shown) {
    match shown {
        Shown::Nothing => out.push_str("None"),
        Shown::Text(text) => out.push_str(&one_line(text)),
        Shown::Dict(members) => python::dict(out, members),
        Shown::Model(members) => python::model(out, members),
        Shown::Claims { sub, exp, local } => {
            let sub = [("sub".to_owned(), json!(sub))];
            python::dict(out, &sub);
            out.pop();
            let _ = write!(out, ", 'exp': {local} ({exp})}}");
        }
        Shown::Token { header, payload } => {
            python::dict(out, header);
            out.push('.');
            python::dict(out, payload);
            let _ = write!(out, ".{HIDDEN_SIGNATURE}");
        }
    }
}
