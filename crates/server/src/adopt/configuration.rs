//! The configuration that fits the application: its key, its algorithm, a strict profile.
//!
//! A `sekisho.toml` that is there is never changed: what it lacks is said instead.

use sekisho_core::adopt::{AppSetting, Choice, Found, choose};
use sekisho_core::settings::{self, Origin, Profile, Shown, toml_text};

use super::key::{both_use_one_key, differ};
use super::plan::{Key, Plan, Wanted, Wishes, absolute};
use crate::config::Loaded;

const DATA_DIR: &str = "storage.data_dir";

/// Decides what to write; every reason not to go on is a line of the error.
pub fn plan(loaded: &Loaded, found: &[Found], wishes: &Wishes) -> Result<Plan, Vec<String>> {
    let shown = settings::show(&loaded.settings, &loaded.origins);
    let file = loaded.files.first().cloned().unwrap_or_default();
    let mut plan = Plan { file, ..Plan::default() };
    let mut refused = Vec::new();
    the_profile_is_production_unless_told_otherwise(&mut plan, &shown, wishes);
    the_data_directory_of_the_command_line_stays(&mut plan, &shown, loaded);
    let strict = plan.settings.iter().any(|w| w.key == "server.profile" && w.value.contains("production"))
        || (!plan.settings.iter().any(|w| w.key == "server.profile")
            && loaded.settings.profile.is_production());
    refused.extend(both_use_one_key(&mut plan, loaded, found, wishes, strict).err());
    refused.extend(both_use_one_algorithm(&mut plan, &shown, found).err());
    tokens_live_as_long(&mut plan, &shown, found);
    for (key, value, why) in &wishes.further {
        plan.want(key, value.clone(), *why);
    }
    if !refused.is_empty() {
        return Err(refused);
    }
    an_existing_file_is_never_changed(&mut plan, &shown)?;
    nothing_lies_where_it_is_to_be_written(&plan)?;
    plan.notes.extend(wishes.passed_over.iter().map(|what| format!("passed over, so not read: {what}")));
    the_default_data_directory_is_where_it_is_now(&mut plan, &shown, loaded);
    new_passwords_may_have_to_be_longer(&mut plan, &shown, strict);
    Ok(plan)
}

fn the_profile_is_production_unless_told_otherwise(plan: &mut Plan, shown: &[Shown], wishes: &Wishes) {
    let told = origin(shown, "server.profile").is_some_and(|origin| !matches!(origin, Origin::Default(_)));
    match &wishes.profile {
        Some(profile) => plan.want("server.profile", toml_text(profile), ""),
        None if told => {}
        None => plan.want(
            "server.profile",
            toml_text("production"),
            "\"development\" is for trying out, on this machine alone.",
        ),
    }
}

fn the_data_directory_of_the_command_line_stays(plan: &mut Plan, shown: &[Shown], loaded: &Loaded) {
    // What a file that is there says of it is hidden by the flag.
    if matches!(origin(shown, DATA_DIR), Some(Origin::Flag { .. })) && !plan.file.exists() {
        want_data_directory(plan, loaded);
    }
}

/// In a new file the directory's place does not hang on the folder in which a command is run.
fn the_default_data_directory_is_where_it_is_now(plan: &mut Plan, shown: &[Shown], loaded: &Loaded) {
    if matches!(origin(shown, DATA_DIR), Some(Origin::Default(_))) && !plan.in_force && !plan.file.exists() {
        want_data_directory(plan, loaded);
    }
}

fn want_data_directory(plan: &mut Plan, loaded: &Loaded) {
    let path = absolute(&loaded.settings.storage.data_dir);
    plan.want(DATA_DIR, toml_text(&path.display().to_string()), "");
}

/// What the application took from new users is not known; few ask for as much as production does.
fn new_passwords_may_have_to_be_longer(plan: &mut Plan, shown: &[Shown], strict: bool) {
    const KEY: &str = "password.min_length";
    if !strict || plan.in_force || !matches!(origin(shown, KEY), Some(Origin::Default(_)) | None) {
        return;
    }
    plan.notes.push(format!(
        "new passwords have at least {} characters (profile production): a registration with a shorter one is refused, \
         those that are set already stay; {KEY} in {} sets another length",
        Profile::Production.shortest_password(),
        plan.file.display()
    ));
}

