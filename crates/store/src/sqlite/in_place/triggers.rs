//! The triggers that carry every change of a user into the application's own table.
//!
//! They stand on Sekisho's tables and fire in the transaction that changes a user, so that both tables say the same or
//! nothing happened. Nothing is carried the other way. Each column is written only when its own value changed: what the
//! application keeps in the others stays its own.
//!
//! One stands on the application's table: where it deletes a row, the row's user is parted from its id, which SQLite gives
//! to the next row unless the key is `autoincrement`. It is written in the SQL of any SQLite, since the application runs it.

use sekisho_core::beside::{Field, Fill, IdKind, NOBODYS_HASH, Passwords, Table};

use super::sql::{literal, name};

/// The table that says which row of the application is which user; it outlives what a deletion here blanks. Without an id
/// it says that the application has deleted the row, so that none is made anew.
pub(super) const LINKS: &str = "create table if not exists sekisho_beside (\
     user_id blob not null primary key references sekisho_users (id), row_id unique) without rowid";

/// Where a name or an address of the application's table is looked up.
pub(super) fn accounts_view(table: &Table) -> String {
    let column =
        |field: &Option<Field>| field.as_ref().map_or_else(|| "null".to_owned(), |field| name(&field.column));
    format!(
        "create view sekisho_beside_accounts as select {} as username, {} as email from {}",
        column(&table.username),
        column(&table.email),
        name(&table.name)
    )
}

/// Every trigger, as statements.
pub(super) fn triggers(table: &Table) -> Vec<String> {
    let writer = Writer { table };
    let mut all = vec![writer.refuse_what_is_there(), writer.insert()];
    all.extend(writer.refuse_a_new_name_that_is_there());
    all.extend(writer.text_columns());
    all.push(writer.disabled());
    all.push(writer.deleted());
    all.push(writer.row_gone());
    if table.passwords == Passwords::Kept {
        all.extend(writer.password());
    }
    all
}

/// Statements that make rows for users who have none: those who came while the table was not kept in step.
pub(super) fn catch_up(table: &Table) -> [String; 3] {
    let password = match table.passwords {
        Passwords::Kept => {
            "update sekisho_credentials set data = data where user_id = new.id and kind = 'password'; "
        }
        Passwords::Withheld => "",
    };
    [
        format!(
            "create trigger sekisho_beside_catch_up after update of updated_at on sekisho_users begin {} {password}end",
            Writer { table }.new_row()
        ),
        "update sekisho_users set updated_at = updated_at where released_at is null \
         and id not in (select user_id from sekisho_beside)"
            .to_owned(),
        "drop trigger sekisho_beside_catch_up".to_owned(),
    ]
}

/// Makes the statements that write into the application's table.
pub(super) struct Writer<'a> {
    pub(super) table: &'a Table,
}

