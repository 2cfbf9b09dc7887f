//! The configuration that fits the application: its key, its algorithm, a strict profile.
//!
//! A `sekisho.toml` that is there is never changed: what it lacks is said instead.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sekisho_core::SecretBytes;
use sekisho_core::adopt::{AppSetting, Choice, Found, Literal, choose};
use sekisho_core::jose::{is_published_secret, is_weak};
use sekisho_core::settings::{self, Origin, Shown, toml_text};

use crate::config::Loaded;

/// What the operator asks for.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// The profile, if not production.
    pub profile: Option<String>,
    /// Whether a new key is made for both.
    pub new_key: bool,
    /// Settings that hang on the kind of adoption: key, value as TOML, why.
    pub further: Vec<(&'static str, String, &'static str)>,
}

/// What is to be written, and what is to be said.
#[derive(Debug, Default)]
pub struct Plan {
    /// The settings to be written, in order: key, value as TOML, why.
    pub settings: Vec<Wanted>,
    /// Where they go.
    pub file: PathBuf,
    /// Whether they are in force already, so that nothing is to be written.
    pub in_force: bool,
    /// The file of the key that signs, and what it is to hold.
    pub key: Option<(PathBuf, Key)>,
    /// A line of the application that must change, as it must be.
    pub change: Option<Change>,
    /// What else there is to know.
    pub notes: Vec<String>,
}

/// One setting to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// `section.key`.
    pub key: &'static str,
    /// The value as TOML.
    pub value: String,
    /// Why, for the comment above it.
    pub why: String,
}

/// What the file of the key is to hold.
#[derive(Debug, PartialEq, Eq)]
pub enum Key {
    /// The application's own key.
    TakenOver(SecretBytes),
    /// A new one, made when it is written.
    New,
    /// What it holds already.
    There,
}

/// A line of the application that must change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where: `auth.py:8`.
    pub place: String,
    /// The line as it must be; it reads the key from its file and shows none of it.
    pub line: String,
}

/// Decides what to write; every reason not to go on is a line of the error.
pub fn plan(loaded: &Loaded, found: &[Found], wishes: &Wishes) -> Result<Plan, Vec<String>> {
    let shown = settings::show(&loaded.settings, &loaded.origins);
    let file = loaded.files.first().cloned().unwrap_or_default();
    let mut plan = Plan { file, ..Plan::default() };
    let mut refused = Vec::new();
    the_profile_is_production_unless_told_otherwise(&mut plan, &shown, wishes);
    the_data_directory_of_the_command_line_stays(&mut plan, &shown);
    let strict = plan.settings.iter().any(|w| w.key == "server.profile" && w.value.contains("production"))
        || (!plan.settings.iter().any(|w| w.key == "server.profile")
            && loaded.settings.profile.is_production());
    refused.extend(both_use_one_key(&mut plan, loaded, found, wishes, strict).err());
    refused.extend(both_use_one_algorithm(&mut plan, &shown, found).err());
    tokens_live_as_long(&mut plan, &shown, found);
    for (key, value, why) in &wishes.further {
        want(&mut plan, key, value.clone(), *why);
    }
    if !refused.is_empty() {
        return Err(refused);
    }
    an_existing_file_is_never_changed(&mut plan, &shown)?;
    Ok(plan)
}

/// The text of a new `sekisho.toml`.
pub fn text(plan: &Plan, database: &Path) -> String {
    let mut text = format!(
        "# Written by `sekisho adopt` from {}. `sekisho config default` lists every setting.\n",
        database.display().to_string().escape_debug()
    );
    let mut section = "";
    let of = |wanted: &Wanted| wanted.key.split_once('.').map_or("", |(section, _)| section);
    // A section stands once, where the first of its settings was decided.
    let place = |wanted: &Wanted| plan.settings.iter().position(|other| of(other) == of(wanted));
    let mut settings: Vec<&Wanted> = plan.settings.iter().collect();
    settings.sort_by_key(|wanted| place(wanted));
    for Wanted { key, value, why } in settings {
        let (of, name) = key.split_once('.').unwrap_or(("", key));
        // The one key that may stand above all sections.
        let of = if *key == "server.profile" { "" } else { of };
        text.push('\n');
        if of != section {
            let _ = writeln!(text, "[{of}]\n");
            section = of;
        }
        if !why.is_empty() {
            let _ = writeln!(text, "# {why}");
        }
        let _ = writeln!(text, "{name} = {value}");
    }
    text
}

