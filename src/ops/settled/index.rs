//! The objects that the files declared when an apply remembered them: each with its digest, its file, and who refers to it.
//!
//! In: a sound configuration. Out: the answers that a plan of a few files needs of all the others.
//! Invariants: objects are numbered bucket by bucket of the configuration's digest, and within one in the order of their addresses, so
//! that a bucket is read as one piece; who refers to an object is everything that names it or stands in it, as `kinds` tells it.

use super::pages::{Fields, Pages, narrow};
use crate::config::{AppliedSettings, Config};
use crate::kinds;
use crate::model::{Address, Digest, Object, Raw, on_all};
use crate::plan::declared::{BUCKETS, Id, bucket, id, of_bucket, of_buckets};
use foldhash::HashMap;
use std::collections::{BTreeMap, BTreeSet};

/// The sections: each file's objects at a glance; the buckets; the objects; their addresses; who refers to them.
const OF_FILES: usize = 2;
const BUCKET: usize = 3;
const OBJECTS: usize = 4;
const ADDRESSES: usize = 5;
const REFERRERS: usize = 6;

/// How long the row of a bucket is: where its objects end, and its digest.
const BUCKET_ROW: usize = 4 + 32;
/// How long the row of an object is: its id and digest, and where its address and its referrers begin.
const ROW: usize = 16 + 32 + 4 + 4;
/// How long a glance at an object of a file is: its number, and so much of its digest that two are never alike.
const GLANCE: usize = 4 + 16;
/// How many objects one processor takes at a time.
const PART: usize = 512;
/// So many refer to one object at most, for a plan to follow them.
const MOST_REFERRERS: usize = 4_096;

/// The sections of the objects, and for each file where its objects end in the first of them.
pub(super) fn sections(config: &Config, files: usize) -> Option<(Vec<usize>, [Vec<u8>; 5])> {
    let objects: Vec<&Object> = config.objects.values().collect();
    let parts: Vec<&[&Object]> = objects.chunks(PART).collect();
    let digests: Vec<(Id, Raw)> = objects.iter().map(|o| id(o.address.as_str())).zip(config.digests().iter().copied()).collect();
    // Which object stands at each number, and the number of each object.
    let mut order: Vec<usize> = (0..objects.len()).collect();
    order.sort_by_key(|rank| digests.get(*rank).map(|(id, _)| bucket(id)));
    let mut numbers = vec![0usize; objects.len()];
    for (number, rank) in order.iter().enumerate() {
        *numbers.get_mut(*rank)? = number;
    }
    let referrers = referrers(&parts, &objects, &numbers)?;
    let mut of_files: Vec<Vec<u8>> = vec![Vec::new(); files];
    let (mut rows, mut addresses, mut edges) = (Vec::with_capacity(objects.len().saturating_mul(ROW)), Vec::new(), Vec::new());
    let mut buckets: Vec<(usize, Vec<&Raw>)> = vec![(0, Vec::new()); BUCKETS];
    let mut links = referrers.iter().peekable();
    for (number, rank) in order.iter().enumerate() {
        let (object, (id, said)) = (objects.get(*rank)?, digests.get(*rank)?);
        let glances = of_files.get_mut(object.at.file as usize)?;
        glances.extend(narrow(number)?);
        glances.extend(glance(said));
        rows.extend(id);
        rows.extend(said);
        rows.extend(narrow(addresses.len())?);
        rows.extend(narrow(edges.len())?);
        addresses.extend(object.address.as_str().as_bytes());
        while let Some((_, from)) = links.next_if(|(to, _)| *to == number) {
            edges.extend(narrow(*from)?);
        }
        buckets.get_mut(bucket(id))?.1.push(said);
    }
    // Where the last one ends, as if another one began.
    rows.extend([0; 16 + 32]);
    rows.extend([narrow(addresses.len())?, narrow(edges.len())?].concat());
    let mut end = 0usize;
    for (last, members) in &mut buckets {
        end = end.checked_add(members.len())?;
        *last = end;
    }
    let bucketed =
        |(end, members): &(usize, Vec<&Raw>)| Some([&narrow(*end)?[..], &of_bucket(members.iter().copied()).unwrap_or_default()].concat());
    let buckets = buckets.iter().map(bucketed).collect::<Option<Vec<_>>>()?.concat();
    let ends = of_files.iter().scan(0usize, |end, part| {
        *end = end.saturating_add(part.len());
        Some(*end)
    });
    Some((ends.collect(), [of_files.concat(), buckets, rows, addresses, edges]))
}

/// Who refers to whom, by number: what is referred to, and what does.
fn referrers(parts: &[&[&Object]], objects: &[&Object], numbers: &[usize]) -> Option<Vec<(usize, usize)>> {
    let known: HashMap<&str, usize> = objects.iter().zip(numbers).map(|(object, number)| (object.address.as_str(), *number)).collect();
    let linked = |part: &&[&Object]| {
        let (mut links, mut text) = (Vec::new(), String::new());
        for object in part.iter() {
            let Some(from) = known.get(object.address.as_str()) else { continue };
            let mut add = |target: &str| links.extend(known.get(target).map(|to| (*to, *from)));
            add(object.address.parent_text());
            kinds::each_reference(object, &mut |reference| {
                reference.target.write(&mut text);
                add(&text);
            });
        }
        links.sort_unstable();
        links.dedup();
        links
    };
    let mut links = on_all(parts, 2, linked).concat();
    links.sort_unstable();
    links.dedup();
    u32::try_from(links.len()).ok().map(|_| links)
}

/// So much of an object's digest that two are never alike.
pub(super) type Glance = [u8; 16];

