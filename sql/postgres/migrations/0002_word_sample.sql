-- 0002_word_sample: how common words are, counted now and then, so that searches need not count
-- and all replicas score alike.
-- runs with: 1

-- Words that at least a few of the records that were looked at hold.
CREATE TABLE word_sample (
  word text COLLATE "C" NOT NULL PRIMARY KEY,
  documents bigint NOT NULL CHECK (documents > 0)
);

-- One row, or none before the first count: how many records were looked at, the newest ones; how
-- many there were, as the size of the tables told and as it is best known; words a record; the
-- last stamp of then.
CREATE TABLE word_sample_total (
  is_only boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (is_only),
  looked_at bigint NOT NULL CHECK (looked_at > 0),
  store_size bigint NOT NULL,
  records bigint NOT NULL,
  mean_words double precision NOT NULL,
  stamp bigint,
  made_at timestamptz NOT NULL
);
