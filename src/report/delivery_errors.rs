//! P13: what of requests could not be delivered (R58).

use super::asked::{Asked, name_now};
use super::row::{row, shown};
use super::{Made, Report, Row, Takes};
use crate::authority::Action;
use crate::engine::Refusal;

/// The report.
pub(super) static REPORT: Report = Report {
    name: "delivery-errors",
    tells: "What of a request could not be delivered: how much, and each error",
    takes: &[Takes::Request, Takes::Package, Takes::Person],
    columns: &[shown("request"), shown("package"), shown("user"), shown("state"), shown("errors"), shown("number"), shown("error")],
    made: Made::Facts(rows),
};

fn rows(asked: &Asked<'_>) -> Result<Vec<Row>, Refusal> {
    let scope = asked.scope(Action::ViewDeliveryErrors)?;
    let all = asked.requests(&scope).into_iter().filter(|r| {
        !r.errors.is_empty() && asked.is_meant(&[&r.target, &r.requestor]) && asked.request.as_ref().is_none_or(|id| *id == r.id)
    });
    let rows = all.flat_map(|r| {
        let row = |(number, error): (u64, &String)| {
            let package = name_now(asked.facts, &r.package);
            row![r.id.as_str(), package, r.target.name.as_str(), r.state.word(), r.errors.len(), number, error.as_str()]
        };
        (1..).zip(&r.errors).map(row).collect::<Vec<_>>()
    });
    Ok(rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Record, RequestState};
    use crate::report::testing::World;

    #[test]
    fn each_error_has_a_row_with_how_many_there_are() {
        let mut world = World::new();
        world.request("bo", "audit", "");
        assert_eq!(world.rows(&REPORT, &["error"], "cy", |_| {}), [""; 0]);
        for record in world.ledger.0.values_mut() {
            if let Record::Request(r) = record {
                r.state = RequestState::PartiallyDelivered;
                r.errors = vec!["no such group".to_owned(), "over quota".to_owned()];
            }
        }
        let columns = ["package", "user", "state", "errors", "number", "error"];
        let wanted = [
            "audit | bo@contoso.example | partially_delivered | 2 | 1 | no such group",
            "audit | bo@contoso.example | partially_delivered | 2 | 2 | over quota",
        ];
        assert_eq!(world.rows(&REPORT, &columns, "cy", |_| {}), wanted);
        // Whose request it is does not see what the systems say.
        assert_eq!(world.rows(&REPORT, &columns, "bo", |_| {}), ["R55 root@contoso.example can"]);
    }
}
