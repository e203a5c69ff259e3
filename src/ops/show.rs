//! One object or everything, now or then, with where each value comes from.

use super::history::{Moment, state_at};
use super::{Context, Failure, sight};
use crate::model::{Address, Stored};

/// The stored objects at a moment, sorted; with an address, that one and what stands in it.
///
/// # Errors
/// When there is no store, or nothing at the address that who asks sees.
pub fn show(context: &Context, address: Option<&Address>, moment: Moment) -> Result<(u64, Vec<Stored>), Failure> {
    let state = sight::seen(context, state_at(context, moment)?)?;
    let Some(address) = address else {
        return Ok((state.serial, state.objects.values().cloned().collect()));
    };
    let found: Vec<Stored> = state.objects.values().filter(|s| s.object.address.is_within(address)).cloned().collect();
    if found.is_empty() {
        let near = address.nearest(state.objects.keys()).map(|a| format!("did you mean `{a}`?"));
        return Err(Failure::Usage(
            format!("there is no `{address}` in the store"),
            near.unwrap_or_else(|| "`writ state list` shows what there is".to_owned()),
        ));
    }
    Ok((state.serial, found))
}
