package match

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"lantern"
	"lantern/internal/segment"
	"lantern/internal/text"
	"lantern/signal"
)

// How lists of frame hashes (vpdq) are held. Each hash that counts is a row among the
// perceptual hashes, so that one search finds what is near a frame, of all videos. All of
// one signal's hashes lie together once more, in a row among the phrases whose hash is that
// of the signal's id: when some frame of a signal was found, it is asked which others match.
// By that row the hash of a frame is told from the hash of a picture, too.

// framesHash is the hash under which the frames of a signal are filed. Two numbers hash to
// those of phrases; no phrase has this second word.
func framesHash(id lantern.ID) uint64 { return text.Pair(uint64(id), inFrames) }

// inFrames stands in place of the second word.
const inFrames = 2

const frameSize = 32 // bytes of a hash

// addFrames appends the rows of a list of frames. Without a frame that counts there are none,
// and the signal is found by an equal list only.
func (b *builder) addFrames(en *Entry) {
	frames := signal.FrameHashes(en.Canonical)
	if len(frames) == 0 {
		return
	}
	all := make([]byte, 0, frameSize*len(frames))
	for _, h := range frames {
		b.rows.Near = append(b.rows.Near, segment.Near{Bits: h, Row: b.row()})
		for _, w := range h {
			all = binary.LittleEndian.AppendUint64(all, w)
		}
	}
	b.rows.Phrases = append(b.rows.Phrases, segment.Phrase{Hash: framesHash(en.Signal), Words: uint32(len(frames)), Row: b.row(), Text: all})
}

// framesOf returns the frame hashes of the signal in a row of piece number i; nil if it is
// not a list of frames.
func (l *lookup) framesOf(i int, row uint32) []byte {
	p := l.v.Pieces[i]
	if n := l.e.n.vpdq; p.Kinds>>n&1 == 0 {
		return nil
	}
	hash := framesHash(signalAt(p, row))
	if !p.May(hash) {
		return nil
	}
	var ph segment.Phrase
	for list := p.FindPhrases(hash); p.NextPhrase(&list, &ph); {
		if ph.Row == row && len(ph.Text)%frameSize == 0 {
			return ph.Text
		}
	}
	return nil
}

// video is a held list of frames, some of which match.
type video struct {
	piece int
	row   uint32
	near  []uint32 // numbers of the query's frames that match, rising
	worst int      // the largest of their distances, each to the nearest frame held
}

// frames compares a list of frames with every one that is held.
func (l *lookup) frames(t *signal.Type, n uint8, q Query) {
	query := signal.FrameHashes(q.Canonical)
	for i, p := range l.v.Pieces {
		if p.Kinds>>n&1 == 0 {
			continue
		}
		for _, v := range l.videos(i, query, t.Radius) {
			l.video(t, v, query)
		}
	}
	// Equal lists, of which no frame may count.
	d, ok := l.digest(n, q.Canonical)
	if !ok {
		return
	}
	l.rows(d, func(r keyRow) {
		for i := range l.dst[l.from:] {
			if f := &l.dst[l.from+i]; f.Signal == r.signal {
				f.How = lantern.HowExact
				return
			}
		}
		l.add(Found{Signal: r.signal, How: lantern.HowExact, Weak: t.Weak})
	})
}

// videos lists the lists of frames in a piece, in the order in which they are met, of which some
// frame matches.
func (l *lookup) videos(i int, query [][4]uint64, radius int) []*video {
	type reached struct{ number, distance int }
	at := map[uint32]*video{}
	var order []*video
	best := map[*video]reached{} // of the frame being looked up
	for number := range query {
		clear(best)
		l.v.Pieces[i].Near(&query[number], radius, func(row uint32, d int) {
			v := at[row]
			if v == nil {
				v = &video{piece: i, row: row}
				at[row], order = v, append(order, v)
			}
			if b, ok := best[v]; !ok || d < b.distance {
				best[v] = reached{number, d}
			}
		})
		for v, b := range best {
			v.near, v.worst = append(v.near, uint32(b.number)), max(v.worst, b.distance)
		}
	}
	return order
}

// video counts the frames of one list that match, and appends it if they are enough.
func (l *lookup) video(t *signal.Type, v *video, query [][4]uint64) {
	held := l.framesOf(v.piece, v.row)
	if len(held) == 0 || !l.v.Alive(v.piece, v.row) {
		return // a picture, or replaced
	}
	matched := 0
	for f := held; len(f) > 0; f = f[frameSize:] {
		// Whatever matches a frame of the signal is among those that matched some of it.
		if slices.ContainsFunc(v.near, func(number uint32) bool { return frameDistance(f, &query[number]) <= t.Radius }) {
			matched++
		}
	}
	total := len(held) / frameSize
	if 100*len(v.near) < signal.FramePercent*len(query) && 100*matched < signal.FramePercent*total {
		return
	}
	l.add(Found{
		Signal: signalAt(l.v.Pieces[v.piece], v.row), How: lantern.HowNear, Distance: v.worst, Weak: t.Weak,
		OfQuery: percent(len(v.near), len(query)), OfSignal: percent(matched, total),
	})
}

func percent(part, whole int) float64 { return 100 * float64(part) / float64(whole) }

// frameDistance counts in how many bits a stored hash and another differ.
func frameDistance(stored []byte, h *[4]uint64) int {
	n := 0
	for i, w := range h {
		n += bits.OnesCount64(binary.LittleEndian.Uint64(stored[8*i:]) ^ w)
	}
	return n
}
