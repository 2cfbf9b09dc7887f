//! The records of a file of users, one after the other: a line of JSON, or of CSV with the lines of its quoted fields.

use sekisho_core::exchange::{self, CsvHeader, LONGEST_RECORD, Line, RowError, UserRow};
use std::io::{BufRead, Error};

/// The shape of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Shape {
    /// One JSON object a line, with or without a header
    Jsonl,
    /// RFC 4180, the first line naming the columns
    Csv,
}

/// One record: the number of its first line, from 1, and the user that it states or why it states none.
type Record = (u64, Result<UserRow, RowError>);

/// Some records of a file.
#[derive(Default)]
pub(super) struct Batch {
    /// Of each record its line, and why it states no user if that is so.
    pub(super) lines: Vec<(u64, Option<RowError>)>,
    /// The users of the others, in order.
    pub(super) rows: Vec<UserRow>,
    /// Whether the file is over.
    pub(super) last: bool,
}

/// Why nothing more can be made of a file.
#[derive(Debug)]
pub(super) enum Broken {
    /// It can't be read.
    Unreadable(Error),
    /// Its first line says that it is no file of users that this program knows.
    OtherFormat(RowError),
}

/// How many bytes of records a batch holds at most.
const BATCH_BYTES: u64 = 4 << 20;

/// Reads a file, a batch of records after the other.
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

    /// The next records, at most so many.
    pub(super) fn batch(&mut self, most: usize) -> Result<Batch, Broken> {
        let begin = self.bytes;
        let mut batch = Batch::default();
        while batch.lines.len() < most && self.bytes - begin < BATCH_BYTES {
            match self.next()? {
                Some((line, Ok(row))) => {
                    batch.lines.push((line, None));
                    batch.rows.push(row);
                }
                Some((line, Err(error))) => batch.lines.push((line, Some(error))),
                None => {
                    batch.last = true;
                    break;
                }
            }
        }
        Ok(batch)
    }

    /// The next record; empty lines are passed over.
    fn next(&mut self) -> Result<Option<Record>, Broken> {
        loop {
            let first = self.lines == 0;
            let line = self.lines + 1;
            if !self.read().map_err(Broken::Unreadable)? {
                return Ok(None);
            }
            if self.record.len() > LONGEST_RECORD {
                let why = match self.shape {
                    Shape::Jsonl => "longer than 1 MiB",
                    Shape::Csv => "longer than 1 MiB: is a quote never closed?",
                };
                return Ok(Some((line, Err(RowError::whole(why)))));
            }
            if self.record.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match (self.shape, &self.columns) {
                (Shape::Jsonl, _) => match exchange::read_line(&self.record, first) {
                    Ok(Line::Header(_)) => {}
                    Ok(Line::OtherFormat(error)) => return Err(Broken::OtherFormat(error)),
                    Ok(Line::User(row)) => return Ok(Some((line, Ok(*row)))),
                    Err(error) => return Ok(Some((line, Err(error)))),
                },
                (Shape::Csv, Some(columns)) => return Ok(Some((line, columns.row(&self.record)))),
                (Shape::Csv, None) => match CsvHeader::read(&self.record) {
                    Ok(columns) => self.columns = Some(columns),
                    Err(error) => return Err(Broken::OtherFormat(error)),
                },
            }
        }
    }

    /// Fills `record` with the lines of the next one; false at the end.
    fn read(&mut self) -> Result<bool, Error> {
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
    fn read_line(&mut self) -> Result<bool, Error> {
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
            let batch = records.batch(2).unwrap();
            let mut rows = batch.rows.into_iter();
            for (line, error) in batch.lines {
                let name = || rows.next().map(|row| row.username).unwrap_or_default();
                found.push((line, error.map_or_else(name, |error| error.to_string())));
            }
            if batch.last {
                break;
            }
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
