//! `sekisho adopt`: takes over the users of an application that lives on.

use super::adopt_in_place as in_place;
use super::adopt_print::{self as print, Told};
use super::adopt_release::{self as release, End};
use super::adopt_rows::{finished, read, unreadable};
use super::adopt_source::{self as source, shown};
use super::draft::{self, Draft};
use super::exit::Stop;
use super::open::{self, Open};
use super::output::Out;
use crate::adopt::configuration;
use crate::adopt::plan::{self, Key, Plan, Wishes};
use crate::adopt::{self, Adoption, Origin, Problem, Report, Survey, application};
use crate::config::{self, Flags, Loaded};
use crate::system::SystemDice;
use clap::Args;
use sekisho_core::adopt::{MapOverride, Mapping};
use sekisho_core::beside::SetValue;
use sekisho_core::settings::DatabaseUrl;
use sekisho_core::{Actor, SecretBytes, dice};
use sekisho_store::{Foreign, Look, OpenOptions};
use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

/// The examples of `sekisho adopt --help`.
pub(super) const EXAMPLE: &str = "\
Examples:
  sekisho adopt ../app/test.db --app ../app --dry-run   says what would happen, changes nothing
  sekisho adopt ../app/test.db --app ../app             users, items, SECRET_KEY; writes sekisho.toml
  sekisho adopt shop.db --map users=account --map username=login --map password=pw
  sekisho adopt postgresql://reader@db/app --app ../app        from PostgreSQL; the right to select is enough
  sekisho adopt test.db --app . --in-place --set role=member   a trial in the application's own file
  sekisho adopt postgresql://app@db/app --app . --in-place     … in its own PostgreSQL database
  sekisho adopt test.db --release=back                         and its end

Fields for --map: users (table), id, username, email, password, full_name, disabled, active,
items (table), item_id, owner, and extra: a column to keep though it is named like a secret. FIELD= says that there is none.
A database is only read. While it is, an application on SQLite without a write-ahead log cannot write. The password of an address
may stand in PGPASSWORD or ~/.pgpass.";

/// How long is waited until the log is written into the file; a million users take some seconds.
const CLOSING_PATIENCE: Duration = Duration::from_secs(60);

/// `sekisho adopt`.
#[derive(Debug, Args)]
pub(super) struct Adopt {
    /// The application's SQLite file, or the address of its PostgreSQL database; without it the one that DATABASE_URL in
    /// --app names
    #[arg(value_name = "DATABASE", required_unless_present_any = ["app", "release"])]
    database: Option<OsString>,
    /// The application's folder: SECRET_KEY and its companions are read from *.py and .env, as text
    #[arg(long, value_name = "DIR")]
    app: Option<PathBuf>,
    /// Say what would happen, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// What a table or column is called there, where it is not called as usual
    #[arg(long = "map", value_name = "FIELD=NAME", value_parser = MapOverride::parse)]
    map: Vec<MapOverride>,
    /// A name for this application, where users of another one came before
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// The profile that is written, if not production
    #[arg(long, value_name = "PROFILE", value_parser = ["development", "production"])]
    profile: Option<String>,
    /// Make a new key for both, in DATA/secret_key
    #[arg(long)]
    new_key: bool,
    /// Put Sekisho's tables into the application's own database, after a copy, and keep its table of users in step
    #[arg(long, conflicts_with = "source")]
    in_place: bool,
    /// What a new row gets there in a column that has no default in the database; `now` and `uuid` are made anew
    #[arg(long = "set", value_name = "COLUMN=VALUE", value_parser = SetValue::parse, requires = "in_place")]
    set: Vec<SetValue>,
    /// End the trial: keep (Sekisho has the passwords alone), detach (the application's table is left as it is), back
    /// (the application has its database alone again)
    #[arg(
        long,
        value_name = "END",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "keep",
        hide_possible_values = true,
        conflicts_with_all = ["app", "dry_run", "map", "source", "profile", "new_key", "in_place"]
    )]
    release: Option<End>,
    /// Do not ask (with --release)
    #[arg(long, requires = "release")]
    yes: bool,
}