impl Writer<'_> {
    /// Without this, a row that the application made by itself would share its name with another person here, and a
    /// token with that name would open the application's account. The insert does nothing, as where a name is taken.
    fn refuse_what_is_there(&self) -> String {
        let fields = [(&self.table.username, "username"), (&self.table.email, "email")];
        let checks = fields.iter().filter_map(|(field, ours)| {
            let column = name(&field.as_ref()?.column);
            Some(format!(
                "select raise(ignore) where exists (select 1 from {} o where o.{column} = new.{ours}); ",
                self.name()
            ))
        });
        format!(
            "create trigger sekisho_beside_before_insert before insert on sekisho_users begin {}end",
            checks.collect::<String>()
        )
    }

    fn insert(&self) -> String {
        format!(
            "create trigger sekisho_beside_insert after insert on sekisho_users begin {} end",
            self.new_row()
        )
    }

    /// The statements that make the application's row of `new`.
    fn new_row(&self) -> String {
        let table = self.table;
        let mut columns = Vec::new();
        let mut values = Vec::new();
        let mut put = |column: &str, value: String| {
            columns.push(name(column));
            values.push(value);
        };
        match table.id_kind {
            IdKind::Number => {}
            IdKind::Hex | IdKind::Hyphens | IdKind::Uuid => put(&table.id, self.own_id()),
        }
        if let Some(field) = &table.username {
            put(&field.column, "new.username".to_owned());
        }
        if let Some(field) = &table.email {
            put(&field.column, address("new.email", field.not_null));
        }
        if let Some(field) = &table.full_name {
            put(&field.column, or_empty("new.full_name", field.not_null));
        }
        // The hash follows when the credential is written, in the same transaction.
        put(&table.hash, literal(NOBODYS_HASH));
        if let Some(flag) = &table.disabled {
            put(&flag.column, truth("new.disabled_at is not null", flag.inverted));
        }
        for (column, fill) in &table.fills {
            put(column, filled(fill));
        }
        let row = "(select row_id from sekisho_beside where user_id = new.id)";
        let drawn = match table.id_kind {
            IdKind::Number => "last_insert_rowid()".to_owned(),
            IdKind::Hex | IdKind::Hyphens | IdKind::Uuid => self.own_id(),
        };
        format!(
            "insert into {} ({}) values ({}); \
             {}; \
             insert into sekisho_beside (user_id, row_id) values (new.id, {drawn}); \
             update sekisho_users set external_id = {row} where id = new.id and external_id is null \
             and not exists (select 1 from sekisho_users u where u.external_id = cast({row} as text)); \
             update sekisho_users set extra = json_set(coalesce(extra, '{{}}'), {}, {row}) where id = new.id;",
            self.name(),
            columns.join(", "),
            values.join(", "),
            // Whoever had a row of this id has it no more, though no trigger saw it go (`insert or replace`, say).
            self.parted(&drawn),
            literal(&id_in_extra(table))
        )
    }

    /// Parts whoever else went by a row's id from it, now that the row is of `new`.
    fn parted(&self, row_id: &str) -> String {
        let path = literal(&id_in_extra(self.table));
        format!(
            "update sekisho_beside set row_id = null where row_id = {row_id}; \
             delete from sekisho_adopted where kind = 'user' and external_id = cast({row_id} as text) \
             and user_id in (select user_id from sekisho_beside where row_id is null); \
             update sekisho_users set external_id = null, extra = json_remove(extra, {path}) \
             where external_id = cast({row_id} as text) and id <> new.id \
             and id in (select user_id from sekisho_beside where row_id is null)"
        )
    }

    fn refuse_a_new_name_that_is_there(&self) -> Vec<String> {
        let fields = [(&self.table.username, "username"), (&self.table.email, "email")];
        let refuse = |(field, ours): (&Option<Field>, &str)| {
            let column = name(&field.as_ref()?.column);
            Some(format!(
                "create trigger sekisho_beside_before_{ours} before update of {ours} on sekisho_users \
                 when new.{ours} is not old.{ours} begin select raise(abort, {}) \
                 where exists (select 1 from {} o where o.{column} = new.{ours} and o.{} is not {}); end",
                literal(&format!("the application has another user of this {ours}")),
                self.name(),
                name(&self.table.id),
                row("new.id")
            ))
        };
        fields.into_iter().filter_map(refuse).collect()
    }

    fn text_columns(&self) -> Vec<String> {
        let table = self.table;
        let fields = [
            (&table.username, "username", or_empty("new.username", false)),
            (
                &table.email,
                "email",
                address("new.email", table.email.as_ref().is_some_and(|field| field.not_null)),
            ),
            (
                &table.full_name,
                "full_name",
                or_empty("new.full_name", table.full_name.as_ref().is_some_and(|field| field.not_null)),
            ),
        ];
        let carry = |(field, ours, value): (&Option<Field>, &str, String)| {
            let column = &field.as_ref()?.column;
            Some(format!(
                "create trigger sekisho_beside_{ours} after update of {ours} on sekisho_users \
                 when new.{ours} is not old.{ours} and new.released_at is null begin {}; end",
                self.set(&[(column, value)], "new.id")
            ))
        };
        fields.into_iter().filter_map(carry).collect()
    }

    fn disabled(&self) -> String {
        let value = match &self.table.disabled {
            Some(flag) => (&flag.column, truth("new.disabled_at is not null", flag.inverted)),
            // The application knows no disabled users: without a hash they can't log in there at least.
            None => (
                &self.table.hash,
                format!(
                    "case when new.disabled_at is null then coalesce({}, {nobody}) else {nobody} end",
                    self.stored_hash("new.id"),
                    nobody = literal(NOBODYS_HASH)
                ),
            ),
        };
        format!(
            "create trigger sekisho_beside_disabled after update of disabled_at on sekisho_users \
             when (new.disabled_at is null) <> (old.disabled_at is null) and new.released_at is null begin {}; end",
            self.set(&[value], "new.id")
        )
    }

    fn deleted(&self) -> String {
        // Noted as one who came from there, so that adopting again does not bring back who is gone.
        format!(
            "create trigger sekisho_beside_deleted after update of released_at on sekisho_users \
             when old.released_at is null and new.released_at is not null begin {}; \
             insert or ignore into sekisho_adopted (kind, external_id, user_id, adopted_at) \
             select 'user', cast(row_id as text), new.id, new.updated_at from sekisho_beside \
             where user_id = new.id and row_id is not null; end",
            self.blanked("new.id")
        )
    }

    /// The row stays, since others of the application may point to it, and says nothing of the person any more.
    pub(super) fn blanked(&self, user: &str) -> String {
        let table = self.table;
        let mut blank: Vec<(&String, String)> = Vec::new();
        // Drawn, so that nobody can have taken the name before.
        let drawn =
            |end: &str| format!("'deleted-' || {} || '-' || lower(hex(randomblob(8))){end}", name(&table.id));
        if let Some(field) = &table.username {
            blank.push((&field.column, drawn("")));
        }
        if let Some(field) = &table.email {
            let value = if field.not_null { drawn(" || '@deleted.example'") } else { "null".to_owned() };
            blank.push((&field.column, value));
        }
        if let Some(field) = &table.full_name {
            blank.push((&field.column, if field.not_null { "''" } else { "null" }.to_owned()));
        }
        blank.push((&table.hash, literal(NOBODYS_HASH)));
        if let Some(flag) = &table.disabled {
            blank.push((&flag.column, truth("1", flag.inverted)));
        }
        self.set(&blank, user)
    }

    fn row_gone(&self) -> String {
        format!(
            "create trigger sekisho_beside_row_gone after delete on {} begin \
             update sekisho_beside set row_id = null where row_id = +old.{}; end",
            self.name(),
            name(&self.table.id)
        )
    }

    fn password(&self) -> Vec<String> {
        let nobody = literal(NOBODYS_HASH);
        let new = if self.table.disabled.is_some() {
            "new.data".to_owned()
        } else {
            format!(
                "case when (select disabled_at from sekisho_users where id = new.user_id) is null then new.data \
                 else {nobody} end"
            )
        };
        [("insert", "after insert", &new, "new"), ("update", "after update of data", &new, "new")]
            .into_iter()
            .chain([("delete", "after delete", &nobody, "old")])
            .map(|(what, when, value, side)| {
                format!(
                    "create trigger sekisho_beside_password_{what} {when} on sekisho_credentials \
                     when {side}.kind = 'password' begin {}; end",
                    self.set(&[(&self.table.hash, value.clone())], &format!("{side}.user_id"))
                )
            })
            .collect()
    }

    /// What the application's table may have of a user's hash.
    pub(super) fn stored_hash(&self, user: &str) -> String {
        match self.table.passwords {
            Passwords::Kept => {
                format!("(select data from sekisho_credentials where user_id = {user} and kind = 'password')")
            }
            Passwords::Withheld => "null".to_owned(),
        }
    }

    pub(super) fn set(&self, values: &[(&String, String)], user: &str) -> String {
        let values: Vec<String> =
            values.iter().map(|(column, value)| format!("{} = {value}", name(column))).collect();
        format!(
            "update {} set {} where {} = {}",
            self.name(),
            values.join(", "),
            name(&self.table.id),
            row(user)
        )
    }

    fn name(&self) -> String {
        name(&self.table.name)
    }

    fn own_id(&self) -> String {
        match self.table.id_kind {
            IdKind::Number | IdKind::Hex => "lower(hex(new.id))".to_owned(),
            IdKind::Hyphens | IdKind::Uuid => {
                let part = |from, length| format!("substr(lower(hex(new.id)), {from}, {length})");
                [part(1, 8), part(9, 4), part(13, 4), part(17, 4), part(21, 12)].join(" || '-' || ")
            }
        }
    }
}

