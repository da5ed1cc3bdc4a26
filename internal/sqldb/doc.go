// Package sqldb is the one door to SQL: the same hand-written statement runs on an
// embedded SQLite file and on PostgreSQL. It opens a database, refuses it if its
// settings keep less than we promise, migrates it, runs transactions and, after an
// erasure, makes deleted bytes unrecoverable. It knows nothing of signals or members.
//
// # Transactions
//
// Every statement runs in a transaction of [DB.Write] or [DB.Read]. On SQLite there is
// one writer at a time (BEGIN IMMEDIATE on a connection of its own) and several readers,
// each with a stable snapshot. On PostgreSQL writers run side by side at READ COMMITTED
// and must take the row they depend on with [Tx.Lock]; readers run at REPEATABLE READ.
// A transaction the engine could not complete because of another one (40001, 40P01,
// SQLITE_BUSY) is run again, here and nowhere else, so the function given to Write must
// be safe to run more than once. When Write returns nil the commit is on stable storage.
//
// # The portable subset
//
// Statements and migrations use only what both engines understand alike:
//
//   - Placeholders are $1, $2, …; on SQLite they become ? (in order) or ?1, ?2, ….
//   - Column types are BIGINT, TEXT, BYTEA, BOOLEAN and DOUBLE PRECISION. Times are
//     BIGINT microseconds since 1970, UTC; JSON is TEXT and is taken apart in Go. INTEGER
//     is 32 bits wide on one engine and 64 on the other: do not use it. On SQLite tables
//     are made STRICT, so a value of the wrong type is refused by both.
//   - Arguments are integers, floats, booleans, strings, byte slices or arrays, pointers
//     to these, or nil. A string must be UTF-8 without NUL: PostgreSQL takes no other, so
//     the seam refuses it on both. A nil []byte is NULL, an
//     empty one is not, though it may be read back as nil.
//   - A statement that fails ends its transaction, as on PostgreSQL: later statements of
//     it fail too, on both engines. Use ON CONFLICT where a duplicate is expected.
//   - A boolean column is tested bare (WHERE held, WHERE NOT held), never against 0 or 1.
//   - Upserts are INSERT … ON CONFLICT (columns) DO NOTHING | DO UPDATE SET x = excluded.x.
//     An upsert from a SELECT needs WHERE TRUE before ON CONFLICT, or SQLite reads a join.
//   - RETURNING, common table expressions, window functions, CASE, COALESCE, LIMIT and
//     row values ((a, b) > ($1, $2)) work alike. The order of text depends on the
//     database's locale: order by numbers or bytes, or sort in Go.
//   - No now(), random(), JSON or array operators, ILIKE, SKIP LOCKED, SELECT DISTINCT ON,
//     LATERAL, and no SELECT *: columns are listed.
//   - "-- clustered" behind a primary key stores the table in the index of that key on SQLite:
//     for small rows that are found by it.
//   - LIKE folds ASCII case on SQLite and does not on PostgreSQL: do not use it.
//   - Integer division of negative numbers, string concatenation with NULL and implicit
//     casts differ or surprise: compute in Go.
//
// # The rules that keep distributed PostgreSQL open
//
// A table says in a comment how it would be spread: "-- distributed by COLUMN",
// "-- reference" (small, copied to every node) or "-- local" (one node). Package sqltext
// holds a schema to what Citus and its like accept:
//
//   - The primary key and every UNIQUE of a distributed table contain its distribution
//     column, and so does every ON CONFLICT target.
//   - A distributed table has foreign keys only to reference tables.
//   - No SERIAL, IDENTITY, AUTOINCREMENT or sequences: ids are random, and feed positions
//     come from a head row locked by the writer, so they have no gaps.
//   - No advisory locks, LISTEN/NOTIFY, temporary tables or triggers.
//   - No SELECT … FOR UPDATE over more than one distribution key.
//
// # Errors
//
// An engine that cannot serve (it cannot be reached, its disk is full) wraps a [lantern.Error]
// of kind Unavailable that says so in words fit for everybody: the caller
// must answer "could not look", never "not found". What the engine said is in the wrapping error, for the log. Engine messages that could repeat an
// argument are replaced, so that no error carries a stored value.
package sqldb
