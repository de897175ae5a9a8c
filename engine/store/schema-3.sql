-- Schema 3: several videos of one scene.

-- Footage that shows the same scene at the same time. Two rows of one `scene` are in sync:
-- pts + offset_ns is the scene's own time in both. A scene bears the id of the media it began with.
CREATE TABLE scene_media (
  id        INTEGER PRIMARY KEY,
  media_id  INTEGER NOT NULL UNIQUE REFERENCES media (id),
  scene     INTEGER NOT NULL,
  offset_ns INTEGER NOT NULL,
  hash      BLOB NOT NULL
) STRICT;
CREATE INDEX scene_media_by_scene ON scene_media (scene);
