package exchange

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"

	"lantern"
)

// place is what a cursor says: how far a member read a program's feed, in which epoch of
// its rights, and the feed's purge horizon when it began from the beginning. Whoever
// began after a purge needs none of the tombstones that went with it, however far it got.
type place struct {
	seq      int64
	epoch    int64
	since    int64
	imminent bool // through the filter that lets only this pass
}

// lane is the part of a cursor's mark that tells filters apart.
func (p place) lane() string {
	if p.imminent {
		return "imminent"
	}
	return ""
}

// cursor writes a place as an opaque text that is of use to this member and program only.
func (x *Exchange) cursor(member, program lantern.ID, p place) lantern.Cursor {
	b := make([]byte, 24, 32)
	binary.BigEndian.PutUint64(b, uint64(p.seq))
	binary.BigEndian.PutUint64(b[8:], uint64(p.epoch))
	binary.BigEndian.PutUint64(b[16:], uint64(p.since))
	sum := x.Sealer.Index("cursor", member.String(), program.String(), string(b)+p.lane())
	return lantern.Cursor(base64.RawURLEncoding.EncodeToString(append(b, sum[:8]...)))
}

// readCursor is the other way round. A cursor that this exchange did not give to this
// member for this program is Invalid.
func (x *Exchange) readCursor(member, program lantern.ID, f lantern.FeedFilter, c lantern.Cursor) (place, error) {
	var p place
	p.imminent = f.Imminent
	b, err := base64.RawURLEncoding.DecodeString(string(c))
	if err == nil && len(b) == 32 {
		sum := x.Sealer.Index("cursor", member.String(), program.String(), string(b[:24])+p.lane())
		if subtle.ConstantTimeCompare(sum[:8], b[24:]) == 1 {
			p.seq, p.epoch, p.since = int64(binary.BigEndian.Uint64(b)), int64(binary.BigEndian.Uint64(b[8:])), int64(binary.BigEndian.Uint64(b[16:]))
			return p, nil
		}
	}
	return place{}, &lantern.Error{Kind: lantern.Invalid, Field: "/cursor", Reason: "not a cursor of this feed", Fix: "pass what the last page gave as next, or leave it out to start from the beginning"}
}
