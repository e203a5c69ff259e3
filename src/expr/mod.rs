//! CEL: the rules of dynamic groups and automatic policies, and the expressions of checks.
//!
//! In: the text of an expression, and what is said of a user, or values by name. Out: whether it is one, or where it stops being
//! one; whether it holds.
//! Invariants: no effect and no state; what cannot be evaluated is an error, and never a yes or a no; an expression of a check
//! takes no more work than it has fuel for (`eval`).

mod eval;
mod expression;
mod value;

pub use eval::Fuel;
pub use expression::{Expression, Variables};
pub use value::{Fields, Val};

use std::sync::{Arc, LazyLock};

/// Why a text is no expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRule {
    /// The character at which it fails, from 1.
    pub column: usize,
    /// What was expected there.
    pub message: String,
}

/// The longest rule, in bytes: deep nesting is bounded by it.
pub const LONGEST: usize = 2_000;

/// Checks the syntax of a rule over one user.
///
/// # Errors
/// [`BadRule`] when it does not parse, or speaks of anything but `user`.
pub fn check_rule(text: &str) -> Result<(), BadRule> {
    compiled(text).map(drop)
}

fn compiled(text: &str) -> Result<cel::Program, BadRule> {
    let bad = |column, message: &str| Err(BadRule { column, message: message.to_owned() });
    if text.trim().is_empty() {
        return bad(1, "an expression is expected");
    }
    if text.len() > LONGEST || deepest(text) > LEVELS {
        return bad(1, "too long or too deep");
    }
    let program = match cel::Program::compile(text) {
        Ok(program) => program,
        Err(errors) => {
            let first = errors.errors.first();
            let column = first.map_or(1, |e| usize::try_from(e.pos.1).unwrap_or(1));
            let message = first.map_or_else(String::new, |e| e.msg.trim_start_matches("Syntax error: ").to_owned());
            return Err(BadRule { column, message: shorten(&message) });
        }
    };
    let references = program.references();
    let mut variables = references.variables();
    variables.sort_unstable();
    if let Some(other) = variables.into_iter().find(|v| *v != "user") {
        let column = text.find(other).map_or(1, |i| i.saturating_add(1));
        return bad(column, &format!("`{other}` is not known here; a rule speaks of `user`"));
    }
    Ok(program)
}

/// What a rule can ask of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field<'a> {
    /// A text; empty where nothing is said.
    Text(&'a str),
    /// Yes or no.
    Flag(bool),
}

/// What every expression may call. To build it takes longer than to ask most rules, so it is built once.
static FUNCTIONS: LazyLock<Arc<cel::Env>> = LazyLock::new(|| Arc::new(cel::Env::stdlib()));

