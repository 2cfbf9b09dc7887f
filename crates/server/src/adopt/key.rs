//! One key for both: taken over, made new, or refused.

use std::path::Path;

use sekisho_core::SecretBytes;
use sekisho_core::adopt::{AppSetting, Choice, Found, choose};
use sekisho_core::jose::{is_published_secret, is_weak};
use sekisho_core::settings::{Origin, toml_text};

use super::plan::{Change, Key, Plan, Wishes, absolute};
use crate::config::Loaded;

/// Tokens of the one count at the other only if both have one key.
pub(super) fn both_use_one_key(
    plan: &mut Plan,
    loaded: &Loaded,
    found: &[Found],
    wishes: &Wishes,
    strict: bool,
) -> Result<(), String> {
    let tokens = &loaded.settings.tokens;
    // A command with --config may be run in any folder.
    let file = absolute(&loaded.settings.storage.data_dir.join("secret_key"));
    let named = tokens.secret_key_file.as_ref();
    let is_ours = named.is_some_and(|named| absolute(named) == file);
    let app = match choose(found, AppSetting::SecretKey) {
        Choice::Several(places) => {
            return Err(format!("{}: name with --app the folder of the one that counts", differ(&places)));
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
        (false, None, None) => return no_key_is_known(plan, &file, wishes),
    };
    if wishes.new_key {
        plan.change = app.map(|found| change(found, &file));
        if app.is_none() {
            plan.notes.push(format!(
                "nothing here says where the application has its SECRET_KEY: it must read {} from now on",
                file.display()
            ));
        }
    }
    let why = match (&wanted, app) {
        (Key::TakenOver(_), Some(found)) => format!("The key of {}: both must use one.", found.place),
        _ => "The application's key as well: both must use one.".to_owned(),
    };
    // As it is written where it is in force, which may be relative.
    let written = named.unwrap_or(&file).display().to_string();
    plan.want("tokens.secret_key_file", toml_text(&written), why);
    plan.key = Some((file, wanted));
    Ok(())
}

/// Without the application's key side by side would mean two: tokens of the one would be refused by the other.
fn no_key_is_known(plan: &mut Plan, file: &Path, wishes: &Wishes) -> Result<(), String> {
    let where_from = match (wishes.application, wishes.in_place) {
        (true, _) => "no literal SECRET_KEY was found in the application's files",
        (false, true) => "where the application has its SECRET_KEY is not said: name its folder with --app",
        (false, false) => return Ok(()),
    };
    let ways = format!(
        "give Sekisho the same key with SECRET_KEY or SECRET_KEY_FILE, or run again with --new-key, which makes one for \
         both in {}",
        file.display()
    );
    if wishes.in_place {
        let passed_over = match wishes.passed_over.as_slice() {
            [] => String::new(),
            list => format!(" (passed over: {})", list.join(", ")),
        };
        return Err(format!("{where_from}{passed_over}; both must use one: {ways}"));
    }
    plan.notes.push(format!("{where_from}: its tokens do not count here until both use one key: {ways}"));
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

/// That one setting is said at each of these places, and not the same.
pub(super) fn differ(places: &[&Found]) -> String {
    let name = places.first().map_or("", |found| found.setting.name());
    let places: Vec<String> = places.iter().map(|found| found.place.to_string()).collect();
    format!("{name} differs between {}", places.join(" and "))
}

fn bytes(found: &Found) -> Option<SecretBytes> {
    found.text().filter(|text| !text.is_empty()).map(|text| SecretBytes::new(text.as_bytes().to_vec()))
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
    let file = file.display().to_string();
    let line = match found.head.strip_suffix("KEY=") {
        Some(_) => format!("{}<what `cat {file}` prints>", found.head),
        None => format!("{} open({}).read().strip()", found.head, toml_text(&file)),
    };
    Change { place: found.place.to_string(), line }
}