/// Runs it.
pub(super) fn run(args: Adopt, flags: Flags, out: &mut Out) -> Result<(), Stop> {
    if let Some(end) = args.release {
        return release::run(args.database.as_deref(), end, args.yes, &flags, out);
    }
    let loaded = config::load(&flags)?;
    let scan = args.app.as_deref().map(application::scan).transpose().map_err(Stop::usage)?;
    let application = scan.is_some();
    let application::Scan { found, passed_over } = scan.unwrap_or_default();
    let (source, notes) = source::source(args.database.as_deref(), args.app.as_deref(), &found)?;
    let target = loaded.settings.storage.database_url.clone();
    // Whoever names the application's own database as ours wants our tables in it; it is not kept in step by that.
    let beside = !args.in_place && source::is_one_database(&source, &target);
    if beside {
        is_not_a_file(&source, &loaded)?;
    }
    if args.in_place && !args.dry_run {
        in_place::recover(&source)?;
    }
    let foreign = Foreign::open(&source).map_err(|error| unreadable(&shown(&source), &error))?;
    let tables = foreign.tables().map_err(|error| unreadable(foreign.name(), &error))?;
    let mapping = Mapping::detect(&tables, &args.map).map_err(all_lines)?;
    let further = if args.in_place { in_place::settings(&source, &loaded) } else { Vec::new() };
    let wishes = Wishes {
        profile: args.profile.clone(),
        new_key: args.new_key,
        in_place: args.in_place,
        application,
        passed_over,
        further,
    };
    let mut plan = configuration::plan(&loaded, &found, &wishes).map_err(all_lines)?;
    plan.notes.extend(notes);
    if beside {
        plan.notes.push(
            "Sekisho's tables stand beside the application's, in one database; users are copied once"
                .to_owned(),
        );
    }
    let origin = Origin(args.source.clone());
    let mut further = None;
    let report = if args.dry_run {
        let survey = adopt::survey(&foreign, &mapping).map_err(|error| unreadable(foreign.name(), &error))?;
        if args.in_place {
            further = Some(in_place::check(&source, &mapping, &args.set)?);
        }
        let into = if args.in_place { &source } else { &target };
        try_out(into, args.in_place || beside, args.in_place, foreign, &mapping, survey, &origin)?
    } else if args.in_place {
        // The application must be able to write again, and so must we.
        drop(foreign);
        // Nothing is written, not even the key, while something is asked for.
        in_place::check(&source, &mapping, &args.set)?;
        the_configuration_can_be_written(&plan)?;
        write_key(&plan)?;
        let address = source::address(args.database.as_deref(), &found);
        in_place::write_address(&source, address.as_deref(), &loaded)?;
        let (report, stands) = in_place::write(&source, &mapping, &args.set, out)?;
        further = Some(stands);
        write_configuration(&plan, &shown(&source))?;
        report
    } else {
        let survey = adopt::survey(&foreign, &mapping).map_err(|error| unreadable(foreign.name(), &error))?;
        the_configuration_can_be_written(&plan)?;
        write_key(&plan)?;
        let opened = if beside { Open::new(flags).among_others() } else { Open::new(flags) };
        let report = write(opened.or_make(), foreign, &mapping, survey, &origin)?;
        write_configuration(&plan, &shown(&source))?;
        report
    };
    let into = shown(if args.in_place { &source } else { &target });
    let (found, plan, mapping) = (&found[..], &plan, &mapping);
    print::told(
        &Told {
            dry_run: args.dry_run,
            from: &source,
            into: &into,
            mapping,
            found,
            plan,
            report: &report,
            further: further.as_ref(),
        },
        out,
    )
}

/// Where `.env` is the application's as well, its `DATABASE_URL` is read as ours. A file belongs to one of both; a database
/// of PostgreSQL may hold the tables of both.
fn is_not_a_file(source: &DatabaseUrl, loaded: &Loaded) -> Result<(), Stop> {
    let DatabaseUrl::Sqlite(file) = source else { return Ok(()) };
    Err(Stop::usage(format!(
        "{} is the database that Sekisho itself is to use, by {}: run it in a folder of its own, or set \
         SEKISHO_STORAGE_DATABASE_URL to another file",
        file.display(),
        loaded.origins.of("storage.database_url")
    )))
}

