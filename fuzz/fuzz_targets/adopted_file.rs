//! Tables of any shape with rows of any kind: a mapping is found or asked for, and no two users share what must be theirs
//! alone, whatever names and addresses they bring.
#![no_main]

use std::collections::{HashMap, HashSet};

use libfuzzer_sys::fuzz_target;
use sekisho_core::adopt::{Cell, ColumnShape, MapOverride, Mapping, Naming, TableShape};
use sekisho_core::credentials::recognise;

fuzz_target!(|data: &str| {
    let (tables, rows, said) = read(data);
    let mapping = match Mapping::detect(&tables, &said) {
        Ok(mapping) => mapping,
        Err(lines) => return assert!(lines.iter().all(|line| !line.is_empty()) && !lines.is_empty()),
    };
    let none = Vec::new();
    let users = rows.get(&mapping.table.called()).unwrap_or(&none);
    let mut naming = Naming::new();
    users.iter().for_each(|row| naming.expect(&mapping.seen(row)));
    // As a database finds them that does not find rows in the order of their ids.
    let found_otherwise = data.starts_with('~') && naming.has_doubles();
    if found_otherwise {
        for row in users.iter().rev() {
            naming.found(&mapping.seen(row), mapping.id_of(row).as_deref());
        }
    }
    let (mut names, mut keys, mut emails) = (HashSet::new(), HashSet::new(), HashSet::new());
    let (mut first, mut ids) = (HashSet::new(), HashSet::new());
    for row in users {
        let seen = mapping.seen(row);
        let Some(mut row) = mapping.read(row.clone()) else {
            assert!(seen.name.is_none() && seen.email.is_none());
            continue;
        };
        row.old_id = naming.identify(row.old_id);
        assert!(ids.insert(row.old_id.clone()), "an id twice");
        let is_first = row.name.as_ref().is_some_and(|name| first.insert(name.clone()));
        let arrival = naming.place(&row);
        assert!(names.insert(arrival.username.clone()), "a name twice");
        assert!(arrival.username_key.is_none_or(|key| keys.insert(key)), "a key twice");
        assert!(arrival.email_key.is_none_or(|key| emails.insert(key)), "an address twice");
        if !found_otherwise {
            assert_eq!(arrival.token_version == 0, is_first, "whom a token means");
            assert!(!is_first || Some(&arrival.username) == row.name.as_ref());
        }
        assert!(arrival.token_version != 0 || Some(&arrival.username) == row.name.as_ref());
        assert!(!arrival.username.contains('\0') && !row.old_id.contains('\0'));
        let beside: HashSet<&str> = mapping.kept_beside().collect();
        assert!(
            row.extra.keys().all(|name| beside.contains(name.as_str())),
            "what has a place is kept twice"
        );
        if let Some(hash) = &row.password {
            let _ = recognise(hash);
        }
    }
    if let Some(items) = &mapping.items {
        rows.get(&items.table.called()).unwrap_or(&none).iter().for_each(|row| _ = mapping.read_item(row));
    }
});

type Rows = HashMap<String, Vec<Vec<Cell>>>;

/// `#table` and its columns, `=field=name` for what the operator says, every other line a row of the table above it.
fn read(data: &str) -> (Vec<TableShape>, Rows, Vec<MapOverride>) {
    let (mut tables, mut rows, mut said) = (Vec::<TableShape>::new(), Rows::new(), Vec::new());
    for line in data.split('\n') {
        if let Some(head) = line.strip_prefix('#') {
            let mut names = head.split('\t');
            let name = names.next().unwrap_or_default().to_owned();
            let (schema, name) = match name.split_once('.') {
                Some((schema, name)) => (Some(schema.to_owned()), name.to_owned()),
                None => (None, name),
            };
            tables.push(TableShape { schema, name, columns: names.map(column).collect() });
        } else if let Some(text) = line.strip_prefix('=') {
            said.extend(MapOverride::parse(text));
        } else if let Some(table) = tables.last() {
            rows.entry(table.called()).or_default().push(line.split('\t').map(cell).collect());
        }
    }
    (tables, rows, said)
}

fn column(text: &str) -> ColumnShape {
    let (name, declared) = text.split_once(' ').unwrap_or((text, ""));
    let primary_key = declared == "key";
    ColumnShape {
        name: name.to_owned(),
        declared: declared.to_owned(),
        primary_key,
        ..ColumnShape::default()
    }
}

fn cell(text: &str) -> Cell {
    match (text, text.parse::<i64>(), text.parse::<f64>()) {
        ("", ..) => Cell::Null,
        (_, Ok(number), _) => Cell::Integer(number),
        (_, _, Ok(number)) => Cell::Real(number),
        _ => match text.strip_prefix("x:") {
            Some(bytes) => Cell::Bytes(bytes.bytes().map(|byte| byte.wrapping_mul(3)).collect()),
            None => Cell::Text(text.to_owned()),
        },
    }
}
