//! A line or a CSV record that is a user is written as a line that is the same user; nothing else makes it panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sekisho_core::exchange::{CsvHeader, Line, UserRow, is_complete, read_line, write_user};
use sekisho_core::{Timestamp, UserId};

fuzz_target!(|data: &[u8]| {
    for first in [true, false] {
        match read_line(data, first) {
            Ok(Line::User(row)) => comes_back(&row),
            Ok(Line::Header(_) | Line::OtherFormat(_)) => assert!(first),
            Err(_) => {}
        }
    }
    let Some(end) = data.iter().position(|byte| *byte == b'\n') else { return };
    let (names, record) = data.split_at(end + 1);
    let Ok(header) = CsvHeader::read(names) else { return };
    if let Ok(row) = header.row(record) {
        assert!(is_complete(record), "what can be read is whole");
        comes_back(&row);
    }
});

fn comes_back(row: &UserRow) {
    let (id, now) = (UserId::from_bytes([7; 16]), Timestamp::from_seconds(1_710_391_048));
    let user = row.to_incoming(id, now);
    assert!(!user.username.is_empty() && !user.username.contains('\0'));
    let mut items = row.items.clone();
    items.sort_unstable();
    let line = write_user(&user, &items, true);
    let Ok(Line::User(again)) = read_line(line.as_bytes(), false) else { panic!("{line}") };
    let mut twice = again.to_incoming(UserId::from_bytes([8; 16]), Timestamp::from_seconds(0));
    // A float may lose its last digit on the way through the text of another parser.
    twice.extra = user.extra.clone();
    assert_eq!(twice, user, "{line}");
    assert_eq!(again.items, items);
    assert!(again.differs_from(&user).iter().all(|member| *member == "extra"));
}
