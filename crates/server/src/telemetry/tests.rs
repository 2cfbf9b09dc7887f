//! The trace as the seeds print it, and log lines that nobody can forge.

use super::log::{self, rfc3339};
use super::{AuthTrace, Sink, Style};
use crate::failure::Failure;
use jiff::tz::TimeZone;
use sekisho_core::{Actor, Clock, Ctx, Dice, Refusal, RequestId, SchemeCost, Timestamp, User, UserId};
use std::sync::{Arc, Mutex};
use tracing_subscriber::filter::LevelFilter;

struct Sevens;

impl Dice for Sevens {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(1_710_391_048)
    }
}

fn paper() -> (Arc<Mutex<String>>, Sink) {
    let paper = Arc::new(Mutex::new(String::new()));
    let sink = Arc::clone(&paper);
    (paper, Arc::new(move |text: &str| sink.lock().unwrap().push_str(text)))
}

fn ctx() -> Ctx {
    Ctx {
        request_id: RequestId::accept("r1").unwrap(),
        peer: None,
        agent: None,
        actor: Actor::Anonymous,
        now: Still.now(),
    }
}

fn tim() -> User {
    User {
        id: UserId::new(Still.now(), &Sevens),
        username: "tim".to_owned(),
        email: Some("tim@gmail.com".to_owned()),
        full_name: Some("Tim Ruscica".to_owned()),
        external_id: None,
        token_version: 0,
        disabled_at: None,
        created_at: Still.now(),
        updated_at: Still.now(),
    }
}

/// The token that the seeds print, its secret unknown to us and its signature never to be seen.
const SIGNATURE: &str = "RUFUYAxSXALZfMgCbytCypK2OlxMYCTKlqgRXylwitY";

fn token() -> String {
    format!("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ0aW0iLCJleHAiOjE3MTAzOTEwNDh9.{SIGNATURE}")
}

fn log_in(trace: &AuthTrace) {
    let bcrypt = SchemeCost { scheme: "bcrypt".into(), cost: "12".into() };
    let mut steps = trace.begin(&ctx(), "POST /token");
    steps.get_user(Some(&tim()), Some(&bcrypt));
    steps.authenticate_user(&tim(), Some(&bcrypt));
    steps.create_access_token("tim", Still.now(), &token());
}

#[test]
fn a_log_in_reads_as_the_seeds_print_it() {
    let (paper, sink) = paper();
    log_in(&AuthTrace::new(Some(Style::Plain), TimeZone::get("Asia/Tokyo").unwrap(), sink));
    assert_eq!(
        *paper.lock().unwrap(),
        "
POST /token  request r1

<get_user>
user_data {'username': 'tim', 'full_name': 'Tim Ruscica', 'email': 'tim@gmail.com', 'hashed_password': \
         '[bcrypt, cost 12]', 'disabled': False}
<authenticate_user>
user username='tim' email='tim@gmail.com' full_name='Tim Ruscica' disabled=False hashed_password='[bcrypt, cost 12]'
<create_access_token>
to_encode {'sub': 'tim', 'exp': 2024-03-14T13:37:28+09:00[Asia/Tokyo] (1710391048)}
encoded_jwt {'alg': 'HS256', 'typ': 'JWT'}.{'sub': 'tim', 'exp': 1710391048}.[signature hidden]
"
    );
}

#[test]
fn a_caller_is_traced_as_the_seeds_do() {
    let (paper, sink) = paper();
    let trace = AuthTrace::new(Some(Style::Plain), TimeZone::UTC, sink);
    let mut steps = trace.begin(&ctx(), "GET /users/me");
    steps.token(&token());
    steps.payload(&token());
    steps.username("tim");
    steps.token_data("tim");
    steps.get_user(Some(&tim()), None);
    steps.current_user(&tim());
    drop(steps);
    assert_eq!(
        *paper.lock().unwrap(),
        "
GET /users/me  request r1

<get_current_user>
get_current_user token {'alg': 'HS256', 'typ': 'JWT'}.{'sub': 'tim', 'exp': 1710391048}.[signature hidden]
get_current_user payload {'sub': 'tim', 'exp': 1710391048}
get_current_user username tim
get_current_user token_data username='tim'
<get_user>
user_data {'username': 'tim', 'full_name': 'Tim Ruscica', 'email': 'tim@gmail.com', 'hashed_password': '[hidden]', \
         'disabled': False}
<get_current_user>
get_current_user user username='tim' email='tim@gmail.com' full_name='Tim Ruscica' disabled=False \
         hashed_password='[hidden]'
"
    );
}

