//! The same work on many things, on all processors where there are so many that it pays.
//!
//! In: things, and what is to be done to one. Out: the results, in the order of the things, so that nothing but time depends on
//! how many processors there are.

use rayon::prelude::*;

/// Does the work to each thing. Fewer than `many` are not worth waking other processors for.
pub fn on_all<T: Sync, R: Send>(things: &[T], many: usize, work: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
    if things.len() < many {
        return things.iter().map(work).collect();
    }
    let part = many.checked_div(8).unwrap_or(0).max(1);
    things.par_iter().with_min_len(part).map(&work).collect()
}

/// Does both, side by side where it `pays`.
pub fn both<A: Send, B: Send>(pays: bool, a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    if pays { rayon::join(a, b) } else { (a(), b()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_in_the_order_of_the_things() {
        let things: Vec<usize> = (0..10_000).collect();
        for many in [0, 16, 2_048, usize::MAX] {
            assert_eq!(on_all(&things, many, |n| n * 2), things.iter().map(|n| n * 2).collect::<Vec<_>>());
        }
    }
}
