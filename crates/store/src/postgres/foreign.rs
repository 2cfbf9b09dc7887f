//! Somebody else's PostgreSQL database, read in one read-only transaction: nothing is written and nobody is kept from
//! writing. The right to select is enough.

mod cells;
mod shapes;

use std::pin::Pin;
use std::thread;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use sekisho_core::adopt::{Cell, TableShape};
use sekisho_core::settings::{PostgresUrl, SessionAttrs};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Client, Row, RowStream};

use self::shapes::{COLUMNS, ColumnRow, TABLES, Table, TableRow};
use super::errors::translate;
use crate::dialect::{identifier, table_name};
use crate::error::Error;

/// What holds in the transaction alone: what the application's role is bound to elsewhere must not end a long reading, and
/// values are printed in one way. Rows that a policy would hide are an error, not fewer users. Of a database that knows no
/// encoding the bytes come as they are.
const BEGIN: &str = "\
    begin isolation level repeatable read read only; \
    set local lock_timeout = '5s'; set local row_security = off; set local timezone = 'UTC'; \
    set local datestyle = 'ISO, YMD'; set local intervalstyle = 'postgres'; set local extra_float_digits = 1; \
    set local synchronize_seqscans = off; set local max_parallel_workers_per_gather = 0; \
    select pg_catalog.set_config(name, '0', true) from pg_catalog.pg_settings \
    where name in ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout'); \
    select pg_catalog.set_config('client_encoding', setting, true) from pg_catalog.pg_settings \
    where name = 'server_encoding' and setting = 'SQL_ASCII'";

/// Rows that are taken at once, and how long they may be together.
const PAGE: usize = 512;
const PAGE_BYTES: usize = 1024 * 1024;
/// How long a connection may take to end in order.
const PARTING: Duration = Duration::from_secs(2);

/// One state of somebody's database, that of the opening.
pub(crate) struct Foreign {
    runtime: Option<Runtime>,
    client: Option<Client>,
    tables: Vec<Table>,
}

impl Foreign {
    /// Opens a transaction that sees the present state, and reads what tables there are.
    pub(crate) fn open(url: &PostgresUrl) -> Result<Self, Error> {
        let mut url = url.clone();
        if url.hosts.len() == 1 {
            // Of a standby nothing more is asked than to be read.
            url.target_session_attrs = SessionAttrs::Any;
        }
        let runtime = Builder::new_current_thread().enable_all().build().map_err(Error::unavailable)?;
        let mut foreign = Self { runtime: Some(runtime), client: None, tables: Vec::new() };
        foreign.client = Some(foreign.wait(super::connect::one(&url))??);
        foreign.tables = foreign.look_around()?;
        Ok(foreign)
    }

    pub(crate) fn tables(&self) -> Vec<TableShape> {
        self.tables.iter().map(|table| table.shape.clone()).collect()
    }

    /// Every row in the order of the primary key; without one, as it is found.
    pub(crate) fn rows(&self, table: &TableShape, each: impl FnMut(Vec<Cell>) -> bool) -> Result<(), Error> {
        let table = self.table(table)?;
        let all: Vec<usize> = (0..table.kinds.len()).collect();
        let key: Vec<String> =
            table.key.iter().map(|at| identifier(&table.shape.columns[*at].name)).collect();
        let order = if key.is_empty() { String::new() } else { format!(" order by {}", key.join(", ")) };
        self.read(table, &all, &order, each)
    }

    /// Every row as a scan of the table finds it, which is how an index on a name finds equal ones too.
    pub(crate) fn rows_as_found(
        &self,
        table: &TableShape,
        columns: &[usize],
        each: impl FnMut(Vec<Cell>) -> bool,
    ) -> Result<(), Error> {
        // Asked for in the order of the table.
        let mut columns = columns.to_vec();
        columns.sort_unstable();
        columns.dedup();
        self.read(self.table(table)?, &columns, "", each)
    }

    pub(crate) fn count(&self, table: &TableShape) -> Result<u64, Error> {
        let sql = format!("select count(*) from {}", place(&self.table(table)?.shape));
        let client = self.client()?;
        let row = self.wait(client.query_typed_one(&sql, &[]))?.map_err(translate)?;
        let count: i64 = row.try_get(0).map_err(translate)?;
        Ok(count.unsigned_abs())
    }

    fn look_around(&self) -> Result<Vec<Table>, Error> {
        let client = self.client()?;
        let found = self.wait(async {
            client.batch_execute(BEGIN).await?;
            let tables = client.query_typed(TABLES, &[]).await?;
            let columns = client.query_typed(COLUMNS, &[]).await?;
            let tables = tables.iter().map(table_row).collect::<Result<_, _>>()?;
            Ok(shapes::tables(tables, columns.iter().map(column_row).collect::<Result<_, _>>()?))
        });
        found?.map_err(translate)
    }