/// Where the id of the application's row stands in what is kept of a user besides.
pub(super) fn id_in_extra(table: &Table) -> String {
    format!("$.\"{}\"", table.id.replace('"', ""))
}

/// The id of the application's row of a user.
fn row(user: &str) -> String {
    format!("(select row_id from sekisho_beside where user_id = {user})")
}

pub(super) fn or_empty(value: &str, not_null: bool) -> String {
    if not_null { format!("coalesce({value}, '')") } else { value.to_owned() }
}

/// The address; where one must be there and a user has none, one that reaches nobody (RFC 2606).
pub(super) fn address(email: &str, not_null: bool) -> String {
    if not_null {
        format!("coalesce({email}, 'none-' || lower(hex(randomblob(8))) || '@none.example')")
    } else {
        email.to_owned()
    }
}

pub(super) fn truth(condition: &str, inverted: bool) -> String {
    if inverted { format!("not ({condition})") } else { format!("({condition})") }
}

fn filled(fill: &Fill) -> String {
    match fill {
        Fill::Text(text) => literal(text),
        Fill::Number(number) => number.clone(),
        Fill::Now | Fill::Moment => "strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'".to_owned(),
        Fill::Today => "date('now')".to_owned(),
        Fill::Hex => "lower(hex(randomblob(16)))".to_owned(),
        Fill::Uuid => {
            let part = |bytes| format!("lower(hex(randomblob({bytes})))");
            // Version 4, variant 1 (RFC 9562, 5.4); the clearer digits are drawn, too.
            format!(
                "{} || '-' || {} || '-4' || substr({}, 2) || '-8' || substr({}, 2) || '-' || {}",
                part(4),
                part(2),
                part(2),
                part(2),
                part(6)
            )
        }
    }
}
