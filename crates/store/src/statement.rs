//! A statement with its name and the kinds of its parameters, so that none can be forgotten.

use std::sync::OnceLock;

use crate::dialect::{Text, for_sqlite};
use crate::value::{Kind, Param, Value};

/// One statement of the crate, in the house dialect.
#[derive(Debug)]
pub struct Statement {
    area: &'static str,
    name: &'static str,
    house: &'static str,
    params: &'static [Kind],
    sqlite: OnceLock<&'static str>,
}

impl Statement {
    pub(crate) const fn new(
        area: &'static str,
        name: &'static str,
        house: &'static str,
        params: &'static [Kind],
    ) -> Self {
        Self { area, name, house, params, sqlite: OnceLock::new() }
    }

    /// The module that runs it, as `users`: a name alone may stand in several.
    pub fn area(&self) -> &'static str {
        self.area.rsplit("::").next().unwrap_or(self.area)
    }

    /// The statement's name in the source.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The text in the house dialect, which is PostgreSQL's: `$1 … $n`.
    pub const fn text(&self) -> &'static str {
        self.house
    }

    /// The text as SQLite reads it: `?1 … ?n`.
    pub fn sqlite_text(&self) -> &'static str {
        self.sqlite.get_or_init(|| for_sqlite(self.house).sqlite)
    }

    /// The kinds of `$1 … $n`.
    pub const fn params(&self) -> &'static [Kind] {
        self.params
    }

    pub(crate) fn for_sqlite(&self) -> Text<'static> {
        Text { house: self.house, sqlite: self.sqlite_text() }
    }

    /// Whether `params` are of the kinds that were declared.
    pub(crate) fn accepts(&self, params: &[Param<'_>]) -> bool {
        let fits = |(param, kind): (&Param<'_>, &Kind)| param.kind().is_none_or(|given| given == *kind);
        params.len() == self.params.len() && params.iter().zip(self.params).all(fits)
    }
}

/// A statement with what is bound to it, kept until it is run with others.
pub(crate) struct Step {
    what: &'static Statement,
    values: Vec<Value>,
}

impl Step {
    /// With these parameters, which it keeps.
    pub(crate) fn new(what: &'static Statement, params: &[Param<'_>]) -> Self {
        debug_assert!(what.accepts(params), "{}: {params:?}", what.name());
        Self { what, values: params.iter().map(Value::of).collect() }
    }

    /// What is run.
    pub(crate) fn what(&self) -> &'static Statement {
        self.what
    }

    /// What is bound to it.
    pub(crate) fn params(&self) -> Vec<Param<'_>> {
        self.values.iter().zip(self.what.params).map(|(value, kind)| value.as_param(*kind)).collect()
    }
}

/// Declares an area's statements and `ALL`, the list of them: `NAME(kinds of $1 … $n) = text;`.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident($($kind:ident),*) = $text:expr;)*) => {
        $(
            $(#[$doc])*
            static $name: $crate::statement::Statement = $crate::statement::Statement::new(
                module_path!(),
                stringify!($name),
                $text,
                &[$($crate::value::Kind::$kind),*],
            );
        )*
        /// Every statement of this area.
        pub(crate) static ALL: &[&$crate::statement::Statement] = &[$(&$name),*];
    };
}

pub(crate) use statements;
