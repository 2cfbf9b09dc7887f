//! A server that can be told to break its promise: what the controls run against.
//!
//! It answers `POST /users/` as Sekisho does and keeps the name in a table of the same name, in a SQLite file or where
//! `DATABASE_URL` says, with one of these modes:
//! `full` keeps the promise; `off` never syncs; `early` answers first and commits every tenth registration; `deaf` answers
//! whatever the database said; `anew` begins with an empty database where it can't read the old one.

use crate::postgres::Keeper;
use rusqlite::Connection;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;

/// Runs until it is killed. `args`: MODE --data FOLDER
pub(crate) fn run(args: &[String]) -> ExitCode {
    let [mode, _, data] = args else {
        eprintln!("usage: stand-in full|off|early|deaf|anew --data FOLDER");
        return ExitCode::from(2);
    };
    match serve(mode, data) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Where the names are kept.
enum Database {
    Sqlite(Connection),
    Postgres(Keeper),
}

fn serve(mode: &str, data: &str) -> Result<(), Box<dyn std::error::Error>> {
    let mut database = match std::env::var("DATABASE_URL") {
        Ok(url) => Database::Postgres(Keeper::open(&url)?),
        Err(_) => Database::Sqlite(file(mode, data)?),
    };
    // PostgreSQL may be gone and come back, and a stand-in that stopped at that would show nothing.
    let stays = matches!(database, Database::Postgres(_));
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("listening on http://{}", listener.local_addr()?);
    let mut waiting = Vec::new();
    for stream in listener.incoming() {
        let mut stream = stream?;
        let Some(name) = name(&mut stream) else { continue };
        waiting.push(name.clone());
        if mode == "early" {
            answer(&mut stream, &name)?;
            if waiting.len() < 10 {
                continue;
            }
        }
        let kept = keep(&mut database, &mut waiting);
        match mode {
            "deaf" => {}
            _ if stays && kept.is_err() => continue,
            _ => kept?,
        }
        if mode != "early" {
            answer(&mut stream, &name)?;
        }
    }
    Ok(())
}

fn file(mode: &str, data: &str) -> Result<Connection, Box<dyn std::error::Error>> {
    std::fs::create_dir_all(data)?;
    let file = format!("{data}/{}", crate::database::FILE);
    Ok(match open(&file, mode) {
        Err(_) if mode == "anew" => {
            for end in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(format!("{file}{end}"));
            }
            open(&file, mode)?
        }
        opened => opened?,
    })
}

fn open(file: &str, mode: &str) -> rusqlite::Result<Connection> {
    let database = Connection::open(file)?;
    database.busy_timeout(std::time::Duration::ZERO)?;
    database.pragma_update(None, "journal_mode", "wal")?;
    database.pragma_update(None, "synchronous", if mode == "off" { "off" } else { "full" })?;
    database.execute_batch(
        "create table if not exists sekisho_users (id integer primary key, username text unique);
         create table if not exists sekisho_credentials (user_id integer)",
    )?;
    Ok(database)
}

fn keep(database: &mut Database, names: &mut Vec<String>) -> Result<(), Box<dyn std::error::Error>> {
    let names = std::mem::take(names);
    match database {
        Database::Postgres(keeper) => keeper.keep(&names),
        Database::Sqlite(database) => {
            let transaction = database.unchecked_transaction()?;
            for name in names {
                transaction.execute("insert into sekisho_users (username) values (?1)", [&name])?;
                transaction
                    .execute("insert into sekisho_credentials (user_id) values (last_insert_rowid())", [])?;
            }
            Ok(transaction.commit()?)
        }
    }
}

/// The name in a registration.
fn name(stream: &mut TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(": ") {
            Some(("content-length", value)) => length = value.parse().ok()?,
            Some(_) => {}
            None if line.trim_end().is_empty() => break,
            None => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body: serde_json::Value = serde_json::from_slice(&body).ok()?;
    Some(body["user"]["username"].as_str()?.to_owned())
}

/// In one write, as the real server does.
fn answer(stream: &mut TcpStream, name: &str) -> std::io::Result<()> {
    let body = format!("{{\"username\":\"{name}\"}}");
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes())
}
