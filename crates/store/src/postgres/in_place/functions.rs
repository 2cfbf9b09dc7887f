//! The functions that carry every change of a user into the application's own table.
//!
//! Their triggers stand on Sekisho's tables and fire in the transaction that changes a user, so that both tables say the
//! same or nothing happened. Nothing is carried the other way. Each column is written only when its own value changed: what
//! the application keeps in the others stays its own.
//!
//! The path on which names are looked up is fixed for each. Where a function writes the application's table, its schemas are
//! on it behind ours, since functions of its own triggers run on the same path; others may be able to make things there.
//! So what has a type that is the application's, or none yet, is never left to PostgreSQL's search for an operator or a
//! function that fits best: it is given the one of `pg_catalog`, or cast to a type for which that one is exact.

use sekisho_core::beside::{Field, Flag, IdKind, NOBODYS_HASH, Passwords, Table};

use super::sql::{literal, name};

/// What every function that writes begins with.
const ASIDE: &str = "if current_setting('sekisho.aside', true) = 'on' then return";

/// What kind of row ids the links keep.
pub(super) fn link_type(table: &Table) -> &'static str {
    match table.id_kind {
        IdKind::Number => "bigint",
        IdKind::Uuid => "uuid",
        IdKind::Hex | IdKind::Hyphens => "text",
    }
}

/// Every function, as statements; `path` are the schemas in which names are looked up, ours first.
pub(super) fn functions(table: &Table, path: &[String]) -> Vec<String> {
    let path: Vec<String> = path.iter().map(|schema| name(schema)).collect();
    let own = path.first().cloned().unwrap_or_default();
    let alone = format!("pg_catalog, {own}, pg_temp");
    let path = format!("pg_catalog, {}, pg_temp", path.join(", "));
    let function = |head: &str, more: &str, path: &str, body: &str| {
        format!(
            "create or replace function {head} language plpgsql {more} set search_path = {path} \
             as $sekisho$ {body} $sekisho$"
        )
    };
    let carries = |head: &str, body: String| function(head, "volatile", &path, &body);
    vec![
        function(
            "sekisho_beside_taken(text, text) returns text",
            "stable",
            &alone,
            "declare v_username sekisho_beside_accounts.username%type := $1; \
             v_email sekisho_beside_accounts.email%type := $2; \
             begin \
             if exists (select 1 from sekisho_beside_accounts o where o.username operator(pg_catalog.=) v_username) then return 'username'; end if; \
             if exists (select 1 from sekisho_beside_accounts o where o.email operator(pg_catalog.=) v_email) then return 'email'; end if; \
             return null; end",
        ),
        carries("sekisho_beside_new_row(v_user uuid) returns void", new_row(table)),
        carries("sekisho_beside_blank(text) returns void", blank(table)),
        function("sekisho_beside_before() returns trigger", "volatile", &alone, &before(table)),
        carries("sekisho_beside_after() returns trigger", after(table)),
        carries("sekisho_beside_password() returns trigger", password(table)),
        // It runs for whoever deletes a row there, who needs no right to our tables for it, and it alone sees them.
        function(
            "sekisho_beside_row_gone() returns trigger",
            "security definer",
            &alone,
            "declare v_row sekisho_beside.row_id%type; \
             begin \
             if tg_op = 'TRUNCATE' then \
             update sekisho_beside set row_id = null where row_id is not null; return null; end if; \
             v_row := pg_catalog.to_jsonb(old) ->> (select a.attname::text from pg_catalog.pg_attribute a \
             where a.attrelid = tg_relid and a.attnum = tg_argv[0]::smallint); \
             update sekisho_beside b set row_id = null where b.row_id = v_row; \
             return null; end",
        ),
        "revoke all on function sekisho_beside_row_gone() from public".to_owned(),
    ]
}

