// Package world draws what companies would know of their own platforms, in a world that
// does not exist: accounts, posts, devices, and what a reviewer would find on looking.
//
// The terms. A trader is somebody who runs many accounts of the social network to pass
// on removed files; the ring is all of them with those who ask them for access. A finding
// is what a company's own people see when they look at an account; the truth is whether
// it broke the rules, and nobody may decide by it. Besides the accounts there are two
// kinds of a company's own means: a [Reviewer], who judges by findings, and [Tools],
// which find accounts that share something.
//
// Promises: everything is drawn from a seed, a size and a day, and the same three give
// the same world. Names are syllables that mean nothing, hosts are reserved ones, and
// nothing describes harm.
//
// Limits: people of this world are simple. A reviewer overlooks nothing that is there to
// be seen, and is wrong only where an identifier passed to somebody else.
package world
