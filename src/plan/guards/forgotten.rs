//! Nobody is forgotten in another system: where a connector leads elsewhere, whoever is in a group of the system where it led has to leave it
//! by another connector, unless the files say that there is nothing to leave (section 2.2).

use super::{Refusal, Why};
use crate::config::AppliedSettings;
use crate::diag::{Span, codes};

/// What stands in the way of these settings in place of those; `people` tells how many are in groups by way of a connector.
///
/// # Errors
/// Those of `people`.
pub fn forgotten<E>(
    before: &AppliedSettings,
    after: &AppliedSettings,
    mut people: impl FnMut(&str) -> Result<usize, E>,
) -> Result<Vec<Refusal>, E> {
    let (old, new) = (before.connectors(), after.connectors());
    let mut refusals = Vec::new();
    for (name, url) in old {
        let leads_elsewhere = new.get(name).is_some_and(|now| *now != url);
        if !leads_elsewhere || new.values().any(|now| *now == url) || after.formerly(name) == Some(url) {
            continue;
        }
        let count = people(name)?;
        let are = match count {
            0 => continue,
            1 => "1 person is".to_owned(),
            n => format!("{n} people are"),
        };
        let message = format!("`[connector.{name}]` leads elsewhere, and {are} in groups at {url}");
        let way_out = format!(
            "keep `{url}` under another name beside it, such as `[connector.{name}-old]`, so that they leave it; or say `formerly = \"{url}\"` if it is the same system, or gone"
        );
        refusals.push(Refusal {
            code: &codes::E0511,
            why: Why::Rule,
            address: None,
            message,
            way_out,
            lift: None,
            at: Span::NONE,
            place: None,
        });
    }
    Ok(refusals)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{WRIT_TOML, read_settings};
    use crate::diag::{Diagnostics, SourceFile, Sources};

    fn applied(connectors: &str) -> AppliedSettings {
        let sources = Sources::new(vec![SourceFile::new(WRIT_TOML, format!("[workspace]\nname = \"test\"\n{connectors}"))]);
        let mut found = Diagnostics::new();
        let settings = read_settings(&sources, &mut found).unwrap();
        assert!(!found.has_errors(), "{found:?}");
        settings.applied()
    }

    #[test]
    fn only_who_is_left_behind_stands_in_the_way() {
        let at =
            |name: &str, url: &str, more: &str| format!("[connector.{name}]\ntype = \"scim\"\nurl = \"https://{url}.example\"\n{more}");
        let told = |after: &str, people: usize| -> Vec<String> {
            let refusals = forgotten::<()>(&applied(&at("crm", "old", "")), &applied(after), |name| {
                assert_eq!(name, "crm");
                Ok(people)
            });
            refusals.unwrap().into_iter().map(|r| r.message).collect()
        };
        let new = at("crm", "new", "");
        assert_eq!(told(&new, 2), ["`[connector.crm]` leads elsewhere, and 2 people are in groups at https://old.example"]);
        assert_eq!(told(&new, 1), ["`[connector.crm]` leads elsewhere, and 1 person is in groups at https://old.example"]);
        let none: [&str; 0] = [];
        assert_eq!(told(&new, 0), none);
        // Where it leads nowhere else, nowhere at all, or where it led under another name.
        assert_eq!(told(&at("crm", "old", "timeout = \"2m\"\n"), 2), none);
        assert_eq!(told("", 2), none);
        assert_eq!(told(&format!("{new}{}", at("crm-old", "old", "")), 2), none);
        assert_eq!(told(&at("crm", "new", "formerly = \"https://old.example\"\n"), 2), none);
        assert_eq!(told(&at("crm", "new", "formerly = \"https://older.example\"\n"), 2).len(), 1);
    }
}
