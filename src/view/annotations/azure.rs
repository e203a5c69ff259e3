//! Commands of a pipeline of Azure DevOps: `##vso[task.logissue type=error;sourcepath=a.toml;linenumber=3;code=E0007;]message`.
//!
//! They know errors and warnings; notes are left out. Their values are escaped as the agent unescapes them.

use super::{Annotation, Place};
use crate::diag::Severity;
use crate::view::paint::line;

/// A line for each error and warning.
pub(super) fn text(all: &[Annotation], top: &str) -> String {
    all.iter().filter_map(|annotation| one(annotation, top)).collect()
}

fn one(annotation: &Annotation, top: &str) -> Option<String> {
    let word = match annotation.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => return None,
    };
    let mut properties = format!("type={word};");
    if let Some(Place { file, line: number, column, .. }) = &annotation.place {
        properties.push_str(&format!("sourcepath={};linenumber={number};", property(&format!("{top}{file}"))));
        if let Some(column) = column {
            properties.push_str(&format!("columnnumber={column};"));
        }
    }
    if let Some(code) = annotation.code {
        properties.push_str(&format!("code={};", property(code.id)));
    }
    Some(format!("##vso[task.logissue {properties}]{}\n", data(&annotation.message_and_help("; "))))
}

/// A text behind the bracket.
fn data(text: &str) -> String {
    text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(&line(text)).replace(';', "%3B").replace(']', "%5D")
}
