// Package warninglist keeps values that point at too many to be a signal, such as popular
// sites, shared hosts, addresses of resolvers, hashes of empty files, out of what is shared.
//
// A warning list is a file in the format of MISP's warning lists: a JSON object with a
// name, a type, a list of entries and the kinds of attributes it is meant for. [Load] reads
// a folder of them, at any depth. The types of lists are applied like this:
//
//   - string: a value equal to an entry, for every signal type the list is meant for.
//   - hostname: a domain that is an entry, is "www." or "m." before one, or has one below it;
//     and a URL that is such a host and nothing more. A URL with a path, or an invite code,
//     is never refused: the worst links live on the most popular hosts. Nor is a host below
//     an entry: it is somebody's own.
//   - cidr: an internet address in one of the networks.
//   - substring: mail addresses only, and only entries that say "all of this host" ("@host")
//     or "this mailbox at any host" ("abuse@"). Elsewhere a part of a value says nothing
//     about how many it points at.
//   - regex: never. Somebody else's patterns may take any time to run.
//
// What is not applied is reported, as a [Skipped], and the rest is. An entry that is not a
// value of the type is passed over, and so is one that the type refuses by itself; the report
// counts them. A list of which nothing is left is not applied.
//
// A [Set] holds 64-bit keyed digests of the entries, not the entries: a million of them
// take some 40 MB, and a look-up well under a microsecond. One in 10^13 look-ups could take
// a value for another. A Set never changes and may be used from everywhere; whoever wants
// other lists loads another.
package warninglist
