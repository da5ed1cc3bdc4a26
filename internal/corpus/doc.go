// Package corpus reads a member's own files: it walks folders, opens what is compressed or
// packed, and cuts all of it into the pieces that the member's agent looks at.
//
// A file is one of these, by its content and not by its name:
//
//   - a picture, which is one piece;
//   - a file of records (NDJSON), cut between lines;
//   - packed: compressed (gzip, zstd, bzip2) or an archive (tar, zip). What it holds is read
//     as files of their own, with the reference "archive!member", and so on within these;
//   - packed in a way that is not opened (xz, 7z, rar, lz4, PDF, encrypted members), which is said;
//   - anything else, read as text.
//
// Every file, and every member of one, also brings digests of its bytes.
//
// Text is cut so that looking at the pieces finds exactly what looking at the whole finds:
// each brings so much text before and behind its own stretch as the longest reading needs.
//
// What could not be read is named and never passed over: a damaged or truncated archive
// brings what came before the damage and a complaint. Memory is bounded whatever the size of
// the files. What unpacks to far more than it takes, or is packed too many times, is given
// up, so that no file can keep a machine busy for ever ([Limits]).
//
// The package knows nothing of signals, agents or ledgers.
package corpus
