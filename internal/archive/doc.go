// Package archive writes a whole database into one portable stream and reads it back, into
// an empty database of either engine. It knows tables and rows, no domain.
//
// # The format
//
// A stream is the line "lantern-archive-1" followed by one zstd stream of blocks. A block
// is its kind (one byte), the length of its payload (four bytes, big-endian), the payload,
// and 32 bytes of a running SHA-256: over the running hash of the block before (zeros for
// the first), the kind, the length and the payload. In order:
//
//   - H, once: JSON, the migrations of the schema and when the archive was made.
//   - T, for each table, in the order of their making: JSON, its name and columns.
//   - R, any number after each T: rows of that table.
//   - E, once: JSON, how many rows each table has.
//   - S, once: the seal of whoever made it, over the running hash of E. What it is and what
//     it proves is the caller's business.
//
// A row is its columns in order. A value is a byte that says what it is, and the value:
// 0 null, 1 an integer (zigzag varint), 2 text and 3 bytes (length as varint, content),
// 4 false, 5 true, 6 a float (8 bytes, IEEE 754, big-endian).
//
// A stream that was cut, changed, reordered or appended to anywhere is refused before
// anything of it counts. Reading and writing take memory for one block, not for a table.
package archive