/// A rule that is asked of many.
pub struct Rule(cel::Program);

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// As [`check_rule`].
    pub fn read(text: &str) -> Result<Rule, BadRule> {
        compiled(text).map(Rule)
    }

    /// Whether it holds of a user.
    ///
    /// # Errors
    /// Why it cannot be told: a field that there is not, or an answer that is neither yes nor no.
    pub fn holds<'n, 'a>(&self, user: impl IntoIterator<Item = (&'n str, Field<'a>)>) -> Result<bool, String> {
        let value = |field: Field<'_>| match field {
            Field::Text(text) => cel::Value::from(text),
            Field::Flag(flag) => cel::Value::from(flag),
        };
        let fields: std::collections::HashMap<String, cel::Value> =
            user.into_iter().map(|(name, field)| (name.to_owned(), value(field))).collect();
        let mut context = cel::Context::with_env(Arc::clone(&FUNCTIONS));
        context.add_variable_from_value("user", fields);
        match self.0.execute(&context) {
            Ok(cel::Value::Bool(holds)) => Ok(holds),
            Ok(_) => Err("it answers neither yes nor no".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// The most levels that a text is parsed with.
const LEVELS: usize = 96;

/// The levels of a bracket, which takes whoever reads it through every rule of the grammar.
const BRACKET: usize = 4;

/// How deep an expression may get, going by its text alone: brackets in each other, and what is chained without brackets (`a + b + c`,
/// `a.b.c`), which nests too. `&&`, `||` and commas begin anew, since what they join stands side by side.
fn deepest(text: &str) -> usize {
    // How much is chained so far, for each bracket that is open.
    let mut chained = vec![0usize];
    let mut most = 0usize;
    let (mut quote, mut before) = (None, ' ');
    for c in text.chars() {
        let here = chained.last_mut();
        match (quote, c) {
            (Some(q), _) if c == q && before != '\\' => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '&' | '|' | ',') => here.into_iter().for_each(|n| *n = 0),
            (None, '=') if "<>=!".contains(before) => {}
            (None, '+' | '-' | '*' | '/' | '%' | '<' | '>' | '=' | '!' | '?' | '.') => {
                here.into_iter().for_each(|n| *n = n.saturating_add(1))
            }
            (None, '(' | '[' | '{') => {
                // Of `a[0][0]` each is in the next.
                here.into_iter().for_each(|n| *n = n.saturating_add(1));
                chained.push(0);
            }
            (None, ')' | ']' | '}') if chained.len() > 1 => drop(chained.pop()),
            _ => {}
        }
        let open = chained.len().saturating_sub(1).saturating_mul(BRACKET);
        most = most.max(chained.iter().sum::<usize>().saturating_add(open));
        before = c;
    }
    most
}

/// The parser lists every token it would have taken; people need only what it found.
fn shorten(message: &str) -> String {
    message.split(" expecting ").next().unwrap_or(message).trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_speak_of_users() {
        assert_eq!(check_rule("user.department == 'Marketing' && user.enabled"), Ok(()));
        assert_eq!(check_rule("user.department in ['A', 'B'] || user.mail.endsWith('@x.example')"), Ok(()));
        let bad = check_rule("user.department == 'M' && user.enabled &&").unwrap_err();
        assert!(bad.column > 40 && bad.message.contains("mismatched input"), "{bad:?}");
        assert!(check_rule("group.name == 'x'").unwrap_err().message.contains("`group` is not known"));
        assert!(check_rule("").is_err());
        assert!(check_rule(&"(".repeat(100)).is_err());
    }

    #[test]
    fn what_is_chained_is_as_deep_as_what_is_nested() {
        let chain = |part: &str, n: usize| format!("1{} == 1", part.repeat(n));
        for part in ["+1", " - 1", "[0]", ".a", " < 1", "? 1 : 1", ".all(x, x)"] {
            assert!(check_rule(&chain(part, 150)).is_err_and(|bad| bad.message == "too long or too deep"), "{part}");
        }
        // Nor is one that is just allowed too deep for whoever reads it.
        for part in ["+1", "[0]", ".a", "*1"] {
            assert_eq!(check_rule(&chain(part, 90)), Ok(()), "{part}");
        }
        assert!(check_rule(&"!".repeat(150)).is_err() && check_rule(&"-".repeat(150)).is_err());
        let many = (0..60).map(|n| format!("user.department == 'D{n}.-+'")).collect::<Vec<_>>().join(" || ");
        assert_eq!(check_rule(&many), Ok(()));
    }

    #[test]
    fn a_rule_holds_or_not_or_cannot_be_told() {
        let holds = |rule: &str, department, enabled| {
            Rule::read(rule).unwrap().holds([("department", Field::Text(department)), ("enabled", Field::Flag(enabled))])
        };
        let marketing = "user.department == 'Marketing' && user.enabled";
        assert_eq!(holds(marketing, "Marketing", true), Ok(true));
        assert_eq!(holds(marketing, "Marketing", false), Ok(false));
        assert_eq!(holds("user.department.startsWith('M')", "", true), Ok(false));
        assert!(holds("user.salary > 3", "M", true).is_err());
        assert!(holds("user.department", "M", true).unwrap_err().contains("neither"));
    }
}