/// Makes a user's row and links it.
fn new_row(table: &Table) -> String {
    let mut columns = vec!["hash"];
    let mut values = vec![hash_of("u", table)];
    let mut put = |column, value| {
        columns.push(column);
        values.push(value);
    };
    match table.id_kind {
        IdKind::Number => {}
        IdKind::Uuid => put("row_id", "u.id".to_owned()),
        IdKind::Hyphens => put("row_id", "u.id::text".to_owned()),
        IdKind::Hex => put("row_id", "replace(u.id::text, '-', '')".to_owned()),
    }
    if table.username.is_some() {
        put("username", "u.username".to_owned());
    }
    if let Some(field) = &table.email {
        put("email", address("u.email", field));
    }
    if let Some(field) = &table.full_name {
        put("full_name", or_empty("u.full_name", field));
    }
    if let Some(flag) = &table.disabled {
        put("disabled", truth("u.disabled_at is not null", flag));
    }
    let id = literal(&table.id);
    format!(
        "declare u sekisho_users%rowtype; v_row sekisho_beside.row_id%type; \
         begin \
         select * into strict u from sekisho_users s where s.id = v_user; \
         insert into sekisho_beside_accounts ({}) values ({}) returning row_id into v_row; \
         if v_row is null then raise exception 'no row was made' \
         using errcode = 'check_violation', constraint = 'the application''s table took no new row'; end if; \
         update sekisho_beside b set row_id = null where b.row_id = v_row; \
         delete from sekisho_adopted a where a.kind = 'user' and a.external_id = v_row::text \
         and a.user_id in (select b.user_id from sekisho_beside b where b.row_id is null); \
         update sekisho_users s set external_id = null, extra = (s.extra::jsonb - {id}::text)::text \
         where s.external_id = v_row::text and s.id <> v_user \
         and s.id in (select b.user_id from sekisho_beside b where b.row_id is null); \
         insert into sekisho_beside (user_id, row_id) values (v_user, v_row); \
         update sekisho_users s set external_id = v_row::text where s.id = v_user and s.external_id is null \
         and not exists (select 1 from sekisho_users x where x.external_id = v_row::text); \
         update sekisho_users s \
         set extra = jsonb_set(coalesce(s.extra, '{{}}')::jsonb, array[{id}::text], pg_catalog.to_jsonb(v_row))::text \
         where s.id = v_user; end",
        columns.join(", "),
        values.join(", ")
    )
}

/// The row stays, since others of the application may point to it, and says nothing of the person any more.
fn blank(table: &Table) -> String {
    let mut values = vec![format!("hash = {}", literal(NOBODYS_HASH))];
    if let Some(field) = &table.username {
        values.push(format!("username = {}", drawn(table, field, "")));
    }
    if let Some(field) = &table.email {
        let value = if field.not_null { drawn(table, field, "@deleted.example") } else { "null".to_owned() };
        values.push(format!("email = {value}"));
    }
    if let Some(field) = &table.full_name {
        values.push(format!("full_name = {}", if field.not_null { "''" } else { "null" }));
    }
    if let Some(flag) = &table.disabled {
        values.push(format!("disabled = {}", truth("true", flag)));
    }
    format!(
        "declare v_row sekisho_beside.row_id%type := $1; \
         begin update sekisho_beside_accounts o set {} where o.row_id operator(pg_catalog.=) v_row; end",
        values.join(", ")
    )
}

/// Without the first check, a row that the application made by itself would share its name with another person here, and a
/// token with that name would open the application's account. The insert does nothing, as where a name is taken.
fn before(table: &Table) -> String {
    let refuse = |field: &Option<Field>, ours: &str| {
        field.as_ref().map_or_else(String::new, |_| {
            format!(
                "v_{ours} := new.{ours}; \
                 if new.{ours} is distinct from old.{ours} and exists (select 1 from sekisho_beside_accounts o \
                 where o.{ours} operator(pg_catalog.=) v_{ours} and o.row_id::text is distinct from \
                 (select b.row_id::text from sekisho_beside b where b.user_id = new.id)) then \
                 raise exception 'taken' using errcode = 'check_violation', \
                 constraint = 'the application has another user of this {ours}'; end if; "
            )
        })
    };
    format!(
        "declare v_username sekisho_beside_accounts.username%type; v_email sekisho_beside_accounts.email%type; \
         begin \
         {ASIDE} new; end if; \
         if tg_op = 'INSERT' then \
         if sekisho_beside_taken(new.username, new.email) is not null then return null; end if; \
         return new; end if; \
         {}{}return new; end",
        refuse(&table.username, "username"),
        refuse(&table.email, "email")
    )
}

