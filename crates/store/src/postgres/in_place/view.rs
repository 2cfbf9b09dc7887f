//! The application's table as the functions see it: one view, whose columns have our names whatever theirs are.

use sekisho_core::beside::{Field, Fill, Table};

use super::sql::{define, literal, name, table as written};
use crate::error::Error;
use crate::session::Tx;

/// Makes it anew; whoever writes users waits until the end of the transaction.
pub(super) async fn make(tx: &mut Tx, table: &Table) -> Result<(), Error> {
    define(tx, &texts(table)).await
}

/// The statements that make it. What a new row gets in columns of which Sekisho knows nothing are the view's own defaults.
pub(super) fn texts(table: &Table) -> Vec<String> {
    let column = |column: &str| format!("o.{}", name(column));
    let field = |field: &Option<Field>| {
        field.as_ref().map_or_else(|| "null::text".to_owned(), |field| column(&field.column))
    };
    let mut columns = vec![
        format!("{} as row_id", column(&table.id)),
        format!("{} as username", field(&table.username)),
        format!("{} as email", field(&table.email)),
        format!("{} as full_name", field(&table.full_name)),
        format!("{} as hash", column(&table.hash)),
        match &table.disabled {
            Some(flag) => format!("{} as disabled", column(&flag.column)),
            None => "null::boolean as disabled".to_owned(),
        },
    ];
    columns.extend(numbered(table).map(|(fill, (own, _))| format!("{} as {fill}", column(own))));
    let mut texts = vec![
        "drop view if exists sekisho_beside_accounts".to_owned(),
        format!(
            "create view sekisho_beside_accounts as select {} from {} o",
            columns.join(", "),
            written(table)
        ),
    ];
    texts.extend(numbered(table).map(|(fill, (_, value))| {
        format!("alter view sekisho_beside_accounts alter column {fill} set default {}", filled(value))
    }));
    texts
}

fn numbered(table: &Table) -> impl Iterator<Item = (String, &(String, Fill))> {
    (1..).zip(&table.fills).map(|(number, fill): (u32, _)| (format!("fill_{number}"), fill))
}

/// A literal without a type takes that of the column.
fn filled(fill: &Fill) -> String {
    match fill {
        Fill::Text(text) | Fill::Number(text) => literal(text),
        Fill::Now => "(now() at time zone 'utc')".to_owned(),
        Fill::Moment => "now()".to_owned(),
        Fill::Today => "(now() at time zone 'utc')::date".to_owned(),
        Fill::Hex => "replace(gen_random_uuid()::text, '-', '')".to_owned(),
        Fill::Uuid => "gen_random_uuid()".to_owned(),
    }
}
