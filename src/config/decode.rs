//! One TOML value into one [`Value`] of a shape, or findings about why not.

use super::document::Document;
use crate::diag::{Code, Diagnostic, Diagnostics, Span, codes, did_you_mean};
use crate::expr;
use crate::kinds::{Emptiness, Field, Form, Keys, Principal, Shape, TEMPLATE, Text, text};
use crate::model::{Address, Edge, Minutes, Node, Table, Value, Zone, instant, is_key, is_user_key};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where decoding happens, and where its findings go.
pub(super) struct Decoder<'d, 'f> {
    pub document: &'d Document<'d>,
    pub zone: Zone,
    /// What is being decoded, for the findings.
    pub address: String,
    pub found: &'f mut Diagnostics,
    /// Forms of the tables around the current one with their names, innermost last.
    pub around: Vec<(String, &'static Form)>,
}

impl Decoder<'_, '_> {
    fn report(&mut self, code: &'static Code, span: Span, message: impl Into<String>) -> &mut Self {
        self.found.push(Diagnostic::new(code, span, message).at(&self.address));
        self
    }

    fn report_help(&mut self, code: &'static Code, span: Span, message: impl Into<String>, help: Option<String>) {
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
        let mut out = Table::new();
        for (key, value) in table {
            let written = key.get_ref().as_ref();
            if others.contains(&written) {
                continue;
            }
            match fields.iter().find(|f| f.name == written) {
                Some(field) => {
                    // The tables inside know this one, and what is around it, as where their keys may have slid from.
                    self.around.push((name.to_owned(), form));
                    let decoded = self.value(&field.shape, value, field.name, field.rule);
                    self.around.pop();
                    if let Some(decoded) = decoded {
                        out.insert(field.name, decoded);
                    }
                }
                None => self.unknown(written, self.document.span(key.span()), header, fields, others),
            }
        }
        self.alternatives(form, &out);
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

    /// A key that the table does not have: a slip under a header, a key of a table inside, or a misspelling.
    fn unknown(&mut self, name: &str, at: Span, header: Span, fields: &[&'static Field], others: &[&str]) {
        let outer = self.around.iter().rev().find(|(_, form)| form.field(name).is_some()).map(|(n, _)| n.clone());
        if let Some(outer) = outer {
            let message = format!("`{name}` is a key of `{outer}`, and slid under another header");
            let help = format!("TOML gives a key to the header above it: move `{name}` up, before that header");
            let finding = Diagnostic::new(&codes::E0008, at, message).at(&self.address).label(format!("belongs to `{outer}`"));
            self.found.push(finding.related(header, "this header takes all keys below it").help(help));
            return;
        }
        let inside = fields.iter().find(|f| f.shape.form().is_some_and(|form| form.field(name).is_some()));
        let help = match inside {
            Some(field) => Some(format!("`{name}` is a key of `{}`, a table inside", field.name)),
            None => did_you_mean(name, fields.iter().map(|f| f.name).chain(others.iter().copied())),
        };
        let known = || format!("known here: {}", fields.iter().map(|f| f.name).collect::<Vec<_>>().join(", "));
        self.report_help(&codes::E0007, at, format!("there is no key `{name}` here"), help.or_else(|| Some(known())));
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
                (None, DeValue::String(s)) if percent(s).is_some() => Some(Value::text(s.as_ref(), at)),
                _ => self.wrong(shape, raw, at, name, rule),
            },
            Shape::Instant | Shape::Date => self.time(shape, raw, at, name, rule),
            Shape::Expiration => match raw {
                DeValue::Datetime(_) => self.time(shape, raw, at, name, rule),
                DeValue::String(s) if s == "never" => Some(Value::text("never", at)),
                DeValue::String(s) => self.duration(s, (Minutes(Minutes::HOUR), Minutes::days(3660)), at, name, rule, &codes::R129),
                _ => self.wrong(shape, raw, at, name, rule),
            },
            Shape::Set(item, emptiness) => self.set(item, *emptiness, value, name, rule),
            Shape::List(item) => match raw {
                DeValue::Array(items) => {
                    let members = items.iter().filter_map(|v| self.value(item, v, name, rule)).collect();
                    Some(Value::new(Node::List(members), at))
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
                (Shape::Choice(known), DeValue::String(s)) if known.contains(&s.as_ref()) => Some(Value::text(s.as_ref(), at)),
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
            (Shape::Bool, DeValue::String(s)) if matches!(s.as_ref(), "true" | "false") => Some(format!("write `{s}` without quotes")),
            (_, DeValue::Integer(n)) if matches!(shape, Shape::Expiration | Shape::Duration(..)) => {
                Some(format!("write `\"{}d\"` for days", n.as_str()))
            }
            (Shape::Set(..) | Shape::List(_), DeValue::Table(_)) => Some("write a list in brackets".to_owned()),
            _ => None,
        };
        self.report_help(rule.unwrap_or(&codes::E0009), at, message, help);
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
        let message = format!("`{text}` is no `{name}`");
        let help = did_you_mean(text, known.iter().copied()).unwrap_or_else(|| format!("it is {}", shape.describe()));
        self.report_help(rule.unwrap_or(&codes::E0015), at, message, Some(help));
        None
    }

    fn scalar(&mut self, shape: &Shape, s: &str, at: Span, name: &str, rule: Option<&'static Code>) -> Option<Value> {
        match shape {
            Shape::Choice(words) if words.contains(&s) => Some(Value::text(s, at)),
            Shape::Choice(words) => self.not_a_word(s, words, shape, at, name, rule),
            Shape::Text(class) => self.text(*class, s, at, name),
            Shape::Duration(least, most) => self.duration(s, (*least, *most), at, name, rule, &codes::E0020),
            Shape::Reference(reference) => {
                let folded =
                    if reference.kind == "user" { s.strip_prefix("user:").unwrap_or(s).to_ascii_lowercase() } else { s.to_owned() };
                let ok = if reference.kind == "user" { is_user_key(&folded) } else { is_key(&folded) };
                if ok {
                    return Some(Value::text(folded, at));
                }
                let bare = s.strip_prefix(reference.kind).and_then(|r| r.strip_prefix(':')).filter(|r| is_key(r));
                let help = bare.map_or_else(
                    || format!("`{name}` is {}", shape.describe()),
                    |bare| format!("the kind is fixed here: write `\"{bare}\"`"),
                );
                self.report_help(
                    &codes::E0102,
                    at,
                    format!("`{s}` is not the key of {}", crate::kinds::article(reference.kind)),
                    Some(help),
                );
                None
            }
            // What it means depends on another key, which a template may bring: `sound` looks again.
            Shape::Principal(principal) if principal.unless.is_some() => {
                let folded = if principal_form(principal, s).is_ok() { fold_principal(s) } else { s.to_owned() };
                self.text(Text::Line, &folded, at, name)
            }
            Shape::Principal(principal) => match principal_form(principal, s) {
                Ok(()) => Some(Value::text(fold_principal(s), at)),
                Err(help) => {
                    self.report_help(&codes::E0102, at, format!("`{s}` cannot stand in `{name}`"), Some(help));
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

    fn text(&mut self, class: Text, s: &str, at: Span, name: &str) -> Option<Value> {
        match text::check(class, s) {
            Ok(text) => Some(Value::text(text, at)),
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
                let message = format!("`{word}` mixes scripts, so it may look like another name");
                self.report_help(&codes::E0005, at, message, Some("write the word in one script".into()));
                None
            }
            Err(text::BadText::Form(form)) => {
                self.report_help(&codes::E0016, at, format!("`{name}` is {form}"), None);
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
                let message = format!("`{name}` is between {least} and {most}, not {s}");
                self.report(range, at, message);
                None
            }
            Ok(minutes) => Some(Value::text(minutes.to_string(), at)),
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
                self.report_help(code, at, format!("`{s}`: {bad}"), Some(help.into()));
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
        item: &Shape,
        emptiness: Emptiness,
        value: &Spanned<DeValue<'_>>,
        name: &str,
        rule: Option<&'static Code>,
    ) -> Option<Value> {
        let at = self.document.span(value.span());
        let DeValue::Array(items) = value.get_ref() else {
            if matches!(value.get_ref(), DeValue::Table(_)) {
                return self.wrong(&Shape::Set(&Shape::Bool, emptiness), value.get_ref(), at, name, rule);
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
        members.sort();
        for pair in members.windows(2) {
            if let [a, b] = pair
                && a == b
            {
                let (first, again) = if a.at < b.at { (a.at, b.at) } else { (b.at, a.at) };
                let shown = a.as_text().unwrap_or("");
                let finding = Diagnostic::new(&codes::W0026, again, format!("`{shown}` stands in `{name}` twice"));
                self.found.push(finding.at(&self.address).related(first, "first here").help("one of them is enough"));
            }
        }
        // A set that lost a misshapen member is not the set that was meant: later rules do not speak of it.
        (whole || !members.is_empty()).then(|| Value::set(members, at))
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
        let mut out = Table::new();
        for (key, inner) in table {
            let (text, span) = (key.get_ref().as_ref(), self.document.span(key.span()));
            let ok = match keys {
                Keys::Plain | Keys::Reference(_) => is_key(text),
                Keys::Language => is_language(text),
            };
            if !ok {
                let form = if matches!(keys, Keys::Language) {
                    "a language tag such as `nl` or `pt-BR`"
                } else {
                    "a key of lower-case letters, digits, `-` and `_`"
                };
                self.report_help(&codes::E0010, span, format!("`{text}` is not {form}"), None);
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
        let one = |d: &mut Self, v: &Spanned<DeValue<'_>>| {
            let named = d.value(&Shape::Text(Text::Key), v, TEMPLATE, None)?;
            Some((named.as_text()?.to_owned(), named.at))
        };
        match value.get_ref() {
            DeValue::Array(items) => items.iter().filter_map(|v| one(self, v)).collect(),
            _ => one(self, value).into_iter().collect(),
        }
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

fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    parts.next().is_some_and(|p| (2..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_lowercase()))
        && parts.all(|p| (2..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn type_of(raw: &DeValue<'_>) -> &'static str {
    match raw {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// `user:` is accepted before a user, and user principal names are folded to lower case.
pub(super) fn fold_principal(text: &str) -> String {
    if text.contains('@') { text.strip_prefix("user:").unwrap_or(text).to_ascii_lowercase() } else { text.to_owned() }
}

/// Whether a text has a form that a principal allows; if not, how to write it.
pub(super) fn principal_form(principal: &Principal, text: &str) -> Result<(), String> {
    if principal.words.contains(&text) {
        return Ok(());
    }
    let forms = || crate::kinds::describe_principal(principal);
    if text.contains('@') {
        let folded = fold_principal(text);
        return match (principal.kinds.contains(&"user"), is_user_key(&folded)) {
            (true, true) => Ok(()),
            (true, false) => Err("a user principal name has one `@`, and neither spaces nor quotes".to_owned()),
            (false, _) => Err(format!("it is {}", forms())),
        };
    }
    let Some((kind, key)) = text.split_once(':') else {
        let guess = did_you_mean(text, principal.words.iter().copied());
        return Err(guess.unwrap_or_else(|| format!("write {}", forms())));
    };
    if !principal.kinds.contains(&kind) {
        let guess = did_you_mean(kind, principal.kinds.iter().copied());
        return Err(guess.unwrap_or_else(|| format!("it is {}", forms())));
    }
    if is_key(key) { Ok(()) } else { Err(format!("`{key}` is not a key of lower-case letters, digits, `-` and `_`")) }
}

/// The address of something that `writ.toml`, `[[moved]]` and their like name.
pub(super) fn address(decoder: &mut Decoder<'_, '_>, value: &Spanned<DeValue<'_>>, name: &str) -> Option<(Address, Span)> {
    let at = decoder.document.span(value.span());
    let text = value.get_ref().as_str().unwrap_or("");
    match Address::parse(text) {
        Ok(address) if crate::kinds::kind(address.kind()).is_some() => Some((address, at)),
        _ => {
            let message = format!("`{name}` is an address such as `\"catalog.marketing\"`");
            decoder.report_help(&codes::E0102, at, message, None);
            None
        }
    }
}

/// The key of an object, folded, or a finding.
pub(super) fn object_key(kind: &crate::kinds::Kind, written: &str, at: Span, found: &mut Diagnostics) -> Option<String> {
    use crate::kinds::KeyForm;
    let folded = if kind.key == KeyForm::User { written.to_ascii_lowercase() } else { written.to_owned() };
    let (ok, form) = match kind.key {
        KeyForm::Plain => {
            (is_key(&folded), "lower-case letters, digits, `-` and `_`, starting with a letter or digit, 64 at most".to_owned())
        }
        KeyForm::User => (is_user_key(&folded), "a user principal name with one `@`, in quotes".to_owned()),
        KeyForm::Fixed(known) => (known.contains(&folded.as_str()), format!("one of {}", known.join(", "))),
    };
    if ok {
        return Some(folded);
    }
    let lower = written.to_ascii_lowercase();
    let suggestion = (kind.key == KeyForm::Plain && is_key(&lower)).then(|| format!("write `{lower}`"));
    let message = format!("`{written}` is not a key of {}", crate::kinds::article(kind.name));
    found.push(Diagnostic::new(&codes::E0010, at, message).at(kind.name).help(suggestion.unwrap_or_else(|| format!("a key is {form}"))));
    None
}