/// What a digest is at a glance.
pub(super) fn glance(said: &Raw) -> Glance {
    let mut glance = Glance::default();
    glance.iter_mut().zip(said).for_each(|(to, from)| *to = *from);
    glance
}

/// An object as it was declared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub number: usize,
    pub id: Id,
    pub said: Raw,
    address: usize,
    referrers: usize,
}

/// The objects as remembered, of which what is asked for is read.
#[derive(Debug)]
pub(super) struct Index<'p> {
    pages: &'p Pages,
    buckets: Vec<(usize, Raw)>,
}

impl<'p> Index<'p> {
    pub(super) fn read(pages: &'p Pages) -> Option<Index<'p>> {
        let bytes = pages.whole(BUCKET)?;
        let row = |bytes: &[u8]| {
            let mut fields = Fields(bytes);
            Some((fields.u32()?, fields.bytes()?))
        };
        let buckets: Vec<_> = bytes.chunks(BUCKET_ROW).map(row).collect::<Option<_>>()?;
        (buckets.len() == BUCKETS).then_some(Index { pages, buckets })
    }

    /// The numbers of the objects in a bucket.
    fn members(&self, bucket: usize) -> Option<std::ops::Range<usize>> {
        let start = bucket.checked_sub(1).map_or(Some(0), |before| self.buckets.get(before).map(|(end, _)| *end))?;
        Some(start..self.buckets.get(bucket)?.0)
    }

    /// The rows of some objects, and the one that begins where the last of them ends.
    fn rows(&self, numbers: std::ops::Range<usize>) -> Option<Vec<Row>> {
        let length = numbers.len().checked_add(1)?.checked_mul(ROW)?;
        let bytes = self.pages.part(OBJECTS, numbers.start.checked_mul(ROW)?, length)?;
        let row = |(number, bytes): (usize, &[u8])| {
            let mut fields = Fields(bytes);
            let (id, said) = (fields.bytes()?, fields.bytes()?);
            Some(Row { number, id, said, address: fields.u32()?, referrers: fields.u32()? })
        };
        (numbers.start..).zip(bytes.chunks(ROW)).map(row).collect()
    }

    /// Looks for an object; within, nothing where none has this id.
    pub(super) fn find(&self, id: &Id) -> Option<Option<Row>> {
        let members = self.members(bucket(id))?;
        let mut rows = self.rows(members)?;
        rows.pop();
        Some(rows.into_iter().find(|row| row.id == *id))
    }

    pub(super) fn row(&self, number: usize) -> Option<Row> {
        self.rows(number..number.checked_add(1)?)?.first().copied()
    }

    /// The objects between two places of the list of all files' objects, each at a glance, and its number: few of a file's are edited, and
    /// the rows of all would lie as far apart as their ids do.
    pub(super) fn of_file(&self, from: usize, to: usize) -> Option<Vec<(Glance, usize)>> {
        let bytes = self.pages.part(OF_FILES, from, to.checked_sub(from)?)?;
        let object = |bytes: &[u8]| {
            let mut fields = Fields(bytes);
            let number = fields.u32()?;
            Some((fields.bytes()?, number))
        };
        bytes.chunks(GLANCE).map(object).collect()
    }

    pub(super) fn address(&self, row: &Row) -> Option<Address> {
        let end = self.row_after(row)?.address;
        let text = self.pages.part(ADDRESSES, row.address, end.checked_sub(row.address)?)?;
        Address::parse(std::str::from_utf8(&text).ok()?).ok()
    }

    fn row_after(&self, row: &Row) -> Option<Row> {
        self.rows(row.number..row.number.checked_add(1)?)?.pop()
    }

    /// Who names an object or stands in it; nothing where that is more than can be followed.
    pub(super) fn referrers(&self, row: &Row) -> Option<Vec<Row>> {
        let end = self.row_after(row)?.referrers;
        let length = end.checked_sub(row.referrers).filter(|length| *length <= MOST_REFERRERS.saturating_mul(4))?;
        let numbers = self.pages.part(REFERRERS, row.referrers, length)?;
        numbers.chunks(4).map(|number| self.row(Fields(number).u32()?)).collect()
    }

    /// The digest of the configuration with other objects: each with its digest now, or none where it is gone.
    pub(super) fn digest(&self, settings: &AppliedSettings, others: &BTreeMap<Address, Option<Raw>>) -> Option<Digest> {
        let mut changed: BTreeMap<usize, Option<Raw>> = BTreeMap::new();
        let touched: BTreeSet<usize> = others.keys().map(|address| bucket(&id(address.as_str()))).collect();
        for number in touched {
            let mut rows = self.rows(self.members(number)?)?;
            rows.pop();
            let member = |row: &Row| Some((self.address(row)?, row.said));
            let mut members = rows.iter().map(member).collect::<Option<BTreeMap<Address, Raw>>>()?;
            for (address, said) in others.iter().filter(|(address, _)| bucket(&id(address.as_str())) == number) {
                match said {
                    Some(said) => members.insert(address.clone(), *said),
                    None => members.remove(address),
                };
            }
            changed.insert(number, of_bucket(members.values()));
        }
        let starts = std::iter::once(0).chain(self.buckets.iter().map(|(end, _)| *end));
        let now = |(number, ((end, said), start)): (usize, (&'_ (usize, Raw), usize))| match changed.get(&number) {
            Some(now) => *now,
            None => (*end > start).then_some(*said),
        };
        let all: Vec<Option<Raw>> = self.buckets.iter().zip(starts).enumerate().map(now).collect();
        Some(of_buckets(settings, all.iter().enumerate().filter_map(|(number, said)| Some((number, said.as_ref()?)))))
    }
}
