//! Settings that are said twice, of which one saying does not count.

use super::layer::{Layer, Origin};
use super::registry::SETTINGS;

/// A value that a stronger layer hides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shadowed {
    /// `section.key`.
    pub key: &'static str,
    /// Where the value stands that does not count.
    pub hidden: Origin,
    /// Where the one stands that does.
    pub by: Origin,
}

/// The values that are hidden by another one; where both say the same there is nothing to tell.
///
/// The layers are those of [`resolve`](super::resolve), from the weakest to the strongest.
pub fn shadowed(layers: &[Layer]) -> Vec<Shadowed> {
    let mut found = Vec::new();
    for (index, setting) in SETTINGS.iter().enumerate() {
        let mut entries = layers.iter().rev().flat_map(|layer| &layer.entries).filter(|e| e.index == index);
        let Some(strongest) = entries.next() else { continue };
        found.extend(entries.filter(|weaker| weaker.value != strongest.value).map(|weaker| Shadowed {
            key: setting.key,
            hidden: weaker.origin.clone(),
            by: strongest.origin.clone(),
        }));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::{layer_from_env, layer_from_toml};
    use super::*;

    #[test]
    fn what_a_stronger_layer_hides_is_named_with_both_places() {
        let toml = "[server]\nlisten = \"127.0.0.1:9000\"\n[tokens]\nsecret_key = \"canary-1\"\n[log]\nlevel = \"warn\"";
        let file = layer_from_toml(toml, "sekisho.toml").unwrap();
        let vars = [("SECRET_KEY", "canary-2"), ("SEKISHO_LISTEN", "127.0.0.1:9000"), ("ALGORITHM", "HS512")];
        let env = layer_from_env(vars.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap();
        let found = shadowed(&[file, env]);
        assert_eq!(found.len(), 1, "{found:?}");
        let Shadowed { key, hidden, by } = &found[0];
        assert_eq!(
            (*key, hidden.to_string(), by.to_string()),
            ("tokens.secret_key", "sekisho.toml:4".to_owned(), "environment (SECRET_KEY)".to_owned())
        );
    }
}
