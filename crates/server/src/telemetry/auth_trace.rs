//! The seeds' trace: what an authentication does, step by step, under the seeds' names and in their order.
//!
//! The seeds print their steps to learn from; so does this, for whoever wants to see what happens between a password and an
//! answer. It is on by default in development at a terminal, otherwise with `--trace-auth`. It shows no password, no hash
//! (its scheme only) and no token (its header and payload decoded, its signature hidden). Off, it costs a look at a
//! field. Handlers start it, verbs write into it, and dropping it prints one request's steps in one piece.

use super::record::{Record, Shown, Step};
use super::sink::{Sink, Style};
use jiff::tz::TimeZone;
use sekisho_core::{Ctx, Refusal, RequestId, SchemeCost, Timestamp, User};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};

/// The printer of the trace, or none; clones share it.
#[derive(Clone)]
pub struct AuthTrace(Arc<Inner>);

struct Inner {
    style: Option<Style>,
    zone: TimeZone,
    sink: Sink,
    /// Whose steps were printed last: further ones of the same request go under the same heading.
    last: Mutex<Option<RequestId>>,
}

impl AuthTrace {
    /// A trace that prints in a style, or nothing when there is none; times are shown in `zone`.
    pub fn new(style: Option<Style>, zone: TimeZone, sink: Sink) -> AuthTrace {
        let inner = Inner { style, zone, sink, last: Mutex::new(None) };
        AuthTrace(Arc::new(inner))
    }

    /// A trace that is off.
    pub fn off() -> AuthTrace {
        AuthTrace::new(None, TimeZone::UTC, Arc::new(|_| {}))
    }

    /// Whether requests are traced.
    pub fn is_on(&self) -> bool {
        self.0.style.is_some()
    }

    /// Starts the steps of one request; `what` heads them (`POST /token`). What is printed twice for one request in a row
    /// stands under one heading, so a verb may begin a trace of its own.
    pub fn begin(&self, ctx: &Ctx, what: &str) -> Steps {
        let Some(style) = self.0.style else {
            return Steps(None);
        };
        let record = Record::new(what, ctx.request_id, ctx.now, style);
        Steps(Some(Box::new(Running { inner: Arc::clone(&self.0), record })))
    }
}

impl std::fmt::Debug for AuthTrace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthTrace").field("on", &self.is_on()).finish()
    }
}

/// The steps of one request; prints them when dropped. Empty, and without cost, while the trace is off.
pub struct Steps(Option<Box<Running>>);

struct Running {
    inner: Arc<Inner>,
    record: Record,
}

impl Steps {
    /// A trace that records nothing, for a caller that has none.
    pub fn none() -> Steps {
        Steps(None)
    }

    /// `<get_user>` `user_data {…}`: the row that was found, or `None`. `scheme` names the hash's scheme, never the hash.
    pub fn get_user(&mut self, user: Option<&User>, scheme: Option<&SchemeCost>) {
        self.add("get_user", "user_data", || match user {
            None => Shown::Nothing,
            Some(user) => Shown::Dict(vec![
                member("username", user.username.as_str()),
                member("full_name", user.full_name.as_deref()),
                member("email", user.email.as_deref()),
                member("hashed_password", hidden_hash(scheme)),
                member("disabled", user.is_disabled()),
            ]),
        });
    }

    /// `<authenticate_user>` `user …`: whose password was right.
    pub fn authenticate_user(&mut self, user: &User, scheme: Option<&SchemeCost>) {
        self.add("authenticate_user", "user", || model_of(user, scheme));
    }

    /// `<create_access_token>` `to_encode {…}` with `exp` in local time and as a number, then `encoded_jwt` decoded, its
    /// signature hidden.
    pub fn create_access_token(&mut self, sub: &str, exp: Timestamp, token: &str) {
        let Some(running) = self.0.as_mut() else { return };
        let local = jiff::Timestamp::from_second(exp.as_seconds()).map_or_else(
            |_| "out of range".to_owned(),
            |at| at.to_zoned(running.inner.zone.clone()).to_string(),
        );
        let seconds = exp.as_seconds();
        self.add("create_access_token", "to_encode", || Shown::Claims {
            sub: sub.to_owned(),
            exp: seconds,
            local,
        });
        self.add("create_access_token", "encoded_jwt", || Shown::token(token));
    }

    /// `<get_current_user>` `token`: what the client sent, decoded but not yet believed, its signature hidden.
    pub fn token(&mut self, token: &str) {
        self.add("get_current_user", "token", || Shown::token(token));
    }

    /// `<get_current_user>` `payload {…}`: the claims, once the signature was found good.
    pub fn payload(&mut self, token: &str) {
        self.add("get_current_user", "payload", || Shown::payload(token));
    }

    /// `<get_current_user>` `username`: the token's `sub`.
    pub fn username(&mut self, sub: &str) {
        self.add("get_current_user", "username", || Shown::Text(sub.to_owned()));
    }

    /// `<get_current_user>` `token_data username=…`: what the look-up goes by.
    pub fn token_data(&mut self, username: &str) {
        self.add("get_current_user", "token_data", || Shown::Model(vec![member("username", username)]));
    }

    /// `<get_current_user>` `user …`: who the caller is.
    pub fn current_user(&mut self, user: &User) {
        self.add("get_current_user", "user", || model_of(user, None));
    }

    /// Why it ended without a user; `step` is the seeds' function it ended in.
    pub fn refused(&mut self, step: &'static str, refusal: Refusal) {
        self.add(step, "refused", || Shown::Text(refusal.code().to_owned()));
    }

    fn add(&mut self, heading: &'static str, name: &'static str, shown: impl FnOnce() -> Shown) {
        if let Some(running) = self.0.as_mut() {
            running.record.push(Step { heading, name, shown: shown() });
        }
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        let Some(running) = self.0.take() else { return };
        if running.record.is_empty() {
            return;
        }
        let (head, steps) = running.record.texts();
        // Held until the text has its place behind the last one's, which takes no longer than a copy.
        let mut last = running.inner.last.lock().unwrap_or_else(PoisonError::into_inner);
        let again = last.replace(running.record.request_id()) == Some(running.record.request_id());
        (running.inner.sink)(&if again { steps } else { head + &steps });
    }
}

fn member(name: &str, value: impl Into<Value>) -> (String, Value) {
    (name.to_owned(), value.into())
}

fn hidden_hash(scheme: Option<&SchemeCost>) -> Value {
    json!(scheme.map_or_else(
        || "[hidden]".to_owned(),
        |scheme| match scheme.cost.parse::<u32>() {
            Ok(cost) => format!("[{}, cost {cost}]", scheme.scheme),
            Err(_) => format!("[{}, {}]", scheme.scheme, scheme.cost),
        }
    ))
}

fn model_of(user: &User, scheme: Option<&SchemeCost>) -> Shown {
    Shown::Model(vec![
        member("username", user.username.as_str()),
        member("email", user.email.as_deref()),
        member("full_name", user.full_name.as_deref()),
        member("disabled", user.is_disabled()),
        member("hashed_password", hidden_hash(scheme)),
    ])
}
