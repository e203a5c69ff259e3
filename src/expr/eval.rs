//! What an expression of a check comes to: an evaluator whose every step is paid for, so that a hostile expression ends early.
//!
//! In: a parsed expression, values by name, and fuel. Out: a value, or why there is none.
//! Invariants: it takes no more steps, and holds no more memory, than its fuel pays for; one level of the expression is one
//! call deep, and compiling bounds the levels.

use super::value::{Fields, Val};
use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, operators as op};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What steps cost is paid from it.
#[derive(Debug)]
pub struct Fuel {
    left: u64,
}

impl Fuel {
    /// So many steps.
    #[must_use]
    pub fn new(steps: u64) -> Fuel {
        Fuel { left: steps }
    }

    /// Takes the steps of one evaluation out, as many as there are; what is not used comes back by [`Fuel::give`].
    #[must_use]
    pub fn take(&mut self, steps: u64) -> Fuel {
        let steps = steps.min(self.left);
        self.left = self.left.saturating_sub(steps);
        Fuel { left: steps }
    }

    /// Gives back what was not used.
    pub fn give(&mut self, unused: &Fuel) {
        self.left = self.left.saturating_add(unused.left);
    }

    fn pay(&mut self, steps: usize) -> Outcome<()> {
        self.left = self.left.checked_sub(steps as u64).ok_or_else(|| "it takes too many steps".to_owned())?;
        Ok(())
    }
}

/// A value, or why there is none.
type Outcome<T> = Result<T, String>;

/// The functions that there are, for those who compile. Those of one argument may be written `x.f()` too, but for conversions.
pub(super) const FUNCTIONS: &[&str] = &["contains", "double", "endsWith", "int", "matches", "size", "startsWith", "string"];

/// One evaluation.
pub(super) struct Eval<'e> {
    pub variables: &'e BTreeMap<&'e str, Val>,
    /// The variables of comprehensions, innermost last.
    pub locals: Vec<(&'e str, Val)>,
    pub fuel: &'e mut Fuel,
}

impl<'e> Eval<'e> {
    pub fn value(&mut self, expression: &'e IdedExpr) -> Outcome<Val> {
        self.fuel.pay(1)?;
        match &expression.expr {
            Expr::Literal(literal) => literal_of(literal),
            Expr::Ident(name) => self.variable(name),
            Expr::Select(select) => {
                let operand = self.value(&select.operand)?;
                let Val::Map(fields) = &operand else { return Err(format!("{} has no field `{}`", operand.sort(), select.field)) };
                match fields.get(select.field.as_str()) {
                    found if select.test => Ok(Val::Bool(found.is_some())),
                    Some(found) => Ok(found.clone()),
                    None => Err(format!("there is no `{}`", select.field)),
                }
            }
            Expr::List(list) => {
                let members = list.elements.iter().map(|member| self.value(member)).collect::<Outcome<_>>()?;
                Ok(Val::list(members))
            }
            Expr::Map(map) => {
                let mut fields = Fields::new();
                for entry in &map.entries {
                    let EntryExpr::MapEntry(entry) = &entry.expr else { return Err(unknown()) };
                    let Val::Text(key) = self.value(&entry.key)? else { return Err("the keys of a table are texts".to_owned()) };
                    fields.insert(Cow::Owned(key.to_string()), self.value(&entry.value)?);
                }
                Ok(Val::map(fields))
            }
            Expr::Comprehension(all) => self.comprehension(all),
            Expr::Call(call) => self.call(call),
            Expr::Struct(_) | Expr::Unspecified => Err(unknown()),
        }
    }

