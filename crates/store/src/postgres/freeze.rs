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

/// What puts them in force. A trigger of a statement fires where no row is met too, and for `truncate`.
///
/// They are made with the first freeze and only disabled afterwards: to drop one would wait for whoever reads its table,
/// and keep everybody else from reading it meanwhile.
pub(crate) fn made(tables: impl Iterator<Item = &'static str>) -> Vec<String> {
    let function =
        format!("create or replace function {NAME}() returns trigger language plpgsql as $$ {BODY} $$");
    let trigger = |table| {
        format!(
            "do $$ begin if exists (select 1 from pg_catalog.pg_trigger t \
             where t.tgrelid = '{table}'::regclass and t.tgname = '{NAME}') then \
             alter table {table} enable trigger {NAME}; else \
             create trigger {NAME} before insert or update or delete or truncate on {table} \
             for each statement execute function {NAME}(); end if; end $$"
        )
    };
    std::iter::once(function).chain(tables.map(trigger)).collect()
}

/// What puts them out of force; nobody who reads is waited for, or waits.
pub(crate) fn unmade(tables: impl Iterator<Item = &'static str>) -> Vec<String> {
    tables.map(|table| format!("alter table {table} disable trigger {NAME}")).collect()
}