fn both_use_one_algorithm(plan: &mut Plan, shown: &[Shown], found: &[Found]) -> Result<(), String> {
    const KEY: &str = "tokens.algorithm";
    let set_by = origin(shown, KEY).filter(|origin| !matches!(origin, Origin::Default(_)));
    let found = match choose(found, AppSetting::Algorithm) {
        Choice::One(found) => found,
        Choice::Absent => return Ok(()),
        Choice::Several(places) => {
            let Some(by) = set_by else {
                return Err(format!(
                    "{}: name with --app the folder of the one that counts",
                    differ(&places)
                ));
            };
            plan.notes.push(format!("{}: {by} stays in force", differ(&places)));
            return Ok(());
        }
        Choice::Computed(found) => {
            if set_by.is_none() {
                plan.notes.push(format!(
                    "{}: ALGORITHM is no literal there; if it is not HS256, set {KEY}: both must use one",
                    found.place
                ));
            }
            return Ok(());
        }
    };
    let Some(value) = found.text() else { return Ok(()) };
    if !["HS256", "HS384", "HS512"].contains(&value) {
        return Err(format!(
            "{}: ALGORITHM must be HS256, HS384 or HS512 for both to read one token",
            found.place
        ));
    }
    match set_by {
        Some(by) if !shown.iter().any(|s| s.key == KEY && s.value == toml_text(value)) => {
            Err(format!("{by} sets another ALGORITHM than {}: both must use one", found.place))
        }
        _ => {
            plan.want(KEY, toml_text(value), "");
            Ok(())
        }
    }
}

fn tokens_live_as_long(plan: &mut Plan, shown: &[Shown], found: &[Found]) {
    const KEY: &str = "tokens.access_token_expire_minutes";
    let found = match choose(found, AppSetting::AccessTokenExpireMinutes) {
        Choice::One(found) => found,
        Choice::Absent => return,
        Choice::Several(places) => {
            return plan.notes.push(format!("{}, and was not taken over", differ(&places)));
        }
        Choice::Computed(found) => {
            return plan.notes.push(format!(
                "{}: ACCESS_TOKEN_EXPIRE_MINUTES is no literal there, and was not taken over",
                found.place
            ));
        }
    };
    let minutes = found.text().and_then(|text| text.trim().parse::<u32>().ok());
    match (minutes.filter(|minutes| (1..=525_600).contains(minutes)), origin(shown, KEY)) {
        (None, _) => plan.notes.push(format!(
            "{}: ACCESS_TOKEN_EXPIRE_MINUTES is no number from 1 to 525600, and was not taken over",
            found.place
        )),
        (Some(minutes), Some(Origin::Default(_)) | None) => plan.want(KEY, minutes.to_string(), ""),
        (Some(minutes), Some(_)) if shown.iter().any(|s| s.key == KEY && s.value == minutes.to_string()) => {}
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

/// A link that leads nowhere is no file that could be read, and is not replaced either.
fn nothing_lies_where_it_is_to_be_written(plan: &Plan) -> Result<(), Vec<String>> {
    let key = plan.key.iter().filter(|(_, key)| *key != Key::There).map(|(path, _)| path);
    let file = Some(&plan.file).filter(|_| !plan.in_force);
    let links = key.chain(file).filter(|path| path.is_symlink() && !path.exists());
    let lines: Vec<String> = links
        .map(|path| {
            format!("{} is a link that leads nowhere: remove it, or make what it leads to", path.display())
        })
        .collect();
    if lines.is_empty() { Ok(()) } else { Err(lines) }
}

fn origin<'s>(shown: &'s [Shown], key: &str) -> Option<&'s Origin> {
    shown.iter().find(|shown| shown.key == key).map(|shown| &shown.origin)
}