fn the_profile_is_production_unless_told_otherwise(plan: &mut Plan, shown: &[Shown], wishes: &Wishes) {
    let told = origin(shown, "server.profile").is_some_and(|origin| !matches!(origin, Origin::Default(_)));
    match &wishes.profile {
        Some(profile) => want(plan, "server.profile", toml_text(profile), ""),
        None if told => {}
        None => want(plan, "server.profile", toml_text("production"), "Others depend on it."),
    }
}

fn the_data_directory_of_the_command_line_stays(plan: &mut Plan, shown: &[Shown]) {
    if plan.file.exists() {
        // What it says of it is hidden by the flag.
        return;
    }
    if let Some(data) =
        shown.iter().find(|s| s.key == "storage.data_dir" && matches!(s.origin, Origin::Flag { .. }))
    {
        want(plan, "storage.data_dir", data.value.clone(), "");
    }
}

/// Tokens of the one count at the other only if both have one key.
fn both_use_one_key(
    plan: &mut Plan,
    loaded: &Loaded,
    found: &[Found],
    wishes: &Wishes,
    strict: bool,
) -> Result<(), String> {
    let tokens = &loaded.settings.tokens;
    let file = loaded.settings.storage.data_dir.join("secret_key");
    let is_ours = tokens.secret_key_file.as_ref() == Some(&file);
    let app = match choose(found, AppSetting::SecretKey) {
        Choice::Several(places) => {
            let places: Vec<String> = places.iter().map(|found| found.place.to_string()).collect();
            return Err(format!(
                "SECRET_KEY differs between {}: name with --app the folder of the one that counts",
                places.join(" and ")
            ));
        }
        Choice::One(found) => Some(found),
        Choice::Computed(found) => {
            plan.notes.push(format!(
                "{}: SECRET_KEY is no literal there; give Sekisho the same key with SECRET_KEY or SECRET_KEY_FILE",
                found.place
            ));
            None
        }
        Choice::Absent => None,
    };
    let key = app.and_then(bytes);
    if tokens.secret_key.is_some() && !is_ours {
        return the_key_in_force_is_the_applications(loaded, app, key.as_ref(), wishes, strict);
    }
    let there = crate::config::secret_file(&file)?;
    let at_fault = key.as_ref().filter(|_| strict).and_then(|key| fault(key));
    let wanted = match (wishes.new_key, key, &there) {
        (true, _, Some(_)) => Key::There,
        (true, _, None) => Key::New,
        (false, Some(key), Some(there)) if key == *there => Key::There,
        (false, Some(_), Some(_)) => {
            // A key that was made before waits for the application to take it.
            plan.change = app.map(|found| change(found, &file));
            Key::There
        }
        (false, Some(key), None) => match (at_fault, app) {
            (Some(fault), Some(found)) => {
                return Err(format!(
                    "{}: SECRET_KEY {fault}. Run again with --new-key, which makes a key for both in {}, and change \
                     that line to: {}",
                    found.place,
                    file.display(),
                    change(found, &file).line
                ));
            }
            _ => Key::TakenOver(key),
        },
        (false, None, Some(_)) => Key::There,
        (false, None, None) => return Ok(()),
    };
    if wishes.new_key {
        plan.change = app.map(|found| change(found, &file));
    }
    let why = match (&wanted, app) {
        (Key::TakenOver(_), Some(found)) => format!("The key of {}: both must use one.", found.place),
        _ => "The application's key as well: both must use one.".to_owned(),
    };
    want(plan, "tokens.secret_key_file", toml_text(&file.display().to_string()), why);
    plan.key = Some((file, wanted));
    Ok(())
}