#[test]
fn json_is_one_object_a_step_and_shows_no_signature() {
    let (paper, sink) = paper();
    log_in(&AuthTrace::new(Some(Style::Json), TimeZone::UTC, sink));
    let text = paper.lock().unwrap();
    let steps: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<_> = steps.iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(names, ["get_user", "authenticate_user", "create_access_token", "create_access_token"]);
    assert_eq!(steps[2]["to_encode"]["exp"], 1_710_391_048);
    assert!(!text.contains(SIGNATURE));
}

#[test]
fn outside_text_stays_on_its_line_and_unknown_claims_stay_hidden() {
    let (paper, sink) = paper();
    let trace = AuthTrace::new(Some(Style::Plain), TimeZone::UTC, sink);
    let mut steps = trace.begin(&ctx(), "POST /token");
    // {"alg":"HS256"} . {"sub":"a\n\u001b[31m<get_user>","password":"hunter2"}
    steps.token(
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhXG5cdTAwMWJbMzFtPGdldF91c2VyPiIsInBhc3N3b3JkIjoiaHVudGVyMiJ9.x",
    );
    steps.token("not a token, but perhaps a password");
    drop(steps);
    let text = paper.lock().unwrap();
    assert!(text.contains(r"{'sub': 'a\n\u{1b}[31m<get_user>', 'password': '[hidden]'}"), "{text}");
    assert!(text.contains("[not a JWT, 35 bytes]"), "{text}");
    assert!(!text.contains("hunter2") && !text.contains("perhaps"), "{text}");
}

#[test]
fn one_request_has_one_heading_and_off_means_silent() {
    let (paper, sink) = paper();
    let trace = AuthTrace::new(Some(Style::Plain), TimeZone::UTC, sink);
    log_in(&trace);
    log_in(&trace);
    assert_eq!(paper.lock().unwrap().matches("request r1").count(), 1);
    paper.lock().unwrap().clear();
    log_in(&AuthTrace::off());
    assert_eq!(*paper.lock().unwrap(), "");
}

#[test]
fn l14_a_log_line_cannot_be_forged() {
    let (paper, sink) = paper();
    let (subscriber, control) = log::subscriber(LevelFilter::INFO, Style::Plain, Arc::new(Still), sink);
    tracing::subscriber::with_default(subscriber, || {
        tracing::info!(agent = "curl\r\n2026 ERROR forged", "hello\u{1b}[2J {}", "a\nb");
        tracing::debug!("below the level");
        log::failed(&ctx(), &Failure::Refused(Refusal::TokenExpired));
        control.set_level(LevelFilter::ERROR);
        tracing::info!("below the new level");
    });
    assert_eq!(
        *paper.lock().unwrap(),
        "2024-03-14T04:37:28.000Z  INFO hello\\u{1b}[2J a\\nb agent=\"curl\\r\\n2026 ERROR forged\"\n\
         2024-03-14T04:37:28.000Z  INFO refused reason=token_expired request_id=r1\n"
    );
}

#[test]
fn an_applications_own_lines_count_by_their_level_and_libraries_below_speak_from_warn_on() {
    let (paper, sink) = paper();
    let (subscriber, _) = log::subscriber(LevelFilter::DEBUG, Style::Plain, Arc::new(Still), sink);
    tracing::subscriber::with_default(subscriber, || {
        tracing::debug!(target: "orders::desk", "the application's own");
        tracing::trace!(target: "orders::desk", "below the level");
        tracing::info!(target: "hyper::proto::h1", "what it parses");
        tracing::debug!(target: "h2", "what it parses");
        tracing::warn!(target: "hyper_util::server", "what it minds");
        tracing::debug!(target: "h2o", "another library, of the same beginning");
    });
    assert_eq!(
        *paper.lock().unwrap(),
        "2024-03-14T04:37:28.000Z DEBUG the application's own\n\
         2024-03-14T04:37:28.000Z  WARN what it minds\n\
         2024-03-14T04:37:28.000Z DEBUG another library, of the same beginning\n"
    );
}

#[test]
fn lost_lines_are_told_in_the_dress_of_the_others() {
    let line = |style| log::lost(style, Arc::new(Still))(352);
    assert_eq!(
        line(Style::Plain),
        "2024-03-14T04:37:28.000Z  WARN 352 lines are missing here: standard error was not read\n"
    );
    let json: serde_json::Value = serde_json::from_str(&line(Style::Json)).unwrap();
    assert_eq!((json["level"].as_str(), json["lines"].as_u64()), (Some("warn"), Some(352)));
}

#[test]
fn times_are_rfc_3339_in_utc() {
    assert_eq!(rfc3339(Timestamp::from_micros(-1)), "1969-12-31T23:59:59.999Z");
}
