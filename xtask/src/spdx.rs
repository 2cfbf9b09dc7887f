//! Licence expressions as crates write them (SPDX 2.3, annex D), against a list of licences that are allowed.

/// Whether `expression` can be satisfied with allowed licences alone; `None` if it can't be read.
///
/// `AND` binds closer than `OR`; `WITH` belongs to its licence; the old `/` of crates.io means `OR`.
pub(crate) fn allowed(expression: &str, allow: &[String]) -> Option<bool> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser { words: &words, allow };
    let verdict = parser.any()?;
    parser.words.is_empty().then_some(verdict)
}

struct Parser<'a> {
    words: &'a [&'a str],
    allow: &'a [String],
}

impl<'a> Parser<'a> {
    fn next_if(&mut self, word: &str) -> bool {
        let hit = self.words.first() == Some(&word);
        if hit {
            self.words = &self.words[1..];
        }
        hit
    }

    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }

    fn any(&mut self) -> Option<bool> {
        let mut verdict = self.all()?;
        while self.next_if("OR") {
            verdict |= self.all()?;
        }
        Some(verdict)
    }

    fn all(&mut self) -> Option<bool> {
        let mut verdict = self.one()?;
        while self.next_if("AND") {
            verdict &= self.one()?;
        }
        Some(verdict)
    }

    fn one(&mut self) -> Option<bool> {
        if self.next_if("(") {
            let verdict = self.any()?;
            return self.next_if(")").then_some(verdict);
        }
        let name = self.next().filter(|word| !matches!(*word, ")" | "OR" | "AND" | "WITH"))?;
        let name =
            if self.next_if("WITH") { format!("{name} WITH {}", self.next()?) } else { name.to_owned() };
        Some(self.allow.contains(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::allowed;

    #[test]
    fn reads_expressions_as_the_specification_does() {
        let allow: Vec<String> =
            ["MIT", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"].map(str::to_owned).into();
        let verdict = |expression| allowed(expression, &allow);
        assert_eq!(verdict("MIT"), Some(true));
        assert_eq!(verdict("MIT OR GPL-3.0-only"), Some(true));
        assert_eq!(verdict("MIT/Apache-2.0"), Some(true));
        assert_eq!(verdict("(MIT OR GPL-3.0-only) AND Unicode-3.0"), Some(true));
        assert_eq!(verdict("MIT AND GPL-3.0-only"), Some(false));
        assert_eq!(verdict("GPL-3.0-only OR MIT AND GPL-2.0-only"), Some(false));
        assert_eq!(verdict("Apache-2.0 WITH LLVM-exception OR Apache-2.0"), Some(true));
        assert_eq!(verdict("Apache-2.0"), Some(false));
        assert_eq!(verdict("MIT OR"), None);
        assert_eq!(verdict("(MIT"), None);
        assert_eq!(verdict("MIT MIT"), None);
        assert_eq!(verdict(""), None);
    }
}
