-- The project file, schema 1; schema-2.sql and schema-3.sql follow it. `praxi_store_migrate` runs them in one
-- transaction on a new file, and they are the reference that every opened file is compared with: an
-- object more or less is refused.
--
-- Times are integers: _ns are pts of the footage in nanoseconds, _us are microseconds since 1970 in
-- UTC. Ranges are half-open [start, end). Frames are ordinals from 0, -1 where not known.
-- `hash` is SHA-256 over the row's kind and its other columns as SQL literals (row.c). A row's id is
-- the number of the history row that made it, so that no id is ever used again.

-- Footage. `path` is bytes, as file names are; relative ones count from the project's folder.
CREATE TABLE media (
  id           INTEGER PRIMARY KEY,
  path         BLOB NOT NULL UNIQUE CHECK (length (path) > 0),
  name         TEXT NOT NULL,
  size_bytes   INTEGER NOT NULL,
  mtime_us     INTEGER NOT NULL,
  sha256       TEXT,
  frames       INTEGER NOT NULL,
  first_pts_ns INTEGER NOT NULL,
  duration_ns  INTEGER NOT NULL,
  width_px     INTEGER NOT NULL,
  height_px    INTEGER NOT NULL,
  group_name   TEXT,
  split        TEXT CHECK (split IN ('train', 'val', 'test')),
  added_us     INTEGER NOT NULL,
  hash         BLOB NOT NULL
) STRICT;

-- What a label can say. `key` is the digit that chooses it.
CREATE TABLE class (
  id    INTEGER PRIMARY KEY,
  name  TEXT NOT NULL UNIQUE CHECK (length (name) > 0),
  color TEXT NOT NULL CHECK (color GLOB '#[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'),
  key   TEXT UNIQUE CHECK (key GLOB '[0-9]'),
  hash  BLOB NOT NULL
) STRICT;

-- What a person says happens. `source` is person, accepted (an event of a model) or import.
CREATE TABLE label (
  id          INTEGER PRIMARY KEY,
  media_id    INTEGER NOT NULL REFERENCES media (id),
  class_id    INTEGER NOT NULL REFERENCES class (id),
  start_ns    INTEGER NOT NULL,
  end_ns      INTEGER NOT NULL CHECK (start_ns < end_ns),
  start_frame INTEGER NOT NULL CHECK (start_frame >= -1),
  end_frame   INTEGER NOT NULL CHECK (end_frame >= -1),
  author      TEXT NOT NULL,
  source      TEXT NOT NULL,
  note        TEXT NOT NULL,
  created_us  INTEGER NOT NULL,
  hash        BLOB NOT NULL
) STRICT;
CREATE INDEX label_by_media ON label (media_id, start_ns);
CREATE INDEX label_by_class ON label (class_id);

-- Models that looked at footage.
CREATE TABLE model (
  id     INTEGER PRIMARY KEY,
  name   TEXT NOT NULL,
  sha256 TEXT NOT NULL UNIQUE,
  path   BLOB,
  hash   BLOB NOT NULL
) STRICT;

-- A model's look at one media. `track` is the file of scores, relative to the project's folder;
-- `events_sha256` seals the events, which stand apart since they can be long.
CREATE TABLE run (
  id            INTEGER PRIMARY KEY,
  media_id      INTEGER NOT NULL REFERENCES media (id),
  model_id      INTEGER NOT NULL REFERENCES model (id),
  params        TEXT NOT NULL,
  state         TEXT NOT NULL CHECK (state IN ('running', 'done', 'cancelled', 'failed')),
  track         BLOB NOT NULL,
  begun_us      INTEGER NOT NULL,
  finished_us   INTEGER NOT NULL,
  events_sha256 TEXT,
  hash          BLOB NOT NULL
) STRICT;
CREATE INDEX run_by_media ON run (media_id);

CREATE TABLE run_events (
  run_id INTEGER PRIMARY KEY REFERENCES run (id),
  events TEXT NOT NULL
) STRICT;

-- Every change of the tables above, in order; undo, redo and audit at once. A step is what one undo
-- takes back: rows of one step carry the number of its first row. `before` and `after` are the
-- changed row as SQL literals without its hash. Undo passes over `note`. `hash` is SHA-256 over the hash of row seq - 1 (32
-- zero bytes before row 1) and over all other columns as SQL literals.
CREATE TABLE history (
  seq    INTEGER PRIMARY KEY CHECK (seq > 0),
  step   INTEGER NOT NULL,
  verb   TEXT NOT NULL CHECK (verb IN ('note', 'edit', 'undo', 'redo')),
  target INTEGER NOT NULL,
  kind   TEXT NOT NULL,
  row_id INTEGER NOT NULL,
  before TEXT,
  after  TEXT,
  author TEXT NOT NULL,
  at_us  INTEGER NOT NULL,
  hash   BLOB NOT NULL
) STRICT;

-- The newest history row, so that a lost end is noticed.
CREATE TABLE seal (
  id   INTEGER PRIMARY KEY CHECK (id = 1),
  seq  INTEGER NOT NULL,
  hash BLOB NOT NULL
) STRICT;
INSERT INTO seal VALUES (1, 0, zeroblob (32));
