//! The same work on many things, and several works at once, on all processors where it pays.
//!
//! In: things, and what is to be done to one; or works. Out: what came of them, in the order of the things, so that nothing but time
//! depends on how many processors there are. A panic of one of them is a panic of whoever asked for it.

use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::{panic::resume_unwind, thread};

/// From so many objects, or changes of objects, on it pays to look at them on all processors.
pub const MANY_OBJECTS: usize = 2_048;

/// Does the work to each thing. Fewer than `many` are not worth waking other processors for.
pub fn on_all<T: Sync, R: Send>(things: &[T], many: usize, work: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
    if things.len() < many {
        return things.iter().map(work).collect();
    }
    let part = many.checked_div(8).unwrap_or(0).max(1);
    things.par_iter().with_min_len(part).map(&work).collect()
}

/// Does each of several works, some of which are long, in any order; where it `pays`, whoever is free takes the next.
pub fn on_each<T: Sync, R: Send>(works: &[T], pays: bool, work: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
    if pays { works.par_iter().with_max_len(1).map(&work).collect() } else { works.iter().map(work).collect() }
}

/// Changes each thing. Fewer than `many` are not worth waking other processors for.
pub fn to_all<T: Send>(things: &mut [T], many: usize, work: impl Fn(&mut T) + Sync + Send) {
    if things.len() < many {
        things.iter_mut().for_each(work);
    } else {
        things.par_iter_mut().with_min_len(many.checked_div(8).unwrap_or(0).max(1)).for_each(work);
    }
}

/// Sorts, what is equal staying as it came; on all processors where there are so many that it pays.
pub fn sort_all<T: Send>(things: &mut [T], many: usize, order: impl Fn(&T, &T) -> Ordering + Sync) {
    if things.len() < many { things.sort_by(order) } else { things.par_sort_by(order) }
}

/// Does one work on another thread, where it `pays`, while it does the other on this one, which may keep to what no other thread may see.
pub fn meanwhile<A: Send, B>(pays: bool, elsewhere: impl FnOnce() -> A + Send, here: impl FnOnce() -> B) -> (A, B) {
    if !pays {
        return (elsewhere(), here());
    }
    thread::scope(|scope| {
        let other = scope.spawn(elsewhere);
        let mine = here();
        (other.join().unwrap_or_else(|panic| resume_unwind(panic)), mine)
    })
}

/// Lets go of something; where it `pays`, on another thread, since nobody should wait for it.
pub fn discard<T: Send + 'static>(pays: bool, thing: T) {
    if pays {
        rayon::spawn(move || drop(thing));
    }
}

/// Does one work here, and another on every other processor meanwhile.
pub fn beside(elsewhere: impl Fn() + Sync, here: impl FnOnce()) {
    rayon::in_place_scope(|scope| {
        for _ in 1..rayon::current_num_threads() {
            scope.spawn(|_| elsewhere());
        }
        here();
    });
}

/// What is made here, thing by thing, is taken on another thread meanwhile where it `pays`: all of it, in its order, and never with
/// more than a few things waiting.
pub fn pipe<T: Send, R>(pays: bool, make: impl FnOnce(&mut dyn FnMut(T)) -> R, mut take: impl FnMut(T) + Send) -> R {
    if !pays {
        return make(&mut take);
    }
    let (give, get) = sync_channel(1);
    let make = || {
        let made = make(&mut |thing| drop(give.send(thing)));
        drop(give);
        made
    };
    meanwhile(true, || get.into_iter().for_each(take), make).1
}

/// So many things are made before their turn at most, by each of two threads.
const FEW: usize = 4;

/// What is made of parts, in their order: by another thread, which begins at once and stays a few ahead, and by whoever takes it
/// where the next is not made yet.
pub struct Ahead<'env, P, T, F> {
    parts: &'env [P],
    make: &'env F,
    /// The first that nobody makes yet.
    next: Arc<AtomicUsize>,
    made: Receiver<(usize, T)>,
    /// Made, and its turn has not come.
    waiting: BTreeMap<usize, T>,
    turn: usize,
}

impl<'env, P: Sync, T: Send + 'env, F: Fn(&P) -> T + Sync> Ahead<'env, P, T, F> {
    /// Begins.
    pub fn new<'scope>(scope: &'scope thread::Scope<'scope, 'env>, parts: &'env [P], make: &'env F) -> Ahead<'env, P, T, F> {
        let next = Arc::new(AtomicUsize::new(0));
        let (give, made) = sync_channel(FEW);
        let claims = Arc::clone(&next);
        scope.spawn(move || {
            loop {
                let turn = claims.fetch_add(1, Relaxed);
                let Some(part) = parts.get(turn) else { return };
                // Nobody takes them any more.
                if give.send((turn, make(part))).is_err() {
                    return;
                }
            }
        });
        Ahead { parts, make, next, made, waiting: BTreeMap::new(), turn: 0 }
    }
}

impl<P, T, F: Fn(&P) -> T> Iterator for Ahead<'_, P, T, F> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        while self.turn < self.parts.len() {
            if let Some(made) = self.waiting.remove(&self.turn) {
                self.turn = self.turn.saturating_add(1);
                return Some(made);
            }
            if let Ok((turn, made)) = self.made.try_recv() {
                self.waiting.insert(turn, made);
                continue;
            }
            let claimed = (self.waiting.len() < FEW).then(|| self.next.fetch_add(1, Relaxed));
            match claimed.and_then(|turn| Some((turn, self.parts.get(turn)?))) {
                Some((turn, part)) => drop(self.waiting.insert(turn, (self.make)(part))),
                // The other thread has the next in hand; where none comes, it panicked, and so does its scope.
                None => {
                    let (turn, made) = self.made.recv().ok()?;
                    self.waiting.insert(turn, made);
                }
            }
        }
        None
    }
}