/// A key that something else sets stays; it must be the application's.
fn the_key_in_force_is_the_applications(
    loaded: &Loaded,
    app: Option<&Found>,
    key: Option<&SecretBytes>,
    wishes: &Wishes,
    strict: bool,
) -> Result<(), String> {
    let by = match loaded.origins.of("tokens.secret_key") {
        Origin::Default(_) => loaded.origins.of("tokens.secret_key_file"),
        origin => origin,
    };
    if wishes.new_key {
        return Err(format!(
            "--new-key: a key is set already by {by}; change it there and in the application"
        ));
    }
    match (app, key) {
        (Some(found), Some(key)) if loaded.settings.tokens.secret_key.as_ref() != Some(key) => Err(format!(
            "{by} sets another SECRET_KEY than {}: both must use one; change either",
            found.place
        )),
        (Some(found), Some(key)) => match fault(key).filter(|_| strict) {
            Some(fault) => Err(format!(
                "{}: SECRET_KEY {fault}. Make one with `openssl rand -hex 32` and put it there; Sekisho reads it from {by}",
                found.place
            )),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

fn both_use_one_algorithm(plan: &mut Plan, shown: &[Shown], found: &[Found]) -> Result<(), String> {
    let Choice::One(found) = choose(found, AppSetting::Algorithm) else { return Ok(()) };
    let Some(value) = said(found) else { return Ok(()) };
    if !["HS256", "HS384", "HS512"].contains(&value) {
        return Err(format!(
            "{}: ALGORITHM must be HS256, HS384 or HS512 for both to read one token",
            found.place
        ));
    }
    match shown.iter().find(|s| s.key == "tokens.algorithm") {
        Some(s) if s.value != toml_text(value) && !matches!(s.origin, Origin::Default(_)) => {
            Err(format!("{} sets another ALGORITHM than {}: both must use one", s.origin, found.place))
        }
        _ => {
            want(plan, "tokens.algorithm", toml_text(value), "");
            Ok(())
        }
    }
}

fn tokens_live_as_long(plan: &mut Plan, shown: &[Shown], found: &[Found]) {
    const KEY: &str = "tokens.access_token_expire_minutes";
    let Choice::One(found) = choose(found, AppSetting::AccessTokenExpireMinutes) else { return };
    let minutes = said(found).and_then(|text| text.trim().parse::<u32>().ok());
    match (minutes.filter(|minutes| (1..=525_600).contains(minutes)), origin(shown, KEY)) {
        (None, _) => plan.notes.push(format!(
            "{}: ACCESS_TOKEN_EXPIRE_MINUTES is no number from 1 to 525600, and was not taken over",
            found.place
        )),
        (Some(minutes), Some(Origin::Default(_)) | None) => want(plan, KEY, minutes.to_string(), ""),
        (Some(_), Some(by)) => plan.notes.push(format!("ACCESS_TOKEN_EXPIRE_MINUTES: {by} stays in force")),
    }
}

/// A configuration that is there must say the same already; else it is told what it lacks.
fn an_existing_file_is_never_changed(plan: &mut Plan, shown: &[Shown]) -> Result<(), Vec<String>> {
    // What a flag says holds for this command alone.
    let says = |s: &Shown, wanted: &Wanted| {
        s.key == wanted.key && s.value == wanted.value && !matches!(s.origin, Origin::Flag { .. })
    };
    let lacking = |wanted: &&Wanted| !shown.iter().any(|s| says(s, wanted));
    let lacking: Vec<Wanted> = plan.settings.iter().filter(lacking).cloned().collect();
    plan.in_force = lacking.is_empty();
    if plan.in_force || !plan.file.exists() {
        return Ok(());
    }
    let head =
        format!("{} is there and is left as it is; add these lines and run again:", plan.file.display());
    let line = |wanted: Wanted| {
        let (section, name) = wanted.key.split_once('.').unwrap_or(("", wanted.key));
        format!("  {name} = {}    (in [{section}])", wanted.value)
    };
    Err(std::iter::once(head).chain(lacking.into_iter().map(line)).collect())
}

fn want(plan: &mut Plan, key: &'static str, value: String, why: impl Into<String>) {
    plan.settings.push(Wanted { key, value, why: why.into() });
}

fn origin<'s>(shown: &'s [Shown], key: &str) -> Option<&'s Origin> {
    shown.iter().find(|shown| shown.key == key).map(|shown| &shown.origin)
}

fn said(found: &Found) -> Option<&str> {
    match &found.literal {
        Literal::Said(text) => Some(text.expose()),
        Literal::Computed => None,
    }
}

fn bytes(found: &Found) -> Option<SecretBytes> {
    said(found).filter(|text| !text.is_empty()).map(|text| SecretBytes::new(text.as_bytes().to_vec()))
}

/// What is wrong with a key in production.
fn fault(key: &SecretBytes) -> Option<&'static str> {
    if is_published_secret(key.expose()) {
        Some("was printed in a tutorial: anyone can forge tokens with it")
    } else if is_weak(key.expose()) {
        Some("is shorter than 32 bytes: it can be guessed")
    } else {
        None
    }
}

/// The line that reads the key from its file; the key itself is not shown.
fn change(found: &Found, file: &Path) -> Change {
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned()).display().to_string();
    let line = match found.head.strip_suffix("KEY=") {
        Some(_) => format!("{}<what `cat {file}` prints>", found.head),
        None => format!("{} open({}).read().strip()", found.head, toml_text(&file)),
    };
    Change { place: found.place.to_string(), line }
}