/// Decides everything and writes nothing; a database of ours that is there is looked at.
fn try_out(
    into: &DatabaseUrl,
    among_others: bool,
    in_place: bool,
    foreign: Foreign,
    mapping: &Mapping,
    survey: Survey,
    origin: &Origin,
) -> Result<Report, Stop> {
    let ctx = open::operator();
    open::runtime()?.block_on(async {
        let mut look = match Look::if_any(into, OpenOptions::new(ctx.now)).await {
            // Where ours are to come beside them they are not there yet.
            Err(sekisho_store::Error::Foreign { .. }) if among_others => None,
            look => look.map_err(Problem::from)?,
        };
        if let Some(look) = &mut look {
            let schema = look.schema().await.map_err(Problem::from)?;
            if schema.found < schema.known {
                return Err(Stop::refused(format!(
                    "{} has schema version {} and would be brought to {} first: `sekisho user list` does that",
                    shown(into),
                    schema.found,
                    schema.known
                )));
            }
        }
        let adoption = Adoption::new(&ctx, &SystemDice, origin, survey).in_place(in_place);
        let (mut rows, reading) = read(foreign, mapping);
        let report = adoption.try_out(look.as_deref_mut(), &mut rows).await;
        drop(rows);
        finished(reading).await?;
        Ok(report?)
    })
}

/// Lets them all come in one transaction.
fn write(
    opened: Open,
    foreign: Foreign,
    mapping: &Mapping,
    survey: Survey,
    origin: &Origin,
) -> Result<Report, Stop> {
    opened.block_on(async |app| {
        let ctx = app.ctx(Actor::Operator);
        let mut tx = app.store.begin().await.map_err(Problem::from)?;
        // The application's database may keep the reader waiting.
        tx.take_time().await.map_err(Problem::from)?;
        let adoption = Adoption::new(&ctx, &*app.dice, origin, survey);
        let (mut rows, reading) = read(foreign, mapping);
        let report = adoption.write(&mut tx, &mut rows).await;
        drop(rows);
        finished(reading).await?;
        let report = report?;
        tx.commit().await.map_err(Problem::from)?;
        let store = app.store.clone();
        drop(app);
        // What was written is safe; this leaves it in one file, for whoever copies that.
        let _ = tokio::time::timeout(CLOSING_PATIENCE, store.close()).await;
        Ok(report)
    })
}

/// Writes the file of the key, whole and its owner's alone, or leaves the one that is there.
fn write_key(plan: &Plan) -> Result<(), Stop> {
    let Some((path, key)) = &plan.key else { return Ok(()) };
    let bytes = match key {
        Key::There => return Ok(()),
        Key::TakenOver(key) => key.clone(),
        Key::New => new_key(),
    };
    if let Some(folder) = path.parent() {
        config::root_key::make_directory(folder)?;
    }
    let draft = Draft::beside(path, false, &SystemDice)?;
    let text = config::secret_text(&bytes);
    draft.file().write_all(&text).map_err(|error| draft::cannot(path, &error))?;
    draft.keep(false)
}

/// 32 random bytes in hexadecimal, as `openssl rand -hex 32` prints them.
fn new_key() -> SecretBytes {
    let random: [u8; 32] = dice::array(&SystemDice);
    SecretBytes::new(random.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect())
}

/// It is written last; that it can't be must show before anything is.
fn the_configuration_can_be_written(plan: &Plan) -> Result<(), Stop> {
    if plan.in_force {
        return Ok(());
    }
    Draft::beside(&plan.file, false, &SystemDice).map(drop)
}

fn write_configuration(plan: &Plan, database: &str) -> Result<(), Stop> {
    if plan.in_force {
        return Ok(());
    }
    let draft = Draft::beside(&plan.file, false, &SystemDice)?;
    let text = plan::text(plan, database);
    draft.file().write_all(text.as_bytes()).map_err(|error| draft::cannot(&plan.file, &error))?;
    draft.keep(false)
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Stop {
        match problem {
            Problem::Store(error) => crate::Failure::from(error).into(),
            Problem::OtherDatabase(_) => Stop::refused(format!("{problem} If so, name it: --source NAME")),
            Problem::CutShort => Stop::unavailable(problem.to_string()),
        }
    }
}

fn all_lines(lines: Vec<String>) -> Stop {
    Stop { exit: super::Exit::Usage, reason: None, lines }
}
