//! An expression of a check: compiled once, held against many things.

use super::eval::{Eval, FUNCTIONS, Fuel};
use super::value::Val;
use super::{BadRule, LEVELS, LONGEST, deepest, shorten};
use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr};
use std::collections::{BTreeMap, BTreeSet};

/// Steps of one evaluation.
const STEPS: u64 = 2_000_000;

/// The most levels of an expression.
const DEEPEST: usize = 128;

/// The variables that an expression may speak of: a name, and its fields; no fields where any may be asked for.
pub type Variables = BTreeMap<&'static str, Option<Vec<&'static str>>>;

/// A compiled expression.
pub struct Expression {
    program: cel::Program,
    /// The variables that it speaks of.
    asks: BTreeSet<String>,
}

impl Expression {
    /// Compiles a text that may speak of these variables.
    ///
    /// # Errors
    /// [`BadRule`] when it does not parse, is too long or too deep, or speaks of a variable, a field or a function that there is not.
    pub fn compile(text: &str, variables: &Variables) -> Result<Expression, BadRule> {
        let bad = |column, message: String| BadRule { column, message };
        if text.trim().is_empty() {
            return Err(bad(1, "an expression is expected".to_owned()));
        }
        if text.len() > LONGEST || deepest(text) > LEVELS {
            return Err(bad(1, "too long or too deep".to_owned()));
        }
        let program = cel::Program::compile(text).map_err(|errors| {
            let first = errors.errors.first();
            let at = first.map_or((1, 1), |e| e.pos);
            bad(column(text, at), first.map_or_else(String::new, |e| shorten(e.msg.trim_start_matches("Syntax error: "))))
        })?;
        let mut walk = Walk { variables, asks: BTreeSet::new(), wrong: None, locals: Vec::new() };
        walk.all(program.expression(), 0);
        let Walk { asks, wrong, .. } = walk;
        match wrong {
            None => Ok(Expression { program, asks }),
            Some((id, message)) => {
                let start = program.source_info().offset_for(id).map_or(0, |(start, _)| start as usize);
                Err(bad(text.get(..start).map_or(1, |before| before.chars().count().saturating_add(1)), message))
            }
        }
    }

    /// Whether it speaks of a variable: others need not be worked out.
    #[must_use]
    pub fn asks(&self, variable: &str) -> bool {
        self.asks.contains(variable)
    }

    /// Whether it holds.
    ///
    /// # Errors
    /// Why it cannot be told: a key that there is not, an answer that is neither yes nor no, too much work.
    pub fn holds(&self, variables: &BTreeMap<&str, Val>, fuel: &mut Fuel) -> Result<bool, String> {
        let mut own = fuel.take(STEPS);
        let answer = Eval { variables, locals: Vec::new(), fuel: &mut own }.value(self.program.expression());
        fuel.give(&own);
        match answer? {
            Val::Bool(holds) => Ok(holds),
            other => Err(format!("it answers neither yes nor no, but {}", other.sort())),
        }
    }
}

/// The character of a place that the parser tells as line and column.
fn column(text: &str, (line, column): (isize, isize)) -> usize {
    let above = usize::try_from(line).unwrap_or(1).saturating_sub(1);
    let before: usize = text.split_inclusive('\n').take(above).map(|line| line.chars().count()).sum();
    before.saturating_add(usize::try_from(column).unwrap_or(1).max(1))
}

/// Looks for what there is not, before anything is evaluated.
struct Walk<'e> {
    variables: &'e Variables,
    asks: BTreeSet<String>,
    locals: Vec<&'e str>,
    wrong: Option<(u64, String)>,
}

impl<'e> Walk<'e> {
    fn refuse(&mut self, id: u64, message: String) {
        self.wrong.get_or_insert((id, message));
    }

