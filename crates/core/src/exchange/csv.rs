//! CSV as RFC 4180 has it: a first record of column names, quoted fields that may hold commas, quotes and line ends.

use std::collections::HashSet;

use super::MOST_VALUES;
use super::error::RowError;
use super::member::Member;
use super::row::UserRow;
use crate::wire::Json;

/// Whether bytes that end a line end a record too, that is, no quoted field is open.
pub fn is_complete(record: &[u8]) -> bool {
    record.iter().filter(|byte| **byte == b'"').count() % 2 == 0
}

/// The column names of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CsvHeader {
    names: Vec<String>,
}

impl CsvHeader {
    /// Reads the first record.
    ///
    /// # Errors
    /// A column without a name, one named twice or like a secret, or neither a name nor an address among them: then no
    /// record of the file can be a user.
    pub fn read(record: &[u8]) -> Result<Self, RowError> {
        let record = record.strip_prefix(b"\xef\xbb\xbf").unwrap_or(record);
        let names: Vec<String> = fields(record)?.into_iter().map(|name| name.trim().to_owned()).collect();
        if names.len() > MOST_VALUES {
            return Err(RowError::whole(format!("more than {MOST_VALUES} columns")));
        }
        let mut different = HashSet::with_capacity(names.len());
        let mut known = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let member = Member::of(name);
            if name.is_empty() {
                return Err(RowError::whole(format!("column {} has no name", at + 1)));
            }
            if !different.insert(name) || known.contains(&member) {
                return Err(RowError::of(name, "says the same as another column: leave one of them out"));
            }
            if member == Member::Secret {
                return Err(RowError::of(
                    name,
                    "is named like a secret and is not known: a hash is password_hash",
                ));
            }
            if member != Member::Unknown {
                known.push(member);
            }
        }
        if !known.contains(&Member::Username) && !known.contains(&Member::Email) {
            return Err(RowError::whole(
                "no column is named username or email: the first line names the columns",
            ));
        }
        Ok(Self { names })
    }

    /// Reads a record; an empty field says nothing.
    ///
    /// # Errors
    /// What is wrong with it, without a value of it.
    pub fn row(&self, record: &[u8]) -> Result<UserRow, RowError> {
        let fields = fields(record)?;
        if fields.len() != self.names.len() {
            return Err(RowError::whole(format!("{} fields, not {}", fields.len(), self.names.len())));
        }
        let members = self.names.iter().cloned().zip(fields);
        UserRow::of(
            members
                .filter(|(_, text)| !text.is_empty())
                .map(|(name, text)| (name, Json::Text(text)))
                .collect(),
        )
    }
}

/// The fields of one record, with or without its line end.
fn fields(record: &[u8]) -> Result<Vec<String>, RowError> {
    let text = std::str::from_utf8(record).map_err(|_| RowError::whole("not UTF-8 text"))?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    let mut rest = text.strip_suffix('\r').unwrap_or(text);
    let mut fields = Vec::new();
    loop {
        let (field, after) =
            if let Some(quoted) = rest.strip_prefix('"') { unquote(quoted)? } else { bare(rest)? };
        fields.push(field);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None if after.is_empty() => return Ok(fields),
            None => return Err(RowError::whole("text behind a closing quote")),
        }
    }
}

fn bare(rest: &str) -> Result<(String, &str), RowError> {
    let (field, after) = rest.split_at(rest.find(',').unwrap_or(rest.len()));
    if field.contains('"') {
        return Err(RowError::whole(
            "a quote in the middle of a field: put quotes around it and double those inside",
        ));
    }
    Ok((field.to_owned(), after))
}

/// A field behind its opening quote, up to the closing one; a doubled quote is a quote.
fn unquote(mut rest: &str) -> Result<(String, &str), RowError> {
    let mut field = String::new();
    loop {
        let end = rest.find('"').ok_or_else(|| RowError::whole("a quote is never closed"))?;
        field.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                field.push('"');
                rest = after;
            }
            None => return Ok((field, rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_rfc_4180_writes_them() {
        for (record, wanted) in [
            ("a,b,c", &["a", "b", "c"][..]),
            ("a,b,c\r\n", &["a", "b", "c"]),
            (",\n", &["", ""]),
            ("", &[""]),
            ("\"a,b\",\"say \"\"hi\"\"\",\"\"", &["a,b", "say \"hi\"", ""]),
            ("\"two\r\nlines\",関所\n", &["two\r\nlines", "関所"]),
            (" a , b ", &[" a ", " b "]),
        ] {
            assert_eq!(fields(record.as_bytes()).unwrap(), wanted, "{record:?}");
        }
        for (record, why) in [
            ("\"a", "a quote is never closed"),
            ("\"a\"b,c", "text behind a closing quote"),
            ("a\"b", "a quote in the middle of a field: put quotes around it and double those inside"),
        ] {
            assert_eq!(fields(record.as_bytes()).unwrap_err().to_string(), why);
        }
        assert_eq!(fields(b"\xff").unwrap_err().to_string(), "not UTF-8 text");
    }

    #[test]
    fn a_record_goes_on_while_a_quote_is_open() {
        assert!(is_complete(b"a,\"b\"\"c\"\n"));
        assert!(!is_complete(b"a,\"b\n"));
    }

    #[test]
    fn the_first_record_must_make_users_possible() {
        for (record, why) in [
            ("a,b", "no column is named username or email: the first line names the columns"),
            ("username,", "column 2 has no name"),
            ("username,userName", "userName: says the same as another column: leave one of them out"),
            ("username,phone,phone", "phone: says the same as another column: leave one of them out"),
            ("username,pwd", "pwd: is named like a secret and is not known: a hash is password_hash"),
        ] {
            assert_eq!(CsvHeader::read(record.as_bytes()).unwrap_err().to_string(), why);
        }
    }

    #[test]
    fn a_header_has_as_many_columns_as_a_record_has_values() {
        let header =
            |columns: usize| (0..columns).fold("username".to_owned(), |text, n| text + &format!(",c{n}"));
        assert_eq!(
            CsvHeader::read(header(150_000).as_bytes()).unwrap_err().to_string(),
            "more than 20000 columns"
        );
        assert!(CsvHeader::read(header(19_999).as_bytes()).is_ok());
    }

    #[test]
    fn a_record_is_a_user() {
        let header =
            CsvHeader::read("\u{feff}id,Username,E-Mail,hashed_password,is_active,phone\n".as_bytes())
                .unwrap();
        let hash = "$2b$12$2Ss8aodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa";
        let row = header.row(format!("17,tim,tim@gmail.com,{hash},0,+49 30\r\n").as_bytes()).unwrap();
        assert_eq!((row.external_id.as_deref(), row.username.as_str()), (Some("17"), "tim"));
        assert_eq!((row.email.as_deref(), row.disabled), (Some("tim@gmail.com"), Some(true)));
        assert_eq!(row.password.map(|(_, kind)| kind.scheme), Some("bcrypt".to_owned()));
        assert_eq!(row.extra["phone"], "+49 30");
        assert_eq!(header.row(b"1,2\n").unwrap_err().to_string(), "2 fields, not 6");
        assert!(header.row(b"17,tim,,,,\n").unwrap().email.is_none());
    }
}
