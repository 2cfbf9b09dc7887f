//! The triggers that hold every write back, on PostgreSQL.

/// The one function of all these triggers, and the triggers' name.
pub(super) const NAME: &str = "sekisho_frozen";
/// What the function does; the message is that of the other database.
pub(super) const BODY: &str = "begin raise exception 'sekisho: frozen' using errcode = 'SK001'; end";

/// Waits until nobody is writing any of these tables, and keeps everybody from it until the transaction's end.
///
/// `create trigger` would take the same lock; all at once and in the order in which rows are written, they meet no writer
/// half way.
pub(crate) fn lock(tables: impl Iterator<Item = &'static str>) -> String {
    format!("lock table {} in share row exclusive mode", tables.collect::<Vec<_>>().join(", "))
}

/// What makes them. A trigger of a statement fires where no row is met too, and for `truncate`.
pub(crate) fn made(tables: impl Iterator<Item = &'static str>) -> Vec<String> {
    let function =
        format!("create or replace function {NAME}() returns trigger language plpgsql as $$ {BODY} $$");
    let trigger = |table| {
        format!(
            "create trigger {NAME} before insert or update or delete or truncate on {table} \
             for each statement execute function {NAME}()"
        )
    };
    std::iter::once(function).chain(tables.map(trigger)).collect()
}

/// What takes them away.
pub(crate) fn unmade() -> Vec<String> {
    vec![format!("drop function if exists {NAME}() cascade")]
}
