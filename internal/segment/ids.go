package segment

import "math/bits"

// idList holds ids of signals, rising. In blocks of 64 each is written as what it has more
// than the first of its block, in as few whole bytes as the widest block needs: one where ids
// are dense, six where ten million are drawn at random. Behind them stand the first ids of
// the blocks, 8 bytes each, so that 8 bytes can be read from any id on.
type idList struct {
	more  []byte // n of width bytes, and what stands behind
	first []byte
	width int
	mask  uint64 // of width bytes
}

const (
	idBlock     = 64
	idBlockBits = 6
)

// idWidth is how many bytes of each id are written.
func idWidth(ids []uint64) int {
	widest := uint64(1)
	for from := 0; from < len(ids); from += idBlock {
		last := min(from+idBlock, len(ids)) - 1
		widest = max(widest, ids[last]-ids[from])
	}
	return (bits.Len64(widest) + 7) / 8
}

func idBlocks(n int) int { return (n + idBlock - 1) / idBlock }

// idListSize is the size of the section of these ids.
func idListSize(ids []uint64) int { return len(ids)*idWidth(ids) + 8*idBlocks(len(ids)) }

// newIDList reads the list of n ids. ok is false if b is not as large as such a list can be.
func newIDList(b []byte, n int) (l idList, ok bool) {
	if n == 0 {
		return l, len(b) == 0
	}
	rest := len(b) - 8*idBlocks(n)
	if rest < n || rest > 8*n || rest%n != 0 {
		return l, false
	}
	return idList{b, b[rest:], rest / n, 1<<(rest/n*8) - 1}, true
}

// at returns id number i, which must be there.
func (l *idList) at(i int) uint64 {
	return le.Uint64(l.first[i>>idBlockBits*8:]) + le.Uint64(l.more[i*l.width:])&l.mask
}

// ahead has the processor load id number i of n, if there is one.
func (l *idList) ahead(i, n int) {
	if i < n {
		ahead(&l.first[i>>idBlockBits*8])
		ahead(&l.more[i*l.width])
	}
}

// idCursor goes through the ids of a list, a block at a time.
type idCursor struct {
	list  *idList
	n, at int
	id    uint64 // number at, if at < n
	block [idBlock]uint64
}

func (l *idList) cursor(n int) idCursor {
	c := idCursor{list: l, n: n, at: -1}
	c.next()
	return c
}

// next goes to the next id.
func (c *idCursor) next() {
	c.at++
	if c.at%idBlock == 0 && c.at < c.n {
		c.list.read(c.at/idBlock, c.block[:min(idBlock, c.n-c.at)])
	}
	c.id = c.block[c.at%idBlock]
}

// read reads the first ids of a block.
func (l *idList) read(block int, ids []uint64) {
	first := le.Uint64(l.first[8*block:])
	b := l.more[block*idBlock*l.width:]
	for i := range ids {
		ids[i] = first + le.Uint64(b)&l.mask
		b = b[l.width:]
	}
}

// put writes the ids the list was made for.
func (l *idList) put(ids []uint64) {
	var first uint64
	for i, id := range ids {
		if i%idBlock == 0 {
			first = id
		}
		le.PutUint64(l.more[i*l.width:], id-first) // the next one writes over what is too much
	}
	for b := range idBlocks(len(ids)) {
		le.PutUint64(l.first[8*b:], ids[b*idBlock])
	}
}
