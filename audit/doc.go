// Package audit is the append-only log in which an exchange, and each agent for itself,
// records every write and every disclosure, so that an outsider can check offline that
// nothing was removed, changed or slipped in.
//
// The words. A [Record] says what was done, in two parts: the person part identifies
// somebody and can be erased, the facts part (ids, member, program, type, month) stays.
// [Commit] turns a record into a [Leaf], 42 bytes that hold a kind, a second and a salted
// commitment and tell nothing else, and an [Opening], the secret that later proves what
// the leaf stands for. Leaves are the entries of a Merkle [Tree] as RFC 6962 defines it.
// A [Checkpoint] is the signed head of the tree: origin, size, root. An inclusion proof
// shows that a leaf is in a tree, a consistency proof that one tree is the beginning of
// another; both are lists of hashes. A [Receipt] is an inclusion proof with its leaf and
// its checkpoint, handed to whoever acted. A tile holds 256 neighbouring hashes of the
// tree and is the unit in which the tree is stored and served.
//
// Promises. Equal leaves in equal order give equal roots in every implementation. No
// leaf, changed, dropped, inserted or moved, leaves the root as it was. A leaf whose
// opening was destroyed discloses its kind and its second. After the person part of an
// opening is gone, the facts part still proves itself against the same leaf.
//
// Limits. The log shows what was recorded, not what was left out: that every act has its
// leaf is the business of the transaction that writes both. A verifier that never saw an
// earlier checkpoint cannot tell an older tree or a fork from the only one; whoever
// follows a log keeps the newest checkpoint seen and gives it to [VerifyLog] or
// [VerifyConsistency]. Signatures by other keys than the given one are ignored, as the
// note format demands.
//
// On the wire everything follows the C2SP formats tlog-tiles, tlog-checkpoint and
// tlog-proof, so other people's tools can read it; docs/protocol/log.md is the full
// description with test vectors. The package does no input or output but through the
// readers it is given, draws randomness only from its arguments, and is safe for
// concurrent use except for [Tree], which has one owner.
package audit
