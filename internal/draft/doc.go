// Package draft takes drafts of signals out of people's files and brings them to an
// exchange, however many there are.
//
// A file has one of several formats; [NewReader] tells them apart and reads one [Row] after the
// other, each through the codec of its format. [Rules] says all that can be said about a row before it is sent: its form, its
// type's rules, the policy of its programs, warning lists. [Sharing] sends the good rows in
// batches, several of which are under way at once, and hands out what became of each row
// in the order of the file. [Rejects] writes the refused rows to a file that can be mended
// and shared as it is. An export uses the same formats: [Writer].
//
// Memory does not grow with the file: at most a few batches of rows are held. A run that
// ends early has shared the rows up to some line and perhaps a few batches after it; since
// sharing a row again changes nothing, the whole file can be shared again.
//
// Two rows on one value are shared in the order of the file, so that the later one stands,
// as if rows were sent one by one. No complaint holds a value.
package draft
