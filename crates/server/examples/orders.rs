//! An application with its own protected route and its own table, in one binary with the whole of Sekisho.
//!
//! `cargo run --example orders -- --demo`, log in as tim, then `POST /orders` and `GET /orders` with the token.

use std::{process::ExitCode, sync::Arc};

use axum::{Json, Router, extract::State, routing::get};
use sekisho::{App, CurrentUser, error::ApiError};

const TABLE: &str = "create table orders (user_id {id} not null, what {text} not null){table}";
const INSERT: &str = "insert into orders (user_id, what) values ($1, $2)";
const SELECT: &str = "select what from orders where user_id = $1 order by what";

type Sekisho = State<Arc<App>>;

fn main() -> ExitCode {
    sekisho::cli::main_with(async |app: Arc<App>| {
        app.store.migrate_own("orders", &[TABLE]).await?;
        Ok(Router::new().route("/orders", get(list).post(order)).with_state(app))
    })
}

async fn order(app: Sekisho, user: CurrentUser, what: String) -> Result<Json<String>, ApiError> {
    let order = [user.id.into(), what.as_str().into()];
    app.store.write_one(INSERT, &order).await.map_err(|error| user.refuse(error))?;
    Ok(Json(what))
}

async fn list(app: Sekisho, user: CurrentUser) -> Result<Json<Vec<String>>, ApiError> {
    let read = async { app.store.read().await?.rows(SELECT, &[user.id.into()]).await };
    let rows = read.await.map_err(|error| user.refuse(error))?;
    let orders = rows.into_iter().map(|mut row| row.take(0)).collect::<Result<_, _>>();
    orders.map(Json).map_err(|error| user.refuse(error))
}
