//! What the catalogues say of somebody's tables. PostgreSQL alone: SQLite's are read in `sqlite/foreign.rs`.

use std::collections::HashMap;

use sekisho_core::adopt::{ColumnShape, TableShape};

use super::cells::Kind;

/// Tables that hold rows of their own: partitions are read through what they are parts of. Ours are left out, and so are
/// those of PostgreSQL and of sessions.
pub(super) const TABLES: &str = "\
    select c.oid::int8, case when pg_catalog.pg_table_is_visible(c.oid) then null else n.nspname::text end, c.relname::text \
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
    where c.relkind in ('r', 'p', 'f') and not c.relispartition and pg_catalog.left(n.nspname, 3) <> 'pg_' \
    and n.nspname <> 'information_schema' and pg_catalog.left(c.relname, 8) <> 'sekisho_' \
    order by 2 nulls first, 3";

/// Their columns, each with what its type stands for where that is a domain.
pub(super) const COLUMNS: &str = "\
    with recursive typed (attrelid, attnum, type, typmod) as ( \
        select a.attrelid, a.attnum, a.atttypid, a.atttypmod \
        from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid \
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
        where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'f') and not c.relispartition \
        and pg_catalog.left(n.nspname, 3) <> 'pg_' and n.nspname <> 'information_schema' \
        union all \
        select y.attrelid, y.attnum, t.typbasetype, t.typtypmod from typed y \
        join pg_catalog.pg_type t on t.oid = y.type where t.typtype = 'd' \
    ) \
    select y.attrelid::int8, a.attname::text, pg_catalog.format_type(y.type, y.typmod), a.attnotnull, \
        case when a.attidentity <> '' then 'generated as identity' \
            else pg_catalog.pg_get_expr(d.adbin, d.adrelid) end, \
        exists (select from pg_catalog.pg_index i where i.indrelid = y.attrelid and i.indisunique and i.indisvalid \
            and i.indpred is null and i.indnkeyatts = 1 and i.indkey[0] = y.attnum), \
        (select pg_catalog.array_position(i.indkey::int2[], y.attnum)::int8 from pg_catalog.pg_index i \
            where i.indrelid = y.attrelid and i.indisprimary), \
        case when s.nspname = 'pg_catalog' then t.typname::text else '' end, t.typcategory::text, y.typmod::int8 \
    from typed y join pg_catalog.pg_type t on t.oid = y.type \
    join pg_catalog.pg_namespace s on s.oid = t.typnamespace \
    join pg_catalog.pg_attribute a on a.attrelid = y.attrelid and a.attnum = y.attnum \
    left join pg_catalog.pg_attrdef d on d.adrelid = y.attrelid and d.adnum = y.attnum \
    where t.typtype <> 'd' order by y.attrelid, y.attnum";

/// A table as it is read.
pub(super) struct Table {
    pub(super) shape: TableShape,
    pub(super) kinds: Vec<Kind>,
    /// The columns of the primary key, in its order.
    pub(super) key: Vec<usize>,
}

/// One row of [`TABLES`].
pub(super) struct TableRow {
    pub(super) oid: i64,
    pub(super) schema: Option<String>,
    pub(super) name: String,
}

/// One row of [`COLUMNS`].
pub(super) struct ColumnRow {
    pub(super) table: i64,
    pub(super) name: String,
    pub(super) declared: String,
    pub(super) not_null: bool,
    pub(super) default: Option<String>,
    pub(super) unique: bool,
    /// The place in the primary key.
    pub(super) key: Option<i64>,
    /// The type's name where it is PostgreSQL's own.
    pub(super) of_type: String,
    /// `A` for an array (PostgreSQL's `pg_type.typcategory`).
    pub(super) category: String,
    /// What stands in brackets behind the type, as PostgreSQL keeps it; negative if nothing does.
    pub(super) modifier: i64,
}

/// Puts tables and columns together.
pub(super) fn tables(tables: Vec<TableRow>, columns: Vec<ColumnRow>) -> Vec<Table> {
    let mut by_table: HashMap<i64, Vec<ColumnRow>> = HashMap::new();
    for column in columns {
        by_table.entry(column.table).or_default().push(column);
    }
    let table = |row: TableRow| {
        let columns = by_table.remove(&row.oid).unwrap_or_default();
        let kinds = columns
            .iter()
            .map(|column| Kind::of(&column.of_type, &column.category, column.modifier))
            .collect();
        let mut key: Vec<(i64, usize)> =
            columns.iter().enumerate().filter_map(|(at, column)| Some((column.key?, at))).collect();
        key.sort_unstable();
        let columns = columns.into_iter().map(shape).collect();
        Table {
            shape: TableShape { schema: row.schema, name: row.name, columns },
            kinds,
            key: key.into_iter().map(|(_, at)| at).collect(),
        }
    };
    tables.into_iter().map(table).collect()
}

fn shape(row: ColumnRow) -> ColumnShape {
    ColumnShape {
        name: row.name,
        declared: row.declared,
        not_null: row.not_null,
        default: row.default,
        primary_key: row.key.is_some(),
        unique: row.unique,
    }
}
