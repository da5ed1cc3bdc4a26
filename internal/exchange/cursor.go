package exchange

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"slices"

	"lantern"
)

// place is what a cursor says: how far a member read a program's feed, in which epoch of
// its rights, through which filter, and the feed's purge horizon when it began from the
// beginning. Whoever began after a purge needs none of the tombstones that went with it,
// however far it got. A person without the training that the program wants is told of
// corrections alone; whoever goes on from there with it must begin anew.
type place struct {
	seq    int64
	epoch  int64
	since  int64
	lean   bool   // something was left out for want of training
	filter string // see filterMark
}

// filterMark tells filters apart; it is empty for the one that lets everything pass.
func filterMark(f lantern.FeedFilter) string {
	if f.IsZero() {
		return ""
	}
	f.Types, f.Tags, f.Statuses, f.Sharers = sorted(f.Types), sorted(f.Tags), sorted(f.Statuses), sorted(f.Sharers)
	f.CreatedSince, f.SeenSince = f.CreatedSince.UTC(), f.SeenSince.UTC()
	text, err := json.Marshal(f)
	if err != nil {
		panic(err) // only a time outside of the years 0 to 9999, which no request can name
	}
	sum := sha256.Sum256(text)
	return string(sum[:8])
}

func sorted[T lantern.ID | lantern.SignalType | lantern.Tag | lantern.Status](list []T) []T {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// leanBit, in the first byte of a cursor, says that it is lean: no place in a feed is so high.
const leanBit = 0x80

// cursor writes a place as an opaque text that is of use to this member and program only.
func (x *Exchange) cursor(member, program lantern.ID, p place) lantern.Cursor {
	b := make([]byte, 24, 40)
	binary.BigEndian.PutUint64(b, uint64(p.seq))
	binary.BigEndian.PutUint64(b[8:], uint64(p.epoch))
	binary.BigEndian.PutUint64(b[16:], uint64(p.since))
	if p.lean {
		b[0] |= leanBit
	}
	b = append(b, p.filter...)
	sum := x.Sealer.Index("cursor", member.String(), program.String(), string(b))
	return lantern.Cursor(base64.RawURLEncoding.EncodeToString(append(b, sum[:8]...)))
}

// readCursor is the other way round. A cursor that this exchange did not give to this
// member for this program and filter is Invalid.
func (x *Exchange) readCursor(member, program lantern.ID, filter string, c lantern.Cursor) (place, error) {
	b, err := base64.RawURLEncoding.DecodeString(string(c))
	if err == nil && (len(b) == 32 || len(b) == 40) {
		said := b[:len(b)-8]
		sum := x.Sealer.Index("cursor", member.String(), program.String(), string(said))
		if subtle.ConstantTimeCompare(sum[:8], b[len(said):]) == 1 {
			number := func(at int) int64 { return int64(binary.BigEndian.Uint64(said[at:])) }
			p := place{number(0) & math.MaxInt64, number(8), number(16), said[0]&leanBit != 0, string(said[24:])}
			if p.filter == filter {
				return p, nil
			}
			return place{}, &lantern.Error{Kind: lantern.Invalid, Field: "/cursor", Reason: "a cursor of another filter",
				Fix: "read on with the filter that the cursor came from, or leave the cursor out"}
		}
	}
	return place{}, &lantern.Error{Kind: lantern.Invalid, Field: "/cursor", Reason: "not a cursor of this feed", Fix: "pass what the last page gave as next, or leave it out to start from the beginning"}
}
