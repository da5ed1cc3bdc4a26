// Package ncmec reads and writes hash lists in the form of NCMEC's hash sharing interface, version
// 2: a queryResult in XML whose entries are pictures and videos, each with its fingerprints.
//
// # Their nouns and ours
//
// A fingerprint of an entry is one signal: md5 (of a video, video-md5), sha1, pdq, and pdna, which
// is photodna here. An entry is not kept together. Its classification (A1, A2, B1, B2) becomes the
// note, by [Note]. Every signal read has the use restriction "ncmec": such lists are for one
// purpose, and what is restricted leaves by no export of another member.
//
// # What is not taken
//
// An entry that a member of the list contradicted is refused: it must be reviewed before anybody
// repeats it. An entry that was deleted takes nothing back here; it is counted. The members,
// ids and times of entries are another exchange's, and fingerprints of other kinds
// cannot be compared; they are counted too, by [Reader.Lost].
//
// Memory holds one entry.
package ncmec
