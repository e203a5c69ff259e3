//! One TOML value into one [`Value`] of a shape, or findings about why not.
//!
//! Past 400 lines, since there is one arm for each shape.

use super::document::{Document, is_hidden};
use super::keys::{fold_principal, is_language, principal_form};
use super::slips::Around;
use crate::diag::{Code, Diagnostic, Diagnostics, Span, codes, did_you_mean, shown};
use crate::expr;
use crate::kinds::{Emptiness, Field, Form, Keys, Shape, TEMPLATE, Text, text};
use crate::model::{Edge, Expiration, Minutes, Node, Table, Value, Zone, instant, is_key, is_user_key};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where decoding happens, and where its findings go.
pub(super) struct Decoder<'d, 'f> {
    pub document: &'d Document<'d>,
    pub zone: Zone,
    /// What is being decoded, for the findings.
    pub address: String,
    pub found: &'f mut Diagnostics,
    /// The current table and those around it, innermost last.
    pub around: Vec<Around>,
}

impl Decoder<'_, '_> {
    pub(super) fn report_help(&mut self, code: &'static Code, span: Span, message: impl Into<String>, help: Option<String>) {
        self.found.push(Diagnostic::new(code, span, message).at(&self.address).maybe_help(help));
    }

    /// The attributes of the table `name`, as its `fields` say. `others` are keys that are no attributes here
    /// (children, `template`), to be skipped and suggested.
    pub fn table(
        &mut self,
        name: &str,
        form: &'static Form,
        fields: &[&'static Field],
        table: &DeTable<'_>,
        header: Span,
        others: &[&str],
    ) -> Table {
        let mut out = Table::with_capacity(table.len());
        self.around.push(Around::new(name, form, others.contains(&TEMPLATE)));
        for (key, value) in table {
            let written = key.get_ref().as_ref();
            if others.contains(&written) {
                continue;
            }
            match fields.iter().find(|f| f.name == written) {
                Some(field) => {
                    let decoded = self.value(&field.shape, value, field.name, field.rule);
                    out.insert(field.name, decoded.unwrap_or_else(|| Value::unread(self.document.span(value.span()))));
                }
                None => self.unknown(written, self.document.span(key.span()), header, fields, others),
            }
        }
        self.alternatives(form, &out);
        for stray in self.around.pop().map(Around::strays).unwrap_or_default() {
            if !out.contains(stray) {
                out.insert(stray, Value::unread(header));
            }
        }
        out
    }

    fn alternatives(&mut self, form: &Form, table: &Table) {
        for alternative in form.alternatives {
            let first = |keys: &[&'static str]| keys.iter().find(|k| table.contains(k)).copied();
            if let (Some(left), Some(right)) = (first(alternative.left), first(alternative.right)) {
                let (a, b) = (table.at(left), table.at(right));
                let message = format!("`{left}` and `{right}` exclude each other");
                let finding = Diagnostic::new(&codes::E0023, b, message).at(&self.address).related(a, format!("`{left}` stands here"));
                self.found.push(finding.help("keep one of them"));
            }
        }
    }

    /// A value of a shape; `rule` is the code of a misshapen one.
    pub fn value(&mut self, shape: &Shape, value: &Spanned<DeValue<'_>>, name: &str, rule: Option<&'static Code>) -> Option<Value> {
        let at = self.document.span(value.span());
        let raw = value.get_ref();
        match shape {
            Shape::Bool => match raw {
                DeValue::Boolean(b) => Some(Value::new(Node::Bool(*b), at)),
                _ => self.wrong(shape, raw, at, name, rule),
            },
            Shape::Count => match whole_number(raw) {
                Some(n) => Some(Value::new(Node::Int(n), at)),
                None => self.wrong(shape, raw, at, name, rule),
            },
            Shape::Share => match (whole_number(raw), raw) {
                (Some(n), _) => Some(Value::new(Node::Int(n), at)),
                (None, DeValue::String(s)) if percent(s).is_some() => Some(Value::text(self.document.word(s), at)),
                _ => self.wrong(shape, raw, at, name, rule),
            },
            Shape::Instant | Shape::Date => self.time(shape, raw, at, name, rule),
            Shape::Expiration => match raw {
                DeValue::Datetime(_) => self.time(shape, raw, at, name, rule),
                DeValue::String(s) if s == Expiration::NEVER => Some(Value::text(self.document.word(s), at)),
                DeValue::String(s) => self.duration(s, (Minutes(Minutes::HOUR), Minutes::days(3660)), at, name, rule, &codes::R129),
                _ => self.wrong(shape, raw, at, name, rule),
            },
            Shape::Set(item, emptiness) => self.set(shape, item, *emptiness, value, name, rule),
            Shape::List(item) => match raw {
                DeValue::Array(items) => {
                    let unread = |v: &Spanned<DeValue<'_>>| Value::unread(self.document.span(v.span()));
                    let members = items.iter().map(|v| self.value(item, v, name, rule).unwrap_or_else(|| unread(v)));
                    let members: Vec<Value> = members.collect();
                    self.twice(members.iter().filter(|m| m.as_text().is_some()), name);
                    Some(Value::new(Node::List(members.into()), at))
                }
                _ => self.wrong(shape, raw, at, name, rule),
            },
            Shape::Table(form) => match raw {
                DeValue::Table(table) => {
                    let fields: Vec<&'static Field> = form.fields.iter().collect();
                    let decoded = self.table(name, form, &fields, table, at, &[]);
                    Some(Value::new(Node::Table(decoded), at))
                }
                _ => self.wrong(shape, raw, at, name, rule),
            },
            Shape::Map(keys, item) => self.map(shape, *keys, item, value, name, rule),
            Shape::Either(words, other) => match (words, raw) {
                (Shape::Choice(known), DeValue::String(s)) if known.contains(&s.as_ref()) => Some(Value::text(self.document.word(s), at)),
                (Shape::Choice(known), DeValue::String(s)) if !matches!(other, Shape::Set(..)) || !s.contains([':', '@']) => {
                    self.not_a_word(s, known, shape, at, name, rule)
                }
                _ => self.value(other, value, name, rule),
            },
            Shape::Text(_) | Shape::Choice(_) | Shape::Duration(..) | Shape::Reference(_) | Shape::Principal(_) | Shape::Rule => {
                match raw {
                    DeValue::String(s) => self.scalar(shape, s, at, name, rule),
                    _ => self.wrong(shape, raw, at, name, rule),
                }
            }
        }
    }

    fn wrong(&mut self, shape: &Shape, raw: &DeValue<'_>, at: Span, name: &str, rule: Option<&'static Code>) -> Option<Value> {
        let message = format!("`{name}` is {}, not {}", shape.describe(), type_of(raw));
        let help = match (shape, raw) {
            (Shape::Bool, DeValue::String(s)) if matches!(s.as_ref(), "true" | "false") => format!("write `{s}` without quotes"),
            (Shape::Count | Shape::Share, DeValue::String(s)) if s.parse::<u32>().is_ok() => format!("write `{s}` without quotes"),
            (_, DeValue::Integer(n)) if matches!(shape, Shape::Expiration | Shape::Duration(..)) && n.radix() == 10 => {
                format!("write `\"{}d\"` for days", n.as_str())
            }
            (Shape::Instant | Shape::Date, DeValue::String(_)) => "dates stand without quotes".to_owned(),
            (Shape::Reference(_), DeValue::Array(_)) => "name one of them, without brackets".to_owned(),
            (Shape::Set(..) | Shape::List(_), DeValue::Table(_)) => "write a list in brackets".to_owned(),
            _ => format!("write {}", shape.describe()),
        };
        self.report_help(rule.unwrap_or(&codes::E0009), at, message, Some(help));
        None
    }

    fn not_a_word(
        &mut self,
        text: &str,
        known: &[&str],
        shape: &Shape,
        at: Span,
        name: &str,
        rule: Option<&'static Code>,
    ) -> Option<Value> {
        let message = format!("`{}` is no `{name}`", shown(text));
        let help = did_you_mean(text, known.iter().copied()).unwrap_or_else(|| format!("it is {}", shape.describe()));
        self.report_help(rule.unwrap_or(&codes::E0015), at, message, Some(help));
        None
    }

    fn scalar(&mut self, shape: &Shape, s: &str, at: Span, name: &str, rule: Option<&'static Code>) -> Option<Value> {
        match shape {
            Shape::Choice(words) if words.contains(&s) => Some(Value::text(self.document.word(s), at)),
            Shape::Choice(words) => self.not_a_word(s, words, shape, at, name, rule),
            Shape::Text(class) => self.text(*class, s, at, name),
            Shape::Duration(least, most) => self.duration(s, (*least, *most), at, name, rule, &codes::E0020),
            Shape::Reference(reference) => {
                let folded =
                    if reference.kind == "user" { s.strip_prefix("user:").unwrap_or(s).to_ascii_lowercase() } else { s.to_owned() };
                let ok = if reference.kind == "user" { is_user_key(&folded) } else { is_key(&folded) };
                if ok {
                    return Some(Value::text(self.document.word(&folded), at));
                }
                let bare = s.strip_prefix(reference.kind).and_then(|r| r.strip_prefix(':')).filter(|r| is_key(r));
                let help = bare.map_or_else(
                    || format!("`{name}` is {}", shape.describe()),
                    |bare| format!("the kind is fixed here: write `\"{bare}\"`"),
                );
                let message = format!("`{}` is not the key of {}", shown(s), crate::kinds::article(reference.kind));
                self.report_help(&codes::E0102, at, message, Some(help));
                None
            }
            // What it means depends on another key, which a template may bring: `sound` looks again.
            Shape::Principal(principal) if principal.unless.is_some() => {
                let folded = if principal_form(principal, s).is_ok() { fold_principal(s) } else { s.to_owned() };
                self.text(Text::Line, &folded, at, name)
            }
            Shape::Principal(principal) => match principal_form(principal, s) {
                Ok(()) => Some(Value::text(self.document.word(&fold_principal(s)), at)),
                Err(help) => {
                    let kind = s.split(':').next().unwrap_or(s);
                    let rule = principal.rules.iter().find(|(k, _)| *k == kind && s != kind && !principal.kinds.contains(&kind));
                    let code = rule.map_or(&codes::E0102, |(_, rule)| *rule);
                    self.report_help(code, at, format!("`{}` cannot stand in `{name}`", shown(s)), Some(help));
                    None
                }
            },
            Shape::Rule => match expr::check_rule(s) {
                Ok(()) => Some(Value::text(s, at)),
                Err(bad) => {
                    let message = format!("not an expression, at character {}: {}", bad.column, bad.message);
                    self.report_help(
                        &codes::E0024,
                        at,
                        message,
                        Some("a rule is CEL over one user: `user.department == 'Marketing'`".into()),
                    );
                    None
                }
            },
            _ => None,
        }
    }

    /// A value as it stands in the file.
    fn raw(&self, at: Span) -> &str {
        self.document.text.get(at.start as usize..at.end as usize).unwrap_or("")
    }

    fn text(&mut self, class: Text, s: &str, at: Span, name: &str) -> Option<Value> {
        match text::check(class, s) {
            Ok(text) => Some(Value::text(self.document.word(&text), at)),
            // One that stands raw in the file has been told with its line.
            Err(text::BadText::Control(c, _)) if is_hidden(c) && self.raw(at).contains(c) => None,
            Err(text::BadText::Control(c, i)) => {
                let message = format!("`{name}` holds U+{:04X} as its character {i}", u32::from(c));
                self.report_help(
                    &codes::E0004,
                    at,
                    message,
                    Some("control characters and bidirectional overrides are refused: take it out".into()),
                );
                None
            }
            Err(text::BadText::Mixed(word)) => {
                let message = format!("`{}` mixes scripts, so it may look like another name", shown(&word));
                self.report_help(&codes::E0005, at, message, Some("write the word in one script".into()));
                None
            }
            Err(text::BadText::Form(form)) => {
                let help = format!("`{name}` is {form}");
                self.report_help(&codes::E0016, at, format!("`{}` cannot stand in `{name}`", shown(&text::spelled(s))), Some(help));
                None
            }
        }
    }

    fn duration(
        &mut self,
        s: &str,
        (least, most): (Minutes, Minutes),
        at: Span,
        name: &str,
        rule: Option<&'static Code>,
        range: &'static Code,
    ) -> Option<Value> {
        match Minutes::parse(s) {
            Ok(minutes) if minutes < least || minutes > most => {
                let message = format!("`{name}` is between {least} and {most}, not {}", shown(s));
                self.report_help(range, at, message, Some("choose a length in between".to_owned()));
                None
            }
            Ok(minutes) => Some(Value::text(self.document.word(&minutes.to_string()), at)),
            Err(bad) => {
                let code = if bad == crate::model::BadDuration::Calendar { &codes::E0019 } else { rule.unwrap_or(&codes::E0019) };
                let help = match bad {
                    crate::model::BadDuration::Calendar => {
                        "count in days, hours or minutes: `\"30d\"`, `\"36h\"`, `\"90m\"`, or weeks as `\"P2W\"`"
                    }
                    crate::model::BadDuration::Form => {
                        "write one number and unit: `\"14d\"`, `\"36h\"`, `\"90m\"`, or ISO 8601: `\"P14D\"`"
                    }
                };
                self.report_help(code, at, format!("`{}`: {bad}", shown(s)), Some(help.into()));
                None
            }
        }
    }

    fn time(&mut self, shape: &Shape, raw: &DeValue<'_>, at: Span, name: &str, rule: Option<&'static Code>) -> Option<Value> {
        let DeValue::Datetime(time) = raw else { return self.wrong(shape, raw, at, name, rule) };
        let written = time.to_string();
        if time.date.is_none() || (matches!(shape, Shape::Date) && time.time.is_some()) {
            return self.wrong(shape, raw, at, name, rule);
        }
        // The parser cuts what it cannot keep, and takes a second that no clock of ours has.
        let digits = self.document.text.get(at.start as usize..at.end as usize).and_then(|text| text.split_once('.'));
        let cut = digits.is_some_and(|(_, rest)| rest.bytes().take_while(u8::is_ascii_digit).count() > 9);
        if cut || time.time.and_then(|t| t.second).is_some_and(|second| second > 59) {
            let message = format!("`{written}`: seconds are 0 to 59, with nine digits behind the point at most");
            self.report_help(&codes::E0021, at, message, Some("write a time that every clock shows".into()));
            return None;
        }
        match instant(&written, self.zone, Edge::Start) {
            Ok(_) => Some(Value::new(Node::Time(written.into()), at)),
            Err(bad) => {
                let help = "write an offset, such as `2027-10-31T02:30:00+01:00`, or another time";
                self.report_help(&codes::E0021, at, format!("`{written}`: {bad} ({})", self.zone), Some(help.into()));
                None
            }
        }
    }

    fn set(
        &mut self,
        shape: &Shape,
        item: &Shape,
        emptiness: Emptiness,
        value: &Spanned<DeValue<'_>>,
        name: &str,
        rule: Option<&'static Code>,
    ) -> Option<Value> {
        let at = self.document.span(value.span());
        let DeValue::Array(items) = value.get_ref() else {
            if matches!(value.get_ref(), DeValue::Table(_)) {
                return self.wrong(shape, value.get_ref(), at, name, rule);
            }
            return Some(Value::set(vec![self.value(item, value, name, rule)?], at));
        };
        if items.is_empty() && emptiness == Emptiness::Refused {
            self.report_help(
                rule.unwrap_or(&codes::E0022),
                at,
                format!("`{name}` is empty"),
                Some("name somebody or something, or take the key out".into()),
            );
            return None;
        }
        let mut members: Vec<Value> = Vec::with_capacity(items.len());
        let mut whole = true;
        for raw in items.iter() {
            match self.value(item, raw, name, rule) {
                Some(member) => members.push(member),
                None => whole = false,
            }
        }
        self.twice(members.iter(), name);
        // A set whose members are all misshapen is not the set that was meant: later rules do not speak of it.
        (whole || !members.is_empty()).then(|| Value::set(members, at))
    }

    /// Warns of members that stand in a collection twice.
    fn twice<'v>(&mut self, members: impl Iterator<Item = &'v Value>, name: &str) {
        let mut sorted: Vec<&Value> = members.collect();
        sorted.sort_by_key(|v| (*v, v.at));
        for pair in sorted.windows(2) {
            if let [first, again] = pair
                && first == again
            {
                let member = shown(first.as_text().unwrap_or(""));
                let finding = Diagnostic::new(&codes::W0026, again.at, format!("`{member}` stands in `{name}` twice"));
                self.found.push(finding.at(&self.address).related(first.at, "first here").help("one of them is enough"));
            }
        }
    }

    fn map(
        &mut self,
        shape: &Shape,
        keys: Keys,
        item: &Shape,
        value: &Spanned<DeValue<'_>>,
        name: &str,
        rule: Option<&'static Code>,
    ) -> Option<Value> {
        let at = self.document.span(value.span());
        let DeValue::Table(table) = value.get_ref() else { return self.wrong(shape, value.get_ref(), at, name, rule) };
        let mut out = Table::with_capacity(table.len());
        for (key, inner) in table {
            let (text, span) = (key.get_ref().as_ref(), self.document.span(key.span()));
            let ok = match keys {
                Keys::Plain | Keys::Reference(_) => is_key(text),
                Keys::Language => is_language(text),
                Keys::Principal => is_user_key(text) || text.strip_prefix("group:").is_some_and(is_key),
            };
            if !ok {
                let form = match keys {
                    Keys::Language => "a language tag such as `nl` or `pt-BR`",
                    Keys::Principal => "a user principal name in lower case, or `group:KEY`, in quotes",
                    Keys::Plain | Keys::Reference(_) => "a key of lower-case letters, digits, `-` and `_`",
                };
                let message = format!("`{}` is not a key of `{name}`", shown(text));
                self.report_help(&codes::E0010, span, message, Some(format!("write {form}")));
                continue;
            }
            if let Some(decoded) = self.value(item, inner, &format!("{name}.{text}"), rule) {
                out.insert(text.to_owned(), decoded);
            }
        }
        Some(Value::new(Node::Table(out), at))
    }

    /// The templates that a table names, in order.
    pub fn templates(&mut self, table: &DeTable<'_>) -> Vec<(String, Span)> {
        let Some(value) = table.get(TEMPLATE) else { return Vec::new() };
        let mut one = |v: &Spanned<DeValue<'_>>| self.value(&Shape::Text(Text::Key), v, TEMPLATE, None);
        let named: Vec<Value> = match value.get_ref() {
            DeValue::Array(items) => items.iter().filter_map(one).collect(),
            _ => one(value).into_iter().collect(),
        };
        self.twice(named.iter(), TEMPLATE);
        named.iter().filter_map(|v| Some((v.as_text()?.to_owned(), v.at))).collect()
    }
}

fn whole_number(raw: &DeValue<'_>) -> Option<i64> {
    let DeValue::Integer(n) = raw else { return None };
    i64::from_str_radix(n.as_str(), n.radix()).ok().filter(|n| *n >= 0)
}

/// `30` of `30%`.
pub(super) fn percent(text: &str) -> Option<u32> {
    let number = text.strip_suffix('%')?;
    (number.len() <= 3 && number.bytes().all(|b| b.is_ascii_digit())).then(|| number.parse().ok()).flatten().filter(|n| *n <= 100)
}

fn type_of(raw: &DeValue<'_>) -> &'static str {
    match raw {
        DeValue::String(_) => "a text",
        DeValue::Integer(n) if n.as_str().starts_with('-') => "a number below zero",
        DeValue::Integer(n) if i64::from_str_radix(n.as_str(), n.radix()).is_err() => "a number of this size",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(t) if t.date.is_none() => "a time without a date",
        DeValue::Datetime(t) if t.time.is_some() => "a date-time",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