    fn variable(&self, name: &str) -> Outcome<Val> {
        let local = self.locals.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| value);
        local.or_else(|| self.variables.get(name)).cloned().ok_or_else(|| format!("there is no `{name}`"))
    }

    fn truth(&mut self, expression: &'e IdedExpr) -> Outcome<bool> {
        match self.value(expression)? {
            Val::Bool(truth) => Ok(truth),
            other => Err(format!("{} is neither true nor false", other.sort())),
        }
    }

    /// `all`, `exists`, `exists_one`, `map` and `filter`.
    fn comprehension(&mut self, all: &'e ComprehensionExpr) -> Outcome<Val> {
        let range = match self.value(&all.iter_range)? {
            Val::List(members) => members,
            Val::Map(fields) => {
                self.fuel.pay(fields.len())?;
                Rc::new(fields.keys().map(|key| Val::text(key)).collect())
            }
            other => return Err(format!("{} has no members", other.sort())),
        };
        let mut result = self.value(&all.accu_init)?;
        for member in range.iter() {
            self.locals.push((&all.accu_var, result.clone()));
            let goes_on = self.truth(&all.loop_cond);
            self.locals.pop();
            if !goes_on? {
                break;
            }
            self.locals.push((&all.iter_var, member.clone()));
            let stepped = self.step(&all.loop_step, &all.accu_var, result);
            self.locals.pop();
            result = stepped?;
        }
        self.locals.push((&all.accu_var, result));
        let result = self.value(&all.result);
        self.locals.pop();
        result
    }

    /// One more member. A list that grows is not copied for each.
    fn step(&mut self, step: &'e IdedExpr, name: &'e str, result: Val) -> Outcome<Val> {
        let is_result = |e: &IdedExpr| matches!(&e.expr, Expr::Ident(n) if n == name);
        if is_result(step) {
            return Ok(result);
        }
        if let Expr::Call(CallExpr { func_name, target: None, args }) = &step.expr {
            match (func_name.as_str(), args.as_slice()) {
                (op::CONDITIONAL, [when, then, otherwise]) => {
                    let chosen = if self.truth(when)? { then } else { otherwise };
                    return self.step(chosen, name, result);
                }
                (op::ADD, [before, more]) if is_result(before) => {
                    if let (Val::List(mut members), Expr::List(more)) = (result.clone(), &more.expr) {
                        drop(result);
                        for member in &more.elements {
                            let member = self.value(member)?;
                            Rc::make_mut(&mut members).push(member);
                        }
                        return Ok(Val::List(members));
                    }
                }
                _ => {}
            }
        }
        self.locals.push((name, result));
        let stepped = self.value(step);
        self.locals.pop();
        stepped
    }

    fn call(&mut self, call: &'e CallExpr) -> Outcome<Val> {
        let name = call.func_name.as_str();
        let arguments: Vec<&'e IdedExpr> = call.target.as_deref().into_iter().chain(&call.args).collect();
        match (name, arguments.as_slice()) {
            (op::LOGICAL_AND, [a, b]) => self.either(a, b, false),
            (op::LOGICAL_OR, [a, b]) => self.either(a, b, true),
            (op::CONDITIONAL, [when, then, otherwise]) => {
                let chosen = if self.truth(when)? { then } else { otherwise };
                self.value(chosen)
            }
            (op::LOGICAL_NOT, [a]) => Ok(Val::Bool(!self.truth(a)?)),
            // What cannot be told ends an evaluation, so what is there is never an error.
            (op::NOT_STRICTLY_FALSE, [a]) => self.value(a),
            (name, [a]) => {
                let a = self.value(a)?;
                self.fuel.pay(a.weight())?;
                unary(name, &a)
            }
            (name, [a, b]) => {
                let (a, b) = (self.value(a)?, self.value(b)?);
                self.binary(name, &a, &b)
            }
            _ => Err(unknown()),
        }
    }

    /// `&&` and `||`: one side that decides is enough, whatever is wrong with the other.
    fn either(&mut self, a: &'e IdedExpr, b: &'e IdedExpr, decides: bool) -> Outcome<Val> {
        let first = self.truth(a);
        if first == Ok(decides) {
            return Ok(Val::Bool(decides));
        }
        match (first, self.truth(b)) {
            (_, Ok(second)) if second == decides => Ok(Val::Bool(decides)),
            (Err(why), _) | (_, Err(why)) => Err(why),
            (Ok(_), Ok(_)) => Ok(Val::Bool(!decides)),
        }
    }

    fn binary(&mut self, name: &str, a: &Val, b: &Val) -> Outcome<Val> {
        self.fuel.pay(a.weight().saturating_add(b.weight()))?;
        let order = || order(a, b).ok_or_else(|| format!("{} and {} have no order", a.sort(), b.sort()));
        Ok(match name {
            op::EQUALS => Val::Bool(self.same(a, b)?),
            op::NOT_EQUALS => Val::Bool(!self.same(a, b)?),
            op::LESS => Val::Bool(order()? == Ordering::Less),
            op::LESS_EQUALS => Val::Bool(order()? != Ordering::Greater),
            op::GREATER => Val::Bool(order()? == Ordering::Greater),
            op::GREATER_EQUALS => Val::Bool(order()? != Ordering::Less),
            op::IN => match b {
                Val::List(members) => {
                    for member in members.iter() {
                        if self.same(a, member)? {
                            return Ok(Val::Bool(true));
                        }
                    }
                    Val::Bool(false)
                }
                Val::Map(fields) => Val::Bool(matches!(a, Val::Text(key) if fields.contains_key(&**key))),
                other => return Err(format!("nothing is in {}", other.sort())),
            },
            op::INDEX => match (a, b) {
                (Val::List(members), Val::Int(n)) => {
                    let found = usize::try_from(*n).ok().and_then(|n| members.get(n));
                    found.cloned().ok_or_else(|| format!("there is no member {n}"))?
                }
                (Val::Map(fields), Val::Text(key)) => fields.get(&**key).cloned().ok_or_else(|| format!("there is no `{key}`"))?,
                _ => return Err(format!("{} is not looked into by {}", a.sort(), b.sort())),
            },
            op::ADD | op::SUBSTRACT | op::MULTIPLY | op::DIVIDE | op::MODULO => arithmetic(name, a, b)?,
            "contains" | "startsWith" | "endsWith" | "matches" => {
                let (Val::Text(text), Val::Text(part)) = (a, b) else { return Err(format!("`{name}` is asked of two texts")) };
                Val::Bool(match name {
                    "contains" => text.contains(&**part),
                    "startsWith" => text.starts_with(&**part),
                    "endsWith" => text.ends_with(&**part),
                    _ => {
                        self.fuel.pay(text.len().saturating_mul(8).saturating_add(part.len().saturating_mul(64)))?;
                        let pattern = regex_lite::RegexBuilder::new(part).size_limit(1 << 15).build();
                        pattern.map_err(|_| format!("`{part}` is no pattern"))?.is_match(text)
                    }
                })
            }
            _ => return Err(unknown()),
        })
    }

    /// Whether two values say the same; what is of another sort is another.
    fn same(&mut self, a: &Val, b: &Val) -> Outcome<bool> {
        self.fuel.pay(1_usize.saturating_add(a.weight().min(b.weight())))?;
        match (a, b) {
            (Val::Int(_) | Val::Double(_), Val::Int(_) | Val::Double(_)) => Ok(order(a, b) == Some(Ordering::Equal)),
            (Val::List(x), Val::List(y)) if x.len() == y.len() => {
                for (x, y) in x.iter().zip(y.iter()) {
                    if !self.same(x, y)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Val::Map(x), Val::Map(y)) if x.len() == y.len() => {
                for ((name, x), (other, y)) in x.iter().zip(y.iter()) {
                    if name != other || !self.same(x, y)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Val::List(_) | Val::Map(_), _) => Ok(false),
            (a, b) => Ok(a == b),
        }
    }
}

fn unknown() -> String {
    "it asks for something that there is not".to_owned()
}

fn literal_of(literal: &LiteralValue) -> Outcome<Val> {
    Ok(match literal {
        LiteralValue::Boolean(b) => Val::Bool(*b.inner()),
        LiteralValue::Double(n) => Val::Double(*n.inner()),
        LiteralValue::Int(n) => Val::Int(*n.inner()),
        LiteralValue::UInt(n) => Val::Int(i64::try_from(*n.inner()).map_err(|_| "a number is too large".to_owned())?),
        LiteralValue::String(text) => Val::text(text.inner()),
        LiteralValue::Null => Val::Null,
        LiteralValue::Bytes(_) => return Err(unknown()),
    })
}

#[expect(clippy::cast_precision_loss, reason = "CEL compares numbers of both sorts as such")]
fn order(a: &Val, b: &Val) -> Option<Ordering> {
    match (a, b) {
        (Val::Int(a), Val::Int(b)) => Some(a.cmp(b)),
        (Val::Double(a), Val::Double(b)) => a.partial_cmp(b),
        (Val::Int(a), Val::Double(b)) => (*a as f64).partial_cmp(b),
        (Val::Double(a), Val::Int(b)) => a.partial_cmp(&(*b as f64)),
        (Val::Text(a), Val::Text(b)) => Some(a.cmp(b)),
        (Val::Bool(a), Val::Bool(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "conversions that a check asks for in so many words")]
fn unary(name: &str, a: &Val) -> Outcome<Val> {
    let length = |n: usize| Val::Int(i64::try_from(n).unwrap_or(i64::MAX));
    match (name, a) {
        (op::NEGATE, Val::Int(n)) => n.checked_neg().map(Val::Int).ok_or_else(|| "a number is too large".to_owned()),
        (op::NEGATE, Val::Double(n)) => Ok(Val::Double(-n)),
        ("size", Val::Text(text)) => Ok(length(text.chars().count())),
        ("size", Val::List(members)) => Ok(length(members.len())),
        ("size", Val::Map(fields)) => Ok(length(fields.len())),
        ("int", Val::Int(_)) | ("double", Val::Double(_)) => Ok(a.clone()),
        ("int", Val::Double(n)) => Ok(Val::Int(*n as i64)),
        ("int", Val::Text(text)) => text.trim().parse().map(Val::Int).map_err(|_| format!("`{text}` is no whole number")),
        ("double", Val::Int(n)) => Ok(Val::Double(*n as f64)),
        ("double", Val::Text(text)) => text.trim().parse().map(Val::Double).map_err(|_| format!("`{text}` is no number")),
        ("string", Val::Text(_)) => Ok(a.clone()),
        ("string", Val::Bool(_) | Val::Int(_) | Val::Double(_)) => Ok(Val::text(&a.to_string())),
        _ => Err(format!("{} has none of that: `{}`", a.sort(), name.trim_matches(['_', '-', '!']))),
    }
}

fn arithmetic(name: &str, a: &Val, b: &Val) -> Outcome<Val> {
    let wrong = || format!("{} and {} cannot be reckoned with", a.sort(), b.sort());
    match (a, b) {
        (Val::Int(a), Val::Int(b)) => {
            let found = match name {
                op::ADD => a.checked_add(*b),
                op::SUBSTRACT => a.checked_sub(*b),
                op::MULTIPLY => a.checked_mul(*b),
                op::DIVIDE => a.checked_div(*b),
                _ => a.checked_rem(*b),
            };
            found.map(Val::Int).ok_or_else(|| "a number is too large, or divided by zero".to_owned())
        }
        (Val::Double(a), Val::Double(b)) => Ok(Val::Double(match name {
            op::ADD => a + b,
            op::SUBSTRACT => a - b,
            op::MULTIPLY => a * b,
            op::DIVIDE => a / b,
            _ => return Err(wrong()),
        })),
        (Val::Text(a), Val::Text(b)) if name == op::ADD => Ok(Val::text(&format!("{a}{b}"))),
        (Val::List(a), Val::List(b)) if name == op::ADD => Ok(Val::list(a.iter().chain(b.iter()).cloned().collect())),
        _ => Err(wrong()),
    }
}
