//! Under which route a request is counted: a template of the router, never a path.

use std::sync::{PoisonError, RwLock};

/// How many routes of a library user's own are told apart; the rest are counted together.
const OWN: usize = 16;

/// Where a request is counted that no route takes.
const UNMATCHED: &str = "unmatched";
/// Where a library user's own routes are counted once there are too many of them.
const OTHER: &str = "other";

/// A route, taken apart once: this stands on the path of every request.
struct Template {
    text: &'static str,
    /// What stands before the one segment that has a name, `{name}`, at the end.
    before: Option<&'static str>,
}

impl Template {
    fn of(text: &'static str) -> Template {
        Template { text, before: text.split_once('{').map(|(before, _)| before) }
    }

    fn takes(&self, path: &str) -> bool {
        let segment = |before| path.strip_prefix(before).filter(|segment| !segment.is_empty());
        match self.before {
            None => self.text == path,
            Some(before) => segment(before).is_some_and(|segment| !segment.contains('/')),
        }
    }
}

/// The routes, each with a number.
pub(super) struct Routes {
    root_path: String,
    templates: Box<[Template]>,
    /// A library user's own, in the order in which they were first asked for.
    own: RwLock<Vec<String>>,
}

impl Routes {
    /// The router's templates, without slashes at their ends; also below this prefix.
    pub(super) fn new(templates: &'static [&'static str], root_path: &str) -> Routes {
        let templates = templates.iter().copied().map(Template::of).collect();
        Routes { root_path: root_path.to_owned(), templates, own: RwLock::default() }
    }

    /// How many numbers there are.
    pub(super) fn count(&self) -> usize {
        self.templates.len() + 2 + OWN
    }

    /// The number of what no route takes.
    pub(super) fn unmatched(&self) -> usize {
        self.templates.len()
    }

    /// The number of the route that takes this path.
    pub(super) fn of(&self, path: &str) -> usize {
        let path = self.below_root(path);
        let path = path.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(path);
        self.templates.iter().position(|template| template.takes(path)).unwrap_or(self.unmatched())
    }

    /// The number of a route that is not the server's.
    pub(super) fn of_own(&self, template: &str) -> usize {
        let template = self.below_root(template);
        let first = self.unmatched() + 2;
        let known = |own: &[String]| own.iter().position(|known| known == template);
        let own = self.own.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = known(&own) {
            return first + at;
        }
        drop(own);
        let mut own = self.own.write().unwrap_or_else(PoisonError::into_inner);
        let at = known(&own).or_else(|| {
            (own.len() < OWN).then(|| {
                own.push(template.to_owned());
                own.len() - 1
            })
        });
        at.map_or(self.unmatched() + 1, |at| first + at)
    }

    /// The template behind a number; `None`: no route has it yet.
    pub(super) fn name(&self, route: usize) -> Option<String> {
        match route.checked_sub(self.templates.len()) {
            None => self.templates.get(route).map(|template| template.text.to_owned()),
            Some(0) => Some(UNMATCHED.to_owned()),
            Some(1) => Some(OTHER.to_owned()),
            Some(own) => self.own.read().unwrap_or_else(PoisonError::into_inner).get(own - 2).cloned(),
        }
    }

    fn below_root<'a>(&self, path: &'a str) -> &'a str {
        if self.root_path.is_empty() {
            return path;
        }
        path.strip_prefix(self.root_path.as_str()).filter(|rest| rest.starts_with('/')).unwrap_or(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Routes {
        Routes::new(
            &["/token", "/users", "/users/me", "/docs", "/docs/oauth2-redirect", "/docs/{file}"],
            "/api",
        )
    }

    #[test]
    fn a_path_becomes_its_template() {
        let routes = routes();
        for (path, template) in [
            ("/users/me", "/users/me"),
            ("/users/me/", "/users/me"),
            ("/api/users/me", "/users/me"),
            ("/api/token/", "/token"),
            ("/docs/swagger-ui.css", "/docs/{file}"),
            ("/docs/oauth2-redirect", "/docs/oauth2-redirect"),
            ("/docs/a/b", UNMATCHED),
            ("/docs/", "/docs"),
            ("/users/me//", UNMATCHED),
            ("/apiusers", UNMATCHED),
            ("/USERS/ME", UNMATCHED),
            ("/", UNMATCHED),
            ("", UNMATCHED),
            ("*", UNMATCHED),
            ("/tim@example.com", UNMATCHED),
        ] {
            assert_eq!(routes.name(routes.of(path)).as_deref(), Some(template), "{path}");
        }
    }

    #[test]
    fn own_routes_have_numbers_as_long_as_there_are_some() {
        let routes = routes();
        let first = routes.of_own("/orders/{id}");
        assert_eq!(routes.of_own("/api/orders/{id}"), first);
        assert_eq!(routes.name(first).as_deref(), Some("/orders/{id}"));
        for n in 1..OWN {
            assert_eq!(routes.of_own(&format!("/own/{n}")), first + n);
        }
        assert_eq!(routes.name(routes.of_own("/one/too/many")).as_deref(), Some(OTHER));
        assert_eq!(routes.of_own("/own/1"), first + 1);
        assert!((0..routes.count()).all(|route| routes.name(route).is_some()));
    }
}