fn after(table: &Table) -> String {
    let set = |column: &str, value: String| {
        format!(
            "update sekisho_beside_accounts o set {column} = {value} where o.row_id operator(pg_catalog.=) v_row"
        )
    };
    let changed = |column: &str, value: String| {
        format!("if new.{column} is distinct from old.{column} then {}; end if; ", set(column, value))
    };
    let mut carried = String::new();
    if table.username.is_some() {
        carried.push_str(&changed("username", "new.username".to_owned()));
    }
    if let Some(field) = &table.email {
        carried.push_str(&changed("email", address("new.email", field)));
    }
    if let Some(field) = &table.full_name {
        carried.push_str(&changed("full_name", or_empty("new.full_name", field)));
    }
    let state = match &table.disabled {
        Some(flag) => set("disabled", truth("new.disabled_at is not null", flag)),
        // The application knows no disabled users: without a hash they can't log in there at least.
        None => set("hash", hash_of("new", table)),
    };
    // A deleted user is noted as one who came from there, so that adopting again does not bring back who is gone.
    format!(
        "declare v_row sekisho_beside.row_id%type; \
         begin \
         {ASIDE} null; end if; \
         if tg_op = 'INSERT' then perform sekisho_beside_new_row(new.id); return null; end if; \
         select b.row_id into v_row from sekisho_beside b where b.user_id = new.id; \
         if v_row is null then return null; end if; \
         if new.released_at is not null then \
         if old.released_at is null then \
         perform sekisho_beside_blank(v_row::text); \
         insert into sekisho_adopted (kind, external_id, user_id, adopted_at) \
         values ('user', v_row::text, new.id, new.updated_at) on conflict do nothing; end if; \
         return null; end if; \
         {carried}\
         if (new.disabled_at is null) <> (old.disabled_at is null) then {state}; end if; \
         return null; end"
    )
}

fn password(table: &Table) -> String {
    if table.passwords == Passwords::Withheld {
        return "begin return null; end".to_owned();
    }
    let nobody = literal(NOBODYS_HASH);
    let barred = match table.disabled {
        Some(_) => String::new(),
        None => format!(
            "if exists (select 1 from sekisho_users s where s.id = v_user and s.disabled_at is not null) \
             then v_hash := {nobody}; end if; "
        ),
    };
    format!(
        "declare v_user uuid; v_hash text := {nobody}; v_row sekisho_beside.row_id%type; \
         begin \
         {ASIDE} null; end if; \
         if tg_op = 'DELETE' then v_user := old.user_id; else v_user := new.user_id; v_hash := new.data; end if; \
         {barred}\
         select b.row_id into v_row from sekisho_beside b where b.user_id = v_user; \
         update sekisho_beside_accounts o set hash = v_hash where o.row_id operator(pg_catalog.=) v_row; \
         return null; end"
    )
}

/// What the application's table has of a user's hash; `user` is a row of ours.
pub(super) fn hash_of(user: &str, table: &Table) -> String {
    let nobody = literal(NOBODYS_HASH);
    let stored = match table.passwords {
        Passwords::Withheld => return nobody,
        Passwords::Kept => format!(
            "coalesce((select c.data from sekisho_credentials c where c.user_id = {user}.id and c.kind = 'password'), \
             {nobody})"
        ),
    };
    match table.disabled {
        Some(_) => stored,
        None => format!("case when {user}.disabled_at is not null then {nobody} else {stored} end"),
    }
}

/// Yes or no as the column keeps it.
pub(super) fn truth(condition: &str, flag: &Flag) -> String {
    let said = if flag.inverted { format!("(not ({condition}))") } else { format!("({condition})") };
    if flag.number { format!("{said}::int") } else { said }
}

pub(super) fn or_empty(value: &str, field: &Field) -> String {
    if field.not_null { format!("coalesce({value}, '')") } else { value.to_owned() }
}

/// The address; where one must be there and a user has none, one that reaches nobody (RFC 2606).
pub(super) fn address(email: &str, field: &Field) -> String {
    if field.not_null {
        let room = field.longest.map_or(16, |longest| longest.saturating_sub(18).min(16));
        format!("coalesce({email}, 'none-' || {} || '@none.example')", digits(room))
    } else {
        email.to_owned()
    }
}

/// A name for a row of nobody, drawn so that nobody can have taken it before.
fn drawn(table: &Table, field: &Field, end: &str) -> String {
    let id: u32 = if table.id_kind == IdKind::Number { 19 } else { 36 };
    let after = u32::try_from(end.len()).unwrap_or(u32::MAX);
    let whole = "deleted-".len() as u32 + id + 1 + 16 + after;
    match field.longest {
        Some(longest) if longest < whole => {
            format!("{} || {}", digits(longest.saturating_sub(after).min(32)), literal(end))
        }
        _ => format!("'deleted-' || o.row_id::text || '-' || {} || {}", digits(16), literal(end)),
    }
}

/// So many drawn hexadecimal digits, 32 at the most.
fn digits(count: u32) -> String {
    format!("left(replace(gen_random_uuid()::text, '-', ''), {count})")
}
