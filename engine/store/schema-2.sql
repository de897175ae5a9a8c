-- Schema 2: what a reviewer does beside labelling, and the order in which classes stand.

-- What a person said of a span in which a model scored a class: 'rejected' events stay rejected
-- when the footage is analysed again; 'reviewed' is a look without a label. Model and class are the
-- model's own names, for a project may lack the class; a media that somebody is through with has
-- one row 'reviewed' with both empty.
CREATE TABLE verdict (
  id           INTEGER PRIMARY KEY,
  media_id     INTEGER NOT NULL REFERENCES media (id),
  model_sha256 TEXT NOT NULL,
  class        TEXT NOT NULL,
  start_ns     INTEGER NOT NULL,
  end_ns       INTEGER NOT NULL CHECK (start_ns < end_ns),
  verdict      TEXT NOT NULL CHECK (verdict IN ('rejected', 'reviewed')),
  author       TEXT NOT NULL,
  created_us   INTEGER NOT NULL,
  hash         BLOB NOT NULL
) STRICT;
CREATE INDEX verdict_by_media ON verdict (media_id, start_ns);

-- One row: the ids of the classes as they stand, with commas; classes it leaves out come last.
CREATE TABLE class_order (
  id   INTEGER PRIMARY KEY CHECK (id = 1),
  ids  TEXT NOT NULL,
  hash BLOB NOT NULL
) STRICT;

-- Spans of footage that were on the screen; they neither overlap nor touch. They say where to look
-- next and prove nothing: the history leaves them out.
CREATE TABLE coverage (
  media_id INTEGER NOT NULL REFERENCES media (id),
  start_ns INTEGER NOT NULL,
  end_ns   INTEGER NOT NULL CHECK (start_ns < end_ns),
  PRIMARY KEY (media_id, start_ns)
) STRICT, WITHOUT ROWID;
