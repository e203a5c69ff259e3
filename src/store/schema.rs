//! The tables of the first schema, as SQL; `migrate` leads to those of today. A store whose schema has any other text, or
//! any trigger or view, is refused when it is opened.

/// `WRIT`: `application_id` in the file.
pub(super) const APPLICATION: i32 = 0x5752_4954;

/// One row: what the store is.
const META: &str = "CREATE TABLE meta (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    lineage TEXT NOT NULL CHECK (lineage <> ''),
    created_at TEXT NOT NULL CHECK (created_at LIKE '____-__-__T__:__:__.___Z')
) STRICT";

/// What is, after all revisions.
const OBJECT: &str = "CREATE TABLE object (
    address TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    schema INTEGER NOT NULL CHECK (schema >= 0),
    attributes TEXT NOT NULL CHECK (json_valid(attributes)),
    workspace TEXT,
    version INTEGER NOT NULL CHECK (version >= 0),
    origin TEXT NOT NULL CHECK (json_valid(origin))
) STRICT, WITHOUT ROWID";

/// The workspaces that were applied.
const WORKSPACE: &str = "CREATE TABLE workspace (
    name TEXT PRIMARY KEY,
    settings TEXT NOT NULL CHECK (json_valid(settings)),
    version INTEGER NOT NULL CHECK (version >= 0)
) STRICT, WITHOUT ROWID";

/// One row for each transaction, a link of the chain in each.
const REVISION: &str = "CREATE TABLE revision (
    serial INTEGER PRIMARY KEY CHECK (serial >= 0),
    at TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.___Z'),
    actor TEXT NOT NULL,
    command TEXT NOT NULL,
    workspace TEXT,
    \"commit\" TEXT,
    plan_digest TEXT,
    changes_digest TEXT,
    summary TEXT NOT NULL CHECK (json_valid(summary)),
    events INTEGER NOT NULL CHECK (events >= 0),
    previous TEXT NOT NULL CHECK (length(previous) = 64),
    events_digest TEXT NOT NULL CHECK (length(events_digest) = 64),
    hash TEXT NOT NULL CHECK (length(hash) = 64)
) STRICT";

/// What happened, in order. A body may be erased; nothing else ever changes.
const EVENT: &str = "CREATE TABLE event (
    serial INTEGER NOT NULL CHECK (serial >= 0),
    seq INTEGER NOT NULL CHECK (seq >= 1),
    kind TEXT NOT NULL,
    address TEXT,
    body TEXT,
    body_digest TEXT NOT NULL CHECK (length(body_digest) = 64),
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    PRIMARY KEY (serial, seq)
) STRICT, WITHOUT ROWID";

/// All tables of the first schema.
pub(super) const TABLES: [&str; 5] = [META, OBJECT, WORKSPACE, REVISION, EVENT];
