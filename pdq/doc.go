// Package pdq computes PDQ, the perceptual hash by which platforms recognize a known
// picture after it was scaled, recompressed or slightly edited.
//
// A hash is 256 bits. [Sum] shrinks the picture to 64x64 gray values, takes the lowest
// 16x16 frequencies of their cosine transform and notes for each whether it lies above
// the median. Two pictures whose hashes differ in at most [Radius] bits are worth a
// look by a person; that is all it means. The hash cannot be turned back into the
// picture, but whoever has a candidate picture can confirm it: treat a hash as
// confidential.
//
// Beside the hash comes a quality from 0 to 100: how much structure the 64x64 picture
// has. A hash of quality below [MinQuality] says little, and one of quality 0 (a blank
// or evenly colored picture) holds nothing but rounding residue: it matches other blank
// pictures at random and must never become a signal.
//
// # What agrees with what
//
// From 8-bit RGB pixels on, hash and quality agree bit for bit with the reference
// implementation of the ThreatExchange project, on every processor: no product is
// fused into a sum, for each is converted to float32 first. This covers pictures of any
// size as they are, while the command-line tool of the reference first squeezes large
// ones to 512x512 and then differs by a few bits. Before the pixels, decoders differ:
// for a JPEG expect up to two bits, and never rely on fewer than ten. [SumFile] takes the luma
// of a JPEG from the file instead of working it out from rounded colors, but for colors that
// clip. It lies as near to the reference as [Decode] and [Sum] do, and as a rule within two
// bits of them; docs/design/031-luma.md has the figures.
//
// # What counts as the pixels
//
//   - Gray is RGB with three equal channels.
//   - 16-bit channels keep their high byte.
//   - Alpha is ignored, as other implementations do: the color stored in a pixel
//     counts, however transparent. Where a format stores color multiplied by alpha, the
//     color is divided out again; a fully transparent pixel of such a format is black.
//   - Of an animated GIF only the first frame counts, by itself and not placed on its canvas. Animated
//     WebP is of no kind that [Decode] knows.
//   - The orientation in EXIF data is not applied. The reference does not apply it, and
//     a hash is of use only if everyone gets the same one for the same file. A turned
//     copy has an unrelated hash either way.
//   - Color profiles are not applied.
//
// # Hostile files
//
// [Decode] and [SumFile] take files nobody vouches for. They look at the dimensions in the
// header before anything is allocated for the pixels, and how often a JPEG goes through
// them, read no more than [Limits] allow and turn a panic of a decoder into an error. At the
// default limits one picture takes up to 1 GiB (a progressive JPEG of 64 megapixels without
// chroma subsampling; SumFile takes 384 MiB for it, and both in turn if it turns out to be
// damaged) and as a rule a tenth of that: bound how many run at once. Hashing adds little, for
// it goes through the picture a few rows at a time, and so does SumFile through a JPEG that is
// not progressive. All decoders are Go: no C code sees the bytes.
//
// Everything here is pure and safe for concurrent use.
package pdq
