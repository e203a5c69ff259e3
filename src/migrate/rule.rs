//! Membership rules of dynamic groups, as CEL.
//!
//! Only what means the same is translated: comparisons of the properties that a user has here, joined by `-and`, `-or`, `-not`. All
//! else is no rule here, and `None`. Texts are compared without regard to case over there, and with it here: a property that is
//! compared is what it is in the directory, so that a rule which spells it otherwise is told by nobody; it is better not to have
//! the rule than to have one that takes in too many, and one that takes in too few is seen.

use crate::expr::check_rule;

/// The properties by their names over there; whether they are a yes or no.
const PROPERTIES: &[(&str, &str, bool)] = &[
    ("user.accountenabled", "user.enabled", true),
    ("user.department", "user.department", false),
    ("user.displayname", "user.display_name", false),
    ("user.mail", "user.mail", false),
    ("user.userprincipalname", "user.user_principal_name", false),
    ("user.usertype", "user.type", false),
];

/// The rule in CEL, if all of it can be said.
#[must_use]
pub fn cel(rule: &str) -> Option<String> {
    if rule.len() > crate::expr::LONGEST {
        return None;
    }
    let tokens = tokens(rule)?;
    let mut reader = Reader { tokens: &tokens, depth: 0 };
    let text = reader.or()?;
    (reader.tokens.is_empty() && check_rule(&text).is_ok()).then_some(text)
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    /// A word: a property, an operator, `true`.
    Word(String),
    Text(String),
}

fn tokens(rule: &str) -> Option<Vec<Token>> {
    let mut out = Vec::new();
    let mut chars = rule.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '(' => out.push(Token::Open),
            ')' => out.push(Token::Close),
            '"' | '\'' => {
                let mut text = String::new();
                loop {
                    match chars.next()? {
                        end if end == c => break,
                        '\\' | '`' => return None,
                        other => text.push(other),
                    }
                }
                out.push(Token::Text(text));
            }
            c if c.is_whitespace() => {}
            c => {
                let mut word = String::from(c);
                while let Some(next) = chars.next_if(|n| !n.is_whitespace() && !matches!(n, '(' | ')' | '"' | '\'')) {
                    word.push(next);
                }
                out.push(Token::Word(word.to_ascii_lowercase()));
            }
        }
    }
    Some(out)
}

struct Reader<'t> {
    tokens: &'t [Token],
    depth: u8,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first.clone())
    }

    fn word(&mut self, words: &[&str]) -> bool {
        let found = matches!(self.tokens.first(), Some(Token::Word(w)) if words.contains(&w.as_str()));
        if found {
            let _ = self.next();
        }
        found
    }

    fn or(&mut self) -> Option<String> {
        let mut all = vec![self.and()?];
        while self.word(&["-or", "or"]) {
            all.push(self.and()?);
        }
        Some(if all.len() == 1 { all.concat() } else { all.join(" || ") })
    }

    fn and(&mut self) -> Option<String> {
        let mut all = vec![self.one()?];
        while self.word(&["-and", "and"]) {
            all.push(self.one()?);
        }
        Some(if all.len() == 1 { all.concat() } else { all.join(" && ") })
    }

    fn one(&mut self) -> Option<String> {
        if self.word(&["-not", "not"]) {
            return Some(format!("!({})", self.one()?));
        }
        match self.next()? {
            Token::Open => {
                self.depth = self.depth.checked_add(1).filter(|d| *d < 32)?;
                let inner = self.or()?;
                self.depth = self.depth.saturating_sub(1);
                (self.next()? == Token::Close)
                    .then(|| if inner.contains(" || ") || inner.contains(" && ") { format!("({inner})") } else { inner })
            }
            Token::Word(property) => self.comparison(&property),
            _ => None,
        }
    }

    fn comparison(&mut self, property: &str) -> Option<String> {
        let (_, name, flag) = PROPERTIES.iter().find(|(known, ..)| *known == property)?;
        let Token::Word(operator) = self.next()? else { return None };
        let operator = operator.trim_start_matches('-').to_owned();
        let value = match self.next()? {
            Token::Word(word) if *flag && matches!(word.as_str(), "true" | "false") => word,
            Token::Text(text) if *flag && matches!(text.to_ascii_lowercase().as_str(), "true" | "false") => text.to_ascii_lowercase(),
            // Members and guests are words here.
            Token::Text(text) if *name == "user.type" => format!("'{}'", text.to_ascii_lowercase()),
            Token::Text(text) if !*flag && !text.contains(['\'', '\\']) && !text.chars().any(char::is_control) => format!("'{text}'"),
            _ => return None,
        };
        match (operator.as_str(), flag) {
            ("eq", _) => Some(format!("{name} == {value}")),
            ("ne", _) => Some(format!("{name} != {value}")),
            ("startswith", false) => Some(format!("{name}.startsWith({value})")),
            ("notstartswith", false) => Some(format!("!{name}.startsWith({value})")),
            ("contains", false) => Some(format!("{name}.contains({value})")),
            ("notcontains", false) => Some(format!("!{name}.contains({value})")),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_can_be_said() {
        for (rule, said) in [
            ("(user.department -eq \"Marketing\")", "user.department == 'Marketing'"),
            ("(user.department -eq \"Sales\") -and (user.accountEnabled -eq true)", "user.department == 'Sales' && user.enabled == true"),
            (
                "(user.userType -eq \"Member\") and (user.department -eq \"A\" or user.department -eq \"B\")",
                "user.type == 'member' && (user.department == 'A' || user.department == 'B')",
            ),
            ("-not (user.mail -contains \"@fabrikam.example\")", "!(user.mail.contains('@fabrikam.example'))"),
        ] {
            assert_eq!(cel(rule).as_deref(), Some(said), "{rule}");
        }
    }

    #[test]
    fn all_else_is_no_rule() {
        for rule in [
            "",
            "user.country -eq \"NL\"",
            "user.department -match \"^M\"",
            "user.department -eq null",
            "user.department -in [\"A\",\"B\"]",
            "(user.department -eq \"A\"",
            "user.department -eq \"A\" extra",
            "user.department -eq \"it's\"",
            "device.deviceOwnership -eq \"Company\"",
            &"(".repeat(1000),
        ] {
            assert_eq!(cel(rule), None, "{rule}");
        }
    }
}
