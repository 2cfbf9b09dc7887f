//! What `sekisho adopt` says: every row of which there is something to say, every place that it read, no key.

use super::adopt_source::shown;
use super::exit::Stop;
use super::output::Out;
use crate::adopt::plan::{Key, Plan};
use crate::adopt::{ItemReport, Report, RowReport};
use crate::telemetry::escape::one_line;
use sekisho_core::adopt::{AppSetting, Found, Literal, Mapping};
use sekisho_core::settings::DatabaseUrl;
use serde_json::{Value, json};
use std::path::Path;

/// What there is to say.
pub(super) struct Told<'a> {
    pub(super) dry_run: bool,
    pub(super) from: &'a DatabaseUrl,
    pub(super) into: &'a str,
    pub(super) mapping: &'a Mapping,
    pub(super) found: &'a [Found],
    pub(super) plan: &'a Plan,
    pub(super) report: &'a Report,
    pub(super) further: Option<&'a Further>,
}

/// What an adoption in place adds.
pub(super) struct Further {
    pub(super) json: Value,
    pub(super) lines: Vec<String>,
}

/// Prints what was done, or would be.
pub(super) fn told(told: &Told<'_>, out: &mut Out) -> Result<(), Stop> {
    if out.is_json() {
        return out.json(&as_json(told));
    }
    let report = told.report;
    let would = if told.dry_run { "would be " } else { "" };
    let columns: Vec<String> =
        told.mapping.found().iter().map(|(field, column)| renamed(field, column)).collect();
    let kept: Vec<&str> = told.mapping.kept_beside().collect();
    let from = match told.from {
        DatabaseUrl::Sqlite(_) => "file",
        DatabaseUrl::Postgres(_) => "database",
    };
    let table = told.mapping.table.called();
    out.pairs(&[
        (from, format!("{}, table {table}: {}", shown(told.from), columns.join(", "))),
        ("kept beside", kept.join(", ")),
        ("into", told.into.to_owned()),
    ])?;
    let left_behind: Vec<&str> = told.mapping.left_behind().collect();
    if !left_behind.is_empty() {
        out.line(&format!(
            "left behind  {}: named like a secret; --map extra=COLUMN keeps one that is none",
            one_line(&left_behind.join(", "))
        ))?;
    }
    for found in told.found {
        out.line(&format!(
            "{}  {}: {}",
            one_line(&found.place.to_string()),
            found.setting.name(),
            seen(found)
        ))?;
    }
    out.line(&format!(
        "users        {would}adopted {}, of them disabled {}; unchanged {}, left out {}",
        report.adopted, report.disabled, report.unchanged, report.left_out
    ))?;
    if told.mapping.items.is_some() {
        out.line(&format!(
            "items        {would}adopted {}; unchanged {}",
            report.items_adopted, report.items_unchanged
        ))?;
    }
    report.rows.iter().flat_map(row_lines).try_for_each(|line| out.line(&line))?;
    report.items.iter().try_for_each(|item| out.line(&item_line(item)))?;
    configuration(told.plan, told.dry_run, out)?;
    match told.further {
        Some(further) => further.lines.iter().try_for_each(|line| out.line(one_line(line).as_ref())),
        None if told.dry_run => Ok(()),
        None => out.line(&next(told.plan)),
    }
}

/// What is to be done once the users are in a database of their own.
fn next(plan: &Plan) -> String {
    let command = if plan.file == Path::new("sekisho.toml") {
        "`sekisho serve` here".to_owned()
    } else {
        format!("`sekisho serve --config {}`", one_line(&plan.file.display().to_string()))
    };
    format!(
        "next         start {command}, if it does not run yet; let the proxy send it /token and /users, and the application \
         ask it who a token is (GET /users/me)"
    )
}

fn renamed(field: &str, column: &str) -> String {
    if field == column { field.to_owned() } else { format!("{field} = {column}") }
}

/// A value that was found: never a key, and no password of a database.
fn seen(found: &Found) -> String {
    match (&found.literal, found.setting) {
        (Literal::Computed, _) => "no literal, not read".to_owned(),
        (Literal::Said(_), AppSetting::SecretKey) => "found".to_owned(),
        (Literal::Said(url), AppSetting::DatabaseUrl) => {
            DatabaseUrl::parse(url.expose()).map_or_else(|why| why.to_string(), |url| url.redacted())
        }
        (Literal::Said(text), _) => one_line(text.expose()).to_string(),
    }
}

