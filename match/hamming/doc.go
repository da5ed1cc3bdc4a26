// Package hamming finds all hashes of 256 bits that differ from a given one in at most so
// many bits. It is what perceptual hashes are looked up with: a picture that was scaled
// or recompressed has a hash a few bits away.
//
// Nothing is missed. An [Index] answers exactly what comparing with every hash would
// answer, at every radius; a miss is the one error that matters here.
//
// # How it works
//
// The bits are dealt into chunks. Two hashes that differ in at most 31 bits differ in
// few bits of at least one chunk: if chunk i is searched up to distance t_i, and the
// numbers t_i+1 add up to 32 or more, some chunk must lie within its t_i (the
// generalised pigeonhole principle; M. Norouzi, A. Punjani, D. J. Fleet, "Fast search in
// Hamming space with multi-index hashing", CVPR 2012). So the hashes are kept in the order
// of each chunk's bits, and a search reads the few buckets whose bits are that near. How
// many chunks there are, and how wide, follows from the number of hashes.
//
// Real hashes are not uniform: some bits are nearly always zero, and copies of one
// picture crowd together. The bits are therefore dealt by how evenly they are zero and
// one, measured when the index is built, so that no chunk is all dull bits. Equal hashes
// are kept once. A search that would still read more than everything compares with
// everything instead, so that no data can make it slower than that.
//
// Beside each hash's number a bucket holds 96 of its bits, so that nearly all strangers
// are told apart without a further memory access; the [Compact] form leaves these out and
// takes a third of the memory.
//
// An index is immutable and flat: [Index.WriteTo] writes it as it is, [Open] uses such
// bytes where they lie, which may be a mapped file. The form is described in
// docs/formats/hamming.md. On processors with AVX-512 and VPOPCNTDQ a small kernel
// compares four hashes at once, others deal bits with AVX-512 BITALG and cut chunks out of
// eight rows; elsewhere Go does the same. On amd64 a search asks for memory before it needs it.
package hamming
