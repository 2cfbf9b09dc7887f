//! `sekisho explain`: what a reason code of the log means and how to mend it.

use super::exit::Stop;
use super::output::Out;
use clap::Args;
use sekisho_core::Refusal;
use serde_json::json;

/// `sekisho explain [CODE]`.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// A reason code, as the log writes it; without one, all of them are listed
    code: Option<String>,
}

/// Explains one code, or lists all.
pub(super) fn run(args: &Explain, out: &mut Out) -> Result<(), Stop> {
    let Some(code) = &args.code else { return list(out) };
    let Some(refusal) = Refusal::from_code(code) else {
        let near = nearest(code).map(|near| format!(" (did you mean {near}?)")).unwrap_or_default();
        return Err(Stop::refused(format!("no reason code {code}{near}; `sekisho explain` lists all")));
    };
    let value = json!({ "code": refusal.code(), "title": refusal.title(), "explanation": refusal.explain() });
    out.either(&value, &format!("{}: {}\n\n{}", refusal.code(), refusal.title(), refusal.explain()))
}

fn list(out: &mut Out) -> Result<(), Stop> {
    let all = Refusal::all();
    if out.is_json() {
        return all.iter().try_for_each(|r| out.json(&json!({ "code": r.code(), "title": r.title() })));
    }
    let rows: Vec<_> =
        all.iter().map(|refusal| [refusal.code().to_owned(), refusal.title().to_owned()]).collect();
    out.rows(&rows)
}

/// The code that shares the most words with what was typed.
fn nearest(typed: &str) -> Option<&'static str> {
    let words: Vec<_> = typed.split(['_', '-', ' ']).collect();
    let shared = |code: &str| code.split('_').filter(|word| words.contains(word)).count();
    Refusal::all()
        .iter()
        .map(|refusal| refusal.code())
        .max_by_key(|code| shared(code))
        .filter(|code| shared(code) > 0)
}
