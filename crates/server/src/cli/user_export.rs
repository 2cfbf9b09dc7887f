//! `sekisho user export`: all users into a file, that another Sekisho or the former application reads.

use super::bar::bar;
use super::db_progress::ProgressLine;
use super::draft::{Draft, cannot};
use super::exit::Stop;
use super::output::Out;
use crate::accounts::export::Export;
use crate::app::App;
use clap::{Args, ValueEnum};
use sekisho_core::Actor;
use sekisho_core::exchange::{ExtraColumns, Header, SqlModelUser, write_user};
use sekisho_store::SqlModelFile;
use serde_json::json;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

pub(super) const EXAMPLE: &str = "Examples:\n  sekisho user export --output users.jsonl --with-hashes\n  \
    sekisho user export --output test.db --format sqlmodel --with-hashes";

/// What the file becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One JSON object a line, which `sekisho user import` reads
    Jsonl,
    /// A SQLite file with the table `user` of a SQLModel application
    Sqlmodel,
}

/// `sekisho user export`.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// The file to write, which only its owner may read; - for standard output
    #[arg(long, value_name = "FILE")]
    pub(super) output: PathBuf,
    /// Write the password hashes too: who reads the file can guess passwords at leisure
    #[arg(long)]
    with_hashes: bool,
    /// What the file becomes
    #[arg(long, value_name = "FORMAT", default_value = "jsonl")]
    format: Format,
    /// Replace the file if it is there already
    #[arg(long)]
    force: bool,
}

/// What was written.
#[derive(Default)]
struct Written {
    users: u64,
    without_password: u64,
    /// Only for SQLModel: hashes that its application can't verify.
    unreadable: u64,
    /// Only for SQLModel: addresses that had to be made up.
    without_email: u64,
}

/// Runs the command.
pub(super) async fn run(app: &App, args: ExportArgs, out: &mut Out) -> Result<(), Stop> {
    let to_stdout = args.output.as_os_str() == "-";
    if args.format == Format::Sqlmodel {
        if !args.with_hashes {
            return Err(Stop::usage(
                "--format sqlmodel has a column for the hash of each user: say --with-hashes too",
            ));
        }
        if to_stdout {
            return Err(Stop::usage("--format sqlmodel writes a database: name a file with --output"));
        }
    }
    let ctx = app.ctx(Actor::Operator);
    let mut export = Export::begin(app).await?;
    let mut line = Progress { line: ProgressLine::new(out.is_json()), total: export.count().await? };
    if to_stdout {
        let mut to = BufWriter::new(std::io::stdout().lock());
        let written = json_lines(&mut to, &args, &mut export, &ctx, &mut line).await?;
        return Ok(export.record(app, &ctx, written.users, args.with_hashes).await?);
    }
    let draft = Draft::beside(&args.output, args.force, &*app.dice)?;
    let written = match args.format {
        Format::Jsonl => {
            json_lines(&mut BufWriter::new(draft.file()), &args, &mut export, &ctx, &mut line).await?
        }
        Format::Sqlmodel => sqlmodel(draft.path(), &args.output, &mut export, &mut line).await?,
    };
    drop(line);
    export.record(app, &ctx, written.users, args.with_hashes).await?;
    draft.keep(args.force)?;
    tell(&args, &written, out)
}

async fn json_lines(
    to: &mut impl Write,
    args: &ExportArgs,
    export: &mut Export,
    ctx: &sekisho_core::Ctx,
    line: &mut Progress,
) -> Result<Written, Stop> {
    let broken = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::BrokenPipe => Stop::quietly(),
        _ => cannot(&args.output, &error),
    };
    let mut written = Written::default();
    writeln!(to, "{}", Header { hashes: args.with_hashes }.write(ctx.now)).map_err(broken)?;
    let each = export.each(|user, items| {
        written.users += 1;
        written.without_password += u64::from(user.password.is_none());
        line.say(written.users);
        writeln!(to, "{}", write_user(user, items, args.with_hashes)).map_err(broken)
    });
    each.await?;
    to.flush().map_err(broken)?;
    Ok(written)
}

/// A round for the columns, and then two: those who had a number in the application first, so that nobody else is given it.
async fn sqlmodel(
    draft: &Path,
    to: &Path,
    export: &mut Export,
    line: &mut Progress,
) -> Result<Written, Stop> {
    let failed =
        |error: sekisho_store::Error| Stop::unavailable(format!("cannot write {}: {error}", to.display()));
    let mut columns = ExtraColumns::default();
    let noted = export.each(|user, _| {
        columns.note(user);
        Ok::<(), Stop>(())
    });
    noted.await?;
    let mut file = SqlModelFile::begin(draft, &columns).map_err(failed)?;
    let mut written = Written::default();
    for with_number in [true, false] {
        let each = export.each(|user, items| {
            let row = SqlModelUser::of(user, &columns);
            if row.id.is_some() != with_number {
                return Ok(());
            }
            written.users += 1;
            written.without_password += u64::from(user.password.is_none());
            written.without_email += u64::from(user.email.is_none());
            written.unreadable += u64::from(!row.is_readable());
            line.say(written.users);
            file.add(&row, items).map_err(failed)
        });
        each.await?;
    }
    file.finish().map_err(failed)?;
    Ok(written)
}

struct Progress {
    line: ProgressLine,
    total: u64,
}

impl Progress {
    fn say(&mut self, users: u64) {
        let total = self.total;
        self.line.say(|| format!("{}{users} of {total} users", bar(users, total)));
    }
}

fn tell(args: &ExportArgs, written: &Written, out: &mut Out) -> Result<(), Stop> {
    if out.is_json() {
        return out.json(&json!({
            "output": args.output, "users": written.users, "hashes": args.with_hashes,
            "without_password": written.without_password, "hashes_unreadable_there": written.unreadable,
            "addresses_made_up": written.without_email,
        }));
    }
    let hashes = if args.with_hashes { "with" } else { "without" };
    out.line(&format!("wrote {} users {hashes} hashes to {}", written.users, args.output.display()))?;
    if args.format == Format::Jsonl && !args.with_hashes {
        out.line(
            "who imports them elsewhere can't log in there by password: --with-hashes takes the hashes along",
        )?;
    }
    if written.unreadable > 0 {
        out.line(&format!(
            "{} hashes are not bcrypt: CryptContext(schemes=[\"bcrypt\"]) can't verify them. Name their schemes there \
             (argon2 needs passlib[argon2]), or let those users set a new password",
            written.unreadable
        ))?;
    }
    if written.without_email > 0 {
        out.line(&format!(
            "{} users have no address; the column takes none, so they have one that no mail reaches (@no-address.invalid)",
            written.without_email
        ))?;
    }
    Ok(())
}
