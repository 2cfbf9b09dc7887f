//! The records of a file of users, one after the other: a line of JSON, or of CSV with the lines of its quoted fields.

use sekisho_core::exchange::{self, CsvHeader, LONGEST_RECORD, Line, RowError, UserRow};
use std::io::{BufRead, Result};

/// The shape of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Shape {
    /// One JSON object a line, with or without a header
    Jsonl,
    /// RFC 4180, the first line naming the columns
    Csv,
}

/// One record, and where it begins.
pub(super) struct Record {
    /// The number of its first line, from 1.
    pub(super) line: u64,
    /// The user that it states, or why it states none.
    pub(super) row: std::result::Result<UserRow, RowError>,
}

/// What comes next.
pub(super) enum Next {
    /// A user, or what should have been one.
    Record(Record),
    /// The first line says that nothing can be made of the file.
    Unreadable(RowError),
    /// The file is over.
    End,
}

/// Reads a file; no more than one record is in memory.
pub(super) struct Records<R> {
    from: R,
    shape: Shape,
    columns: Option<CsvHeader>,
    lines: u64,
    bytes: u64,
    record: Vec<u8>,
}

impl<R: BufRead> Records<R> {
    /// From the beginning of `from`.
    pub(super) fn new(from: R, shape: Shape) -> Records<R> {
        Records { from, shape, columns: None, lines: 0, bytes: 0, record: Vec::new() }
    }

    /// How many bytes were read.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next record; empty lines are passed over.
    pub(super) fn next(&mut self) -> Result<Next> {
        loop {
            let first = self.lines == 0;
            let line = self.lines + 1;
            if !self.read()? {
                return Ok(Next::End);
            }
            if self.record.len() > LONGEST_RECORD {
                let why = match self.shape {
                    Shape::Jsonl => "longer than 1 MiB",
                    Shape::Csv => "longer than 1 MiB: is a quote never closed?",
                };
                return Ok(Next::Record(Record { line, row: Err(RowError::whole(why)) }));
            }
            if self.record.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match (self.shape, &self.columns) {
                (Shape::Jsonl, _) => match exchange::read_line(&self.record, first) {
                    Ok(Line::Header(_)) => {}
                    Ok(Line::OtherFormat(error)) => return Ok(Next::Unreadable(error)),
                    Ok(Line::User(row)) => return Ok(Next::Record(Record { line, row: Ok(*row) })),
                    Err(error) => return Ok(Next::Record(Record { line, row: Err(error) })),
                },
                (Shape::Csv, Some(columns)) => {
                    return Ok(Next::Record(Record { line, row: columns.row(&self.record) }));
                }
                (Shape::Csv, None) => match CsvHeader::read(&self.record) {
                    Ok(columns) => self.columns = Some(columns),
                    Err(error) => return Ok(Next::Unreadable(error)),
                },
            }
        }
    }

    /// Fills `record` with the lines of the next one; false at the end.
    fn read(&mut self) -> Result<bool> {
        self.record.clear();
        while self.read_line()? {
            let open = self.shape == Shape::Csv && !exchange::is_complete(&self.record);
            if !open || self.record.len() > LONGEST_RECORD {
                return Ok(true);
            }
        }
        Ok(!self.record.is_empty())
    }

    /// Puts one line behind what is there; what goes beyond the longest record is read and dropped. False at the end.
    fn read_line(&mut self) -> Result<bool> {
        let mut any = false;
        loop {
            let buffer = self.from.fill_buf()?;
            if buffer.is_empty() {
                self.lines += u64::from(any);
                return Ok(any);
            }
            any = true;
            let end = memchr::memchr(b'\n', buffer);
            let used = end.map_or(buffer.len(), |end| end + 1);
            // One more than allowed shows that it was too long.
            let room = (LONGEST_RECORD + 1).saturating_sub(self.record.len());
            self.record.extend_from_slice(&buffer[..used.min(room)]);
            self.from.consume(used);
            self.bytes += used as u64;
            if end.is_some() {
                self.lines += 1;
                return Ok(true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, shape: Shape) -> Vec<(u64, String)> {
        // A small buffer, so that lines lie across its ends.
        let mut records = Records::new(std::io::BufReader::with_capacity(7, text.as_bytes()), shape);
        let mut found = Vec::new();
        loop {
            match records.next().unwrap() {
                Next::Record(Record { line, row }) => {
                    found.push((line, row.map_or_else(|error| error.to_string(), |row| row.username)));
                }
                Next::Unreadable(error) => found.push((0, error.to_string())),
                Next::End => break,
            }
            assert!(found.len() < 20);
        }
        assert_eq!(records.bytes(), text.len() as u64);
        found
    }

    fn said(found: &[(u64, &str)]) -> Vec<(u64, String)> {
        found.iter().map(|(line, text)| (*line, (*text).to_owned())).collect()
    }

    #[test]
    fn lines_are_counted_whatever_is_on_them() {
        let text =
            "{\"format\":\"sekisho-users\",\"version\":1}\n\n{\"username\":\"a\"}\r\nx\n{\"username\":\"b\"}";
        let found = [(3, "a"), (4, "not JSON: Expecting value (character 0)"), (5, "b")];
        assert_eq!(lines(text, Shape::Jsonl), said(&found));
        let text = "username,note\na,\"two\nlines\"\n\nb,\n";
        assert_eq!(lines(text, Shape::Csv), said(&[(2, "a"), (5, "b")]));
        assert_eq!(lines("", Shape::Csv), []);
    }

    #[test]
    fn a32_a_record_without_end_is_one_refusal() {
        let long = format!("{{\"username\":\"{}\"}}\n{{\"username\":\"b\"}}\n", "a".repeat(LONGEST_RECORD));
        assert_eq!(lines(&long, Shape::Jsonl), said(&[(1, "longer than 1 MiB"), (2, "b")]));
        let open = format!("username\n\"{}\nb\n", "a".repeat(LONGEST_RECORD));
        let why = "longer than 1 MiB: is a quote never closed?";
        assert_eq!(lines(&open, Shape::Csv), said(&[(2, why), (3, "b")]));
    }
}
