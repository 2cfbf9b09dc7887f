//! libpq's file of passwords, `~/.pgpass`: one line `host:port:database:user:password` for each.

use super::postgres_url::{PostgresHost, PostgresUrl};
use crate::secret::{Secret, SecretString};

/// What libpq calls the server behind its own socket.
const BEHIND_THE_SOCKET: &str = "localhost";

/// The password that a file of passwords holds for this address: that of the first server that has one there.
///
/// Fields are as libpq reads them: `*` fits anything, a backslash keeps the meaning from `:` and `\`, lines that begin with
/// `#` are comments, and the first line that fits counts. A line for one user fits only an address that names him.
pub fn password_in(passfile: &str, url: &PostgresUrl) -> Option<SecretString> {
    let lines: Vec<_> =
        passfile.lines().filter(|line| !line.starts_with('#')).filter_map(Line::read).collect();
    url.hosts.iter().find_map(|host| lines.iter().find(|line| line.fits(host, url))).map(|line| {
        let [.., password] = &line.0;
        password.clone()
    })
}

/// Host, port, database, user, password.
struct Line([SecretString; 5]);

impl Line {
    fn read(line: &str) -> Option<Line> {
        let mut fields: [String; 5] = Default::default();
        let mut at = 0;
        let mut chars = line.trim_end_matches('\r').chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => fields.get_mut(at)?.extend(chars.next()),
                // What stands behind the fifth field is a comment nobody wrote: libpq cuts there too.
                ':' if at == 4 => break,
                ':' => at += 1,
                c => fields.get_mut(at)?.push(c),
            }
        }
        (at == 4 && !fields[4].is_empty()).then(|| Line(fields.map(Secret::new)))
    }

    fn fits(&self, host: &PostgresHost, url: &PostgresUrl) -> bool {
        let [name, port, database, user, _] = self.0.each_ref().map(|field| field.expose().as_str());
        // The database is called as the user where the address does not name it.
        let wanted = url.database.as_ref().or(url.user.as_ref());
        let is = |field: &str, wanted: Option<&String>| field == "*" || wanted.is_some_and(|w| w == field);
        let here = name == "*" || name == host.host || (host.is_socket() && name == BEHIND_THE_SOCKET);
        here && (port == "*" || port == host.port.to_string())
            && is(database, wanted)
            && is(user, url.user.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::super::database_url::DatabaseUrl;
    use super::*;

    fn found(file: &str, url: &str) -> Option<String> {
        let Ok(DatabaseUrl::Postgres(url)) = DatabaseUrl::parse(url) else { panic!("{url}") };
        password_in(file, &url).map(|password| password.expose().clone())
    }

    #[test]
    fn the_first_line_that_fits_counts() {
        let file =
            "# comment:5432:*:*:no\n\nbroken\na:5432:x:app:one\r\n*:5432:x:app:two\nb:*:*:*:th\\:r\\\\ee\n";
        for (url, password) in [
            ("postgresql://app@a/x", Some("one")),
            ("postgresql://app@c/x", Some("two")),
            ("postgresql://app@a:5433/x", None),
            ("postgresql://b:5433/y", Some("th:r\\ee")),
            ("postgresql://app@c:1,b:2/y", Some("th:r\\ee")),
            ("postgresql://other@a/x", None),
            ("postgresql://a/x", None),
        ] {
            assert_eq!(found(file, url).as_deref(), password, "{url}");
        }
    }

    #[test]
    fn a_database_is_called_as_its_user_and_a_socket_as_this_machine() {
        let file = "localhost:5432:app:app:pw\n/run/pg:5432:*:*:socket\n";
        assert_eq!(found(file, "postgresql://app@localhost").as_deref(), Some("pw"));
        assert_eq!(found(file, "postgresql://app@/?host=/tmp").as_deref(), Some("pw"));
        assert_eq!(found(file, "postgresql://x@/?host=/run/pg").as_deref(), Some("socket"));
    }

    #[test]
    fn what_is_no_line_holds_no_password() {
        for file in ["", ":::", "::::", "*:*:*:*:", "*:*:*:*", "*:*:*:*\\:pw", "\\"] {
            assert_eq!(found(file, "postgresql://app@a/x"), None, "{file}");
        }
        assert_eq!(found("*:*:*:*:pw:more", "postgresql://app@a/x").as_deref(), Some("pw"));
    }
}
