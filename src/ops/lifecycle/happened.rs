//! What happened, read from the store as reports take it.

use super::super::{Context, Failure, history};
use crate::kinds::object_from_json;
use crate::model::{Address, Object};
use crate::report::{ObjectChange, Told, What};
use crate::store::{Event, Happening, Interest, StoreError};

/// What happened, the oldest first.
///
/// # Errors
/// When the store cannot be read, or tells of an object that is none.
pub(in crate::ops) fn happened(context: &Context, interest: &Interest<'_>) -> Result<Vec<Told>, Failure> {
    let (reader, _) = history::reader(context)?;
    let mut all = Vec::new();
    reader.each_happening(interest, |happening| {
        all.extend(told(happening)?);
        Ok::<(), Failure>(())
    })?;
    Ok(all)
}

fn told(happening: Happening) -> Result<Option<Told>, StoreError> {
    let Happening { serial, at, actor, command, event, root } = happening;
    let at = at.parse().map_err(|_| StoreError::Corrupt(format!("serial {serial} is of `{at}`, which is no instant")))?;
    let word = event.kind();
    let root = root.and_then(|root| Address::parse(&root).ok());
    let change = |address: String, before, after| What::Object(Box::new(ObjectChange { word, address, root, before, after }));
    let what = match event {
        Event::Life(life) => What::Life(life),
        Event::ObjectCreated { address, attributes, .. } => {
            let after = Some(object(&address, &attributes)?);
            change(address, None, after)
        }
        Event::ObjectUpdated { address, attributes, before, .. } | Event::ObjectRereferenced { address, attributes, before, .. } => {
            let (before, after) = (object(&address, &before)?, object(&address, &attributes)?);
            change(address, Some(before), Some(after))
        }
        Event::ObjectDeleted { last } => {
            let before = Some(object(&last.address, &last.attributes)?);
            change(last.address, before, None)
        }
        Event::ObjectMoved { to: address, .. } | Event::ObjectAdopted { address, .. } | Event::ObjectReleased { address } => {
            change(address, None, None)
        }
        Event::WorkspaceConfigured { .. } | Event::WorkspaceRemoved { .. } => return Ok(None),
    };
    Ok(Some(Told { serial, at, actor, command, what }))
}

fn object(address: &str, attributes: &str) -> Result<Object, StoreError> {
    let corrupt = |why: String| StoreError::Corrupt(format!("the history tells of `{address}`: {why}"));
    let parsed = Address::parse(address).map_err(|e| corrupt(e.to_string()))?;
    let json = serde_json::from_str(attributes).map_err(|e| corrupt(e.to_string()))?;
    object_from_json(parsed, &json).map_err(|e| corrupt(e.to_string()))
}