/// What another thread comes to, and the word by which it goes on to something else.
pub struct Awaited<A> {
    made: Receiver<A>,
    on: SyncSender<()>,
}

impl<A> Awaited<A> {
    /// What is there already.
    pub fn there(made: A) -> Awaited<A> {
        let ((give, made_is), (on, _)) = (sync_channel(1), sync_channel(1));
        let _ = give.send(made);
        Awaited { made: made_is, on }
    }

    /// Lets the other thread go on.
    pub fn go_on(&self) {
        // It is told once, and may have ended.
        let _ = self.on.try_send(());
    }

    /// Waits for it, and lets the other thread go on.
    ///
    /// # Panics
    /// Where the other thread does.
    #[must_use]
    pub fn wait(self) -> A {
        self.made.recv().unwrap_or_else(|_| resume_unwind(Box::new("the other thread panicked")))
    }
}

/// Does one work after the other on another thread, while it does the third on this one, which may wait for what the first comes to. The
/// second begins once the third lets it, or is done: so that it takes no time from what the third waits for.
pub fn in_turn<A: Send, B: Send, C>(
    first: impl FnOnce() -> A + Send,
    then: impl FnOnce() -> B + Send,
    here: impl FnOnce(Awaited<A>) -> C,
) -> (B, C) {
    let ((give, made), (on, may)) = (sync_channel(1), sync_channel(1));
    let elsewhere = move || {
        // Nobody may wait for it any more.
        let _ = give.send(first());
        drop(give);
        let _ = may.recv();
        then()
    };
    meanwhile(true, elsewhere, || here(Awaited { made, on }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_ahead_comes_in_its_order() {
        let parts: Vec<usize> = (0..1_000).collect();
        for slow in [0, 1, 2] {
            let pause = |one: bool| {
                if one {
                    thread::sleep(std::time::Duration::from_micros(50))
                }
            };
            let make = |n: &usize| {
                pause(slow == 1);
                n * 2
            };
            let all: Vec<usize> = thread::scope(|scope| Ahead::new(scope, &parts, &make).inspect(|_| pause(slow == 2)).collect());
            assert_eq!(all, parts.iter().map(|n| n * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_is_made_ahead_need_not_be_taken() {
        let parts: Vec<usize> = (0..1_000).collect();
        let make = |n: &usize| *n;
        assert_eq!(thread::scope(|scope| Ahead::new(scope, &parts, &make).take(3).sum::<usize>()), 3);
    }

    #[test]
    fn little_is_made_ahead() {
        let parts: Vec<usize> = (0..1_000).collect();
        let made = AtomicUsize::new(0);
        let make = |n: &usize| {
            made.fetch_add(1, Relaxed);
            *n
        };
        thread::scope(|scope| {
            for n in Ahead::new(scope, &parts, &make) {
                thread::sleep(std::time::Duration::from_micros(20));
                assert!(made.load(Relaxed) <= n + 2 * FEW + 3, "{n}");
            }
        });
    }

    #[test]
    fn what_comes_in_turn_is_waited_for() {
        let (then, here) = in_turn(|| 1, || 2, |first| first.wait() + 10);
        assert_eq!((then, here), (2, 11));
        assert_eq!(in_turn(|| 1, || 2, |_| 3), (2, 3));
        assert_eq!(Awaited::there(4).wait(), 4);
        let said = std::sync::atomic::AtomicBool::new(false);
        let early = in_turn(
            || 1,
            || said.load(Relaxed),
            |first| {
                thread::sleep(std::time::Duration::from_millis(20));
                said.store(true, Relaxed);
                first.go_on();
                first.wait()
            },
        );
        assert_eq!(early, (true, 1), "the second waits for the word");
    }

    #[test]
    #[should_panic(expected = "the other thread panicked")]
    fn nobody_waits_for_ever_for_what_panicked() {
        in_turn(|| assert_eq!(1, 2, "elsewhere"), || 2, Awaited::wait);
    }

    #[test]
    fn results_stand_in_the_order_of_the_things() {
        let things: Vec<usize> = (0..10_000).collect();
        for many in [0, 16, 2_048, usize::MAX] {
            assert_eq!(on_all(&things, many, |n| n * 2), things.iter().map(|n| n * 2).collect::<Vec<_>>());
            assert_eq!(on_each(&things, many == 0, |n| n * 2), things.iter().map(|n| n * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_is_made_is_taken_in_its_order() {
        for pays in [false, true] {
            let mut taken = Vec::new();
            let made = pipe(pays, |give| (0..10_000).inspect(|n| give(*n)).count(), |n| taken.push(n));
            assert_eq!((made, taken), (10_000, (0..10_000).collect()));
        }
    }

    #[test]
    fn every_processor_but_this_one_works_beside_it() {
        let done = std::sync::atomic::AtomicUsize::new(0);
        let add = |n| {
            done.fetch_add(n, std::sync::atomic::Ordering::Relaxed);
        };
        beside(|| add(1), || add(1_000));
        assert_eq!(done.into_inner(), 999 + rayon::current_num_threads());
    }

    #[test]
    #[should_panic(expected = "elsewhere")]
    fn a_panic_elsewhere_is_a_panic_here() {
        pipe(true, |give| (0..10).for_each(give), |n| assert!(n < 5, "elsewhere"));
    }
}
