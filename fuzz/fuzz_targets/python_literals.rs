//! Python source of any kind is read as text without a panic; a text quoted as Python quotes it reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sekisho_core::adopt::{AppSetting, Choice, Literal, choose, findings_in_dotenv, findings_in_python};

fuzz_target!(|data: &str| {
    let lines = data.matches('\n').count() + 1;
    let mut found = findings_in_python(data, "app.py");
    assert!(found.iter().all(|found| (1..=lines).contains(&found.place.line) && !found.head.contains('\n')));
    found.extend(findings_in_dotenv(data, ".env"));
    for setting in AppSetting::ALL {
        match choose(&found, setting) {
            Choice::Several(places) => assert!(places.len() > 1),
            Choice::One(found) => assert!(found.literal != Literal::Computed),
            Choice::Absent | Choice::Computed(_) => {}
        }
    }
    quoted(data);
});

/// As `repr` writes it, after whatever is no open string or bracket, and with the same text beside it.
fn quoted(data: &str) {
    let text = data.replace('\r', "");
    let mut literal = String::new();
    for c in text.chars() {
        match c {
            '\'' | '\\' => literal.extend(['\\', c]),
            '\n' => literal.push_str("\\n"),
            '\0' => literal.push_str("\\x00"),
            c => literal.push(c),
        }
    }
    let source =
        format!("# {text}\n").replace('\n', "\n# ") + &format!("\nSECRET_KEY: str = ('' '{literal}')\n");
    let found = findings_in_python(&source, "app.py");
    let [found] = found.as_slice() else { panic!("{source}: {found:?}") };
    assert_eq!(found.literal, Literal::Said(text.into()));
}