fn row_lines(row: &RowReport) -> impl Iterator<Item = String> {
    let name = row.name.as_deref().unwrap_or("without a name");
    let now = match &row.username {
        Some(username) if row.name.as_deref() != Some(username) => format!(" (now {username})"),
        _ => String::new(),
    };
    let who = one_line(&format!("row {}, {name}{now}", row.old_id)).to_string();
    row.notes.iter().map(move |note| format!("  {who}: {}", note.text()))
}

fn item_line(item: &ItemReport) -> String {
    let line = match item {
        ItemReport::WithoutOwner { old_id } => format!("item {old_id}: left out: its owner is not here"),
        ItemReport::Renumbered { old_id, item_id: Some(item_id) } => {
            format!("item {old_id}: its number is taken, it is {item_id} now")
        }
        ItemReport::Renumbered { old_id, item_id: None } => format!("item {old_id}: gets another number"),
    };
    format!("  {}", one_line(&line))
}

fn configuration(plan: &Plan, dry_run: bool, out: &mut Out) -> Result<(), Stop> {
    let would = if dry_run { "would be " } else { "" };
    if let Some((path, key)) = &plan.key {
        let what = match key {
            Key::TakenOver(_) => format!("{would}taken over into {}, mode 0600", path.display()),
            Key::New => format!("{would}made new in {}, mode 0600: it is not shown", path.display()),
            Key::There => format!("{} is there and stays", path.display()),
        };
        out.line(&format!("SECRET_KEY   {what}"))?;
    }
    if let Some(change) = &plan.change {
        out.line(&format!("change       {} must become: {}", change.place, change.line))?;
        out.line(
            "             until then tokens of the one do not count at the other; those of the old key end",
        )?;
    }
    plan.notes.iter().try_for_each(|note| out.line(&format!("note         {}", one_line(note))))?;
    if plan.in_force {
        return out.line("settings     in force already");
    }
    out.line(&format!("settings     {would}written to {}", plan.file.display()))?;
    plan.settings.iter().try_for_each(|wanted| out.line(&format!("  {} = {}", wanted.key, wanted.value)))
}

fn as_json(told: &Told<'_>) -> Value {
    let report = told.report;
    let fields: serde_json::Map<String, Value> =
        told.mapping.found().into_iter().map(|(field, column)| (field.to_owned(), column.into())).collect();
    let row = |row: &RowReport| {
        let notes: Vec<Value> =
            row.notes.iter().map(|n| json!({ "code": n.code(), "text": n.text() })).collect();
        json!({ "id": row.old_id, "name": row.name, "username": row.username, "notes": notes })
    };
    let item = |item: &ItemReport| match item {
        ItemReport::WithoutOwner { old_id } => json!({ "id": old_id, "code": "without_owner" }),
        ItemReport::Renumbered { old_id, item_id } => {
            json!({ "id": old_id, "code": "renumbered", "item_id": item_id })
        }
    };
    let found = |found: &Found| json!({ "name": found.setting.name(), "file": found.place.file, "line": found.place.line, "value": seen(found) });
    let plan = told.plan;
    let settings: serde_json::Map<String, Value> =
        plan.settings.iter().map(|wanted| (wanted.key.to_owned(), wanted.value.clone().into())).collect();
    json!({
        "dry_run": told.dry_run,
        "file": shown(told.from),
        "database": told.into,
        "table": told.mapping.table.called(),
        "columns": fields,
        "kept_beside": told.mapping.kept_beside().collect::<Vec<_>>(),
        "left_behind": told.mapping.left_behind().collect::<Vec<_>>(),
        "application": told.found.iter().map(found).collect::<Vec<_>>(),
        "users": {
            "adopted": report.adopted, "disabled": report.disabled, "unchanged": report.unchanged,
            "left_out": report.left_out, "rows": report.rows.iter().map(row).collect::<Vec<_>>(),
        },
        "items": {
            "adopted": report.items_adopted, "unchanged": report.items_unchanged,
            "rows": report.items.iter().map(item).collect::<Vec<_>>(),
        },
        "key": plan.key.as_ref().map(|(path, key)| json!({
            "file": path.display().to_string(),
            "state": match key { Key::TakenOver(_) => "taken_over", Key::New => "new", Key::There => "there" },
        })),
        "change": plan.change.as_ref().map(|change| json!({ "place": change.place, "line": change.line })),
        "settings": {
            "file": plan.file.display().to_string(), "written": !plan.in_force && !told.dry_run, "values": settings,
        },
        "notes": plan.notes,
        "in_place": told.further.map(|further| &further.json),
    })
}