    fn read(
        &self,
        table: &Table,
        columns: &[usize],
        order: &str,
        mut each: impl FnMut(Vec<Cell>) -> bool,
    ) -> Result<(), Error> {
        let sql = format!("{} from {}{order}", select(table, columns), place(&table.shape));
        let client = self.client()?;
        let rows = self.wait(client.query_typed_raw::<&str, _>(&sql, []))?;
        let mut rows = Box::pin(rows.map_err(translate)?);
        loop {
            let (page, is_last) = self.wait(page(&mut rows))??;
            for row in page {
                if !each(cells(table, columns, &row)?) {
                    return Ok(());
                }
            }
            if is_last {
                return Ok(());
            }
        }
    }

    fn table(&self, shape: &TableShape) -> Result<&Table, Error> {
        let same = |table: &&Table| (&table.shape.schema, &table.shape.name) == (&shape.schema, &shape.name);
        self.tables
            .iter()
            .find(same)
            .ok_or_else(|| Error::misuse(format!("there is no table {}", shape.called())))
    }

    fn client(&self) -> Result<&Client, Error> {
        self.client.as_ref().ok_or_else(|| Error::unavailable("the connection is closed"))
    }

    /// Waits for what the connection brings, on a thread of its own: whoever asks may be at work for another runtime, where
    /// waiting for this one is not allowed.
    fn wait<T: Send>(&self, work: impl Future<Output = T> + Send) -> Result<T, Error> {
        let Some(runtime) = &self.runtime else { return Err(Error::unavailable("the connection is closed")) };
        thread::scope(|scope| scope.spawn(|| runtime.block_on(work)).join())
            .map_err(|_| Error::unavailable("reading ended in a panic"))
    }
}

/// Parts in order, so that the application's log names no broken connection.
impl Drop for Foreign {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            let _ = self.wait(async {
                let _ = tokio::time::timeout(PARTING, client.batch_execute("rollback")).await;
                drop(client);
                // The task of the connection says goodbye.
                tokio::task::yield_now().await;
            });
        }
        // Waiting for its end is not allowed where another runtime is at work.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The columns, null where one is not asked for; the last one lists those whose values are too long.
fn select(table: &Table, columns: &[usize]) -> String {
    let mut list = Vec::new();
    let mut long = Vec::new();
    for (at, (column, kind)) in table.shape.columns.iter().zip(&table.kinds).enumerate() {
        if !columns.contains(&at) {
            continue;
        }
        let expression = kind.expression(&identifier(&column.name));
        if kind.may_be_long() {
            let is_long = format!("pg_catalog.octet_length({expression}) > {}", Cell::LONGEST);
            list.push(format!("case when {is_long} then null else {expression} end"));
            long.push(format!("case when {is_long} then {at} end"));
        } else {
            list.push(expression);
        }
    }
    list.push(match long.is_empty() {
        true => "''::pg_catalog.text".to_owned(),
        false => format!("pg_catalog.array_to_string(array[{}], ',')", long.join(", ")),
    });
    format!("select {}", list.join(", "))
}

/// The next rows, and whether they are the last: nobody may ask again after the end.
async fn page(rows: &mut Pin<Box<RowStream>>) -> Result<(Vec<Row>, bool), Error> {
    let (mut page, mut bytes) = (Vec::new(), 0);
    while page.len() < PAGE && bytes < PAGE_BYTES {
        let Some(row) = rows.try_next().await.map_err(translate)? else { return Ok((page, true)) };
        bytes += row.raw_size_bytes();
        page.push(row);
    }
    Ok((page, false))
}

/// The row in the order of the table's columns.
fn cells(table: &Table, columns: &[usize], row: &Row) -> Result<Vec<Cell>, Error> {
    let too_long: String = row.try_get(row.len().saturating_sub(1)).map_err(translate)?;
    let mut cells = vec![Cell::Null; table.kinds.len()];
    for (place, at) in columns.iter().enumerate() {
        let bytes: Option<Bytes<'_>> = row.try_get(place).map_err(translate)?;
        if let (Some(Bytes(bytes)), Some(cell), Some(kind)) =
            (bytes, cells.get_mut(*at), table.kinds.get(*at))
        {
            *cell = kind.cell(bytes).ok_or_else(|| Error::corrupt("a value is not of its column's type"))?;
        }
    }
    for at in too_long.split(',').filter_map(|at| at.parse::<usize>().ok()) {
        if let Some(cell) = cells.get_mut(at) {
            *cell = Cell::TooLong;
        }
    }
    Ok(cells)
}

/// A value as it came.
struct Bytes<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Bytes<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

fn table_row(row: &Row) -> Result<TableRow, tokio_postgres::Error> {
    Ok(TableRow { oid: row.try_get(0)?, schema: row.try_get(1)?, name: row.try_get(2)? })
}

fn column_row(row: &Row) -> Result<ColumnRow, tokio_postgres::Error> {
    Ok(ColumnRow {
        table: row.try_get(0)?,
        name: row.try_get(1)?,
        declared: row.try_get(2)?,
        not_null: row.try_get(3)?,
        default: row.try_get(4)?,
        unique: row.try_get(5)?,
        key: row.try_get(6)?,
        of_type: row.try_get(7)?,
        category: row.try_get(8)?,
        modifier: row.try_get(9)?,
    })
}

/// The table as a statement has it.
fn place(table: &TableShape) -> String {
    table_name(table.schema.as_deref(), &table.name)
}