    fn all(&mut self, expression: &'e IdedExpr, depth: usize) {
        let deeper = depth.saturating_add(1);
        if deeper > DEEPEST {
            return self.refuse(expression.id, "too deep".to_owned());
        }
        match &expression.expr {
            Expr::Ident(name) => self.variable(expression.id, name),
            Expr::Select(select) => {
                if let Expr::Ident(name) = &select.operand.expr
                    && !self.locals.contains(&name.as_str())
                    && let Some(Some(fields)) = self.variables.get(name.as_str())
                    && !fields.contains(&select.field.as_str())
                {
                    let near = crate::diag::suggest(&select.field, fields.iter().copied());
                    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                    self.refuse(expression.id, format!("`{name}` has no `{}`{near}", select.field));
                }
                self.all(&select.operand, deeper);
            }
            Expr::Call(call) => {
                let name = call.func_name.as_str();
                if name.starts_with(|c: char| c.is_ascii_alphabetic()) && !FUNCTIONS.contains(&name) {
                    self.refuse(expression.id, format!("there is no `{name}` here; the functions are {}", FUNCTIONS.join(", ")));
                }
                call.target.as_deref().into_iter().chain(&call.args).for_each(|e| self.all(e, deeper));
            }
            Expr::List(list) => list.elements.iter().for_each(|e| self.all(e, deeper)),
            Expr::Map(map) => {
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        self.all(&entry.key, deeper);
                        self.all(&entry.value, deeper);
                    }
                }
            }
            Expr::Comprehension(all) => {
                self.all(&all.iter_range, deeper);
                self.all(&all.accu_init, deeper);
                self.locals.extend([all.iter_var.as_str(), all.accu_var.as_str()]);
                [&all.loop_cond, &all.loop_step, &all.result].into_iter().for_each(|e| self.all(e, deeper));
                self.locals.truncate(self.locals.len().saturating_sub(2));
            }
            Expr::Struct(made) => self.refuse(expression.id, format!("there is no `{}` here", made.type_name)),
            Expr::Literal(_) | Expr::Unspecified => {}
        }
    }

    fn variable(&mut self, id: u64, name: &'e str) {
        if self.locals.contains(&name) {
            return;
        }
        if self.variables.contains_key(name) {
            self.asks.insert(name.to_owned());
        } else {
            let known = self.variables.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            self.refuse(id, format!("`{name}` is not known here; it may speak of {known}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;
    use std::time::{Duration, Instant};

    fn variables() -> Variables {
        BTreeMap::from([("policy", Some(vec!["outside", "name", "days", "members"])), ("plan", None)])
    }

    fn values() -> BTreeMap<&'static str, Val> {
        let members = Val::list(vec![Val::text("ann"), Val::text("bob")]);
        let fields = [("outside", Val::Bool(true)), ("name", Val::text("sales")), ("days", Val::Int(90)), ("members", members)];
        let fields = fields.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect();
        BTreeMap::from([("policy", Val::map(fields)), ("plan", Val::Null)])
    }

    fn told(text: &str) -> Result<bool, String> {
        let expression = Expression::compile(text, &variables()).map_err(|bad| format!("{}: {}", bad.column, bad.message))?;
        expression.holds(&values(), &mut Fuel::new(STEPS))
    }

    #[test]
    fn what_holds_and_what_does_not() {
        for (text, holds) in [
            ("policy.outside && policy.days <= 90", true),
            ("policy.days > 90.5 || policy.name.startsWith('x')", false),
            ("policy.name in ['hr', 'sales'] && !('zoe' in policy.members)", true),
            ("policy.members.all(m, m.size() == 3) && policy.members.exists_one(m, m == 'ann')", true),
            ("policy.members.map(m, m + '@x').filter(m, m.contains('bob')) == ['bob@x']", true),
            ("policy.members.exists(m, m.matches('^b.b$'))", true),
            ("size(policy.members) == 2 ? policy.members[1] == 'bob' : false", true),
            ("has(policy.days) && {'a': 1}['a'] == 1 && -1 < 0 && 7 % 2 == 1", true),
            ("1 == '1'", false),
            // What decides is enough, whatever is wrong with the other side.
            ("policy.members[7] == 'x' || policy.outside", true),
            ("!policy.outside && 1 / 0 == 1", false),
        ] {
            assert_eq!(told(text), Ok(holds), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_told_says_why() {
        for (text, why) in [
            ("policy.members[7] == 'x'", "no member 7"),
            ("1 / 0 == 1", "divided by zero"),
            ("policy.days + 'x' == 1", "cannot be reckoned"),
            ("policy.days", "neither yes nor no"),
            ("policy.name < 3", "no order"),
            ("policy.name.matches('(')", "no pattern"),
            ("9223372036854775807 + 1 > 0", "too large"),
        ] {
            assert!(told(text).is_err_and(|e| e.contains(why)), "{text}: {:?}", told(text));
        }
    }

    #[test]
    fn what_is_not_there_is_told_with_its_place() {
        for (text, why) in [
            ("policy.outside && policy.dasy > 3", "25: `policy` has no `dasy`; did you mean `days`?"),
            ("policy.outside && group.x", "19: `group` is not known here; it may speak of `plan`, `policy`"),
            ("true && policy.name.lower() == 'x'", "there is no `lower` here"),
            ("policy.outside &&", "18: "),
            ("true\n&& policy.nme == ''", "`policy` has no `nme`"),
        ] {
            assert!(told(text).is_err_and(|e| e.contains(why)), "{text}: {:?}", told(text));
        }
    }

    #[test]
    fn a_hostile_expression_ends_early() {
        let ten = "[1,2,3,4,5,6,7,8,9,0]";
        let mut nested = "true".to_owned();
        for n in 0..9 {
            nested = format!("{ten}.all(x{n},{nested})");
        }
        let doubled = format!("['xxxxxxxxxxxxxxxx']{}.size() == 1", ".map(x,x+x)".repeat(44));
        let grown = format!("[[1]]{}.size() == 1", ".map(x,x+x+x+x+x+x+x+x)".repeat(40));
        let deep = format!("1{} > 0", "+1".repeat(900));
        let pattern = "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'.matches('(((a{9999})*)*)*$')".to_owned();
        for text in [nested, doubled, grown, deep, pattern] {
            let began = Instant::now();
            assert!(told(&text).is_err_and(|why| why.contains("too ") || why.contains("no pattern")), "{text}: {:?}", told(&text));
            assert!(began.elapsed() < Duration::from_secs(20), "{text} took {:?}", began.elapsed());
        }
    }
}
