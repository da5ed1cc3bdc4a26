package corpus

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"

	"lantern"
	"lantern/internal/bounded"
	"lantern/internal/charset"
	"lantern/internal/web"
	"lantern/pdq"
)

// How files are cut.
const (
	body = 4 << 20 // bytes of a piece's own

	// overlap is how much text a piece brings before and behind its own. It is more than
	// the longest reading (phrases, 8 KiB) and what an engine looks at around one.
	overlap = 32 << 10
)

// Limits bound what is spent on one file. The zero value means the defaults.
type Limits struct {
	Ratio   int64 // unpacked bytes for each packed one, beyond the first 64 MiB; 0 means 250
	Grace   int64 // the unpacked bytes from which on Ratio counts; 0 means 64 MiB
	Depth   int   // how often something may be packed within something packed; 0 means 6
	Members int   // of all archives in the file together; 0 means 1,000,000
	Inner   int64 // bytes of a zip within something packed, which is held in memory; 0 means 64 MiB
}

func (l Limits) withDefaults() Limits {
	if l.Ratio == 0 {
		l.Ratio = 250
	}
	if l.Grace == 0 {
		l.Grace = 64 << 20
	}
	if l.Depth == 0 {
		l.Depth = 6
	}
	if l.Members == 0 {
		l.Members = 1_000_000
	}
	if l.Inner == 0 {
		l.Inner = 64 << 20
	}
	return l
}

// Piece is a piece with its bytes.
type Piece struct {
	lantern.Piece
	Body  []byte
	Final bool // no other piece of the file follows
}

// Cutter cuts one file after the other. It is used by one goroutine.
type Cutter struct {
	Limits  Limits
	Sums    func() Sums           // which digests of a file are wanted; nil: all. Of what has no size beforehand, or is packed, it is always all
	Emit    func(*Piece) error    // takes a piece over; its error ends the work
	Room    func(size int) []byte // an empty slice with room for the text of a file of known size; nil: it is made
	Trouble func(ref, why string) // something could not be looked at

	ctx      context.Context
	pending  *Piece // held until it is known whether it is the last
	failed   error  // of Emit
	raw      int64  // bytes read of the file itself
	unpacked int64  // bytes that came of what is packed in it
	members  int
	limits   Limits
	buffers  []*bufio.Reader // one for each depth, used again
}

// Input is a file to be cut.
type Input struct {
	Ref    string // the member's reference
	Name   string // by whose extension a file of records is known
	Reader io.Reader
	At     io.ReaderAt // the same bytes at any place, if there are such; a zip needs them
	Size   int64       // of At
}

// File cuts one file and returns its digests. An error is that of Emit or of ctx; what could
// not be read is told to Trouble, in which case the digests may be nil.
func (c *Cutter) File(ctx context.Context, in Input) (*lantern.Digests, error) {
	c.ctx, c.pending, c.failed, c.raw, c.unpacked, c.members = ctx, nil, nil, 0, 0, 0
	c.limits = c.Limits.withDefaults()
	e := &entry{ref: in.Ref, name: in.Name, at: in.At, size: in.Size}
	digests := c.entry(e, &counter{r: in.Reader, ctx: ctx, n: &c.raw})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if c.pending == nil {
		c.pending = &Piece{Piece: lantern.Piece{Ref: in.Ref, Kind: lantern.PieceNone}}
	}
	c.pending.Final = true
	c.flush()
	return digests, c.failed
}

// entry is a file, or one that is packed in it.
type entry struct {
	ref, name string
	depth     int         // how often it is packed
	at        io.ReaderAt // nil unless its bytes can be had at any place
	size      int64
}

// entry cuts what r holds. Nothing that it meets keeps what comes after from being cut.
func (c *Cutter) entry(e *entry, r io.Reader) *lantern.Digests {
	wanted := AllSums
	if c.Sums != nil && e.at != nil && e.depth == 0 {
		wanted = c.Sums()
	}
	sums := NewDigester(wanted)
	if wanted != 0 {
		r = io.TeeReader(r, sums)
	}
	in := c.buffer(e.depth, r)
	head, _ := in.Peek(HeadLen) // an error comes again behind what there is
	var err error
	mine := c.pending
	if p := Packed(head); p.Opened() {
		err = c.unpack(e, p, in)
	} else {
		if p != "" {
			c.tell(e.ref, p.Closed())
		}
		err = c.content(e, p, in, head)
	}
	if err != nil && c.failed == nil {
		c.trouble(e.ref, err)
	}
	if c.failed != nil || errors.Is(err, errBomb) && e.depth > 0 {
		return nil // how a bomb goes on is of no interest
	}
	if _, later := io.Copy(io.Discard, in); later != nil { // what was left unread belongs to the digests
		if err == nil {
			c.trouble(e.ref, later)
		}
		return nil
	}
	digests := sums.Sum()
	// The entry's own last piece takes them along.
	if c.pending == nil || c.pending == mine || c.pending.Ref != e.ref || c.pending.Digests != nil {
		c.emit(&Piece{Piece: lantern.Piece{Ref: e.ref, Kind: lantern.PieceNone}})
	}
	if c.pending != nil {
		c.pending.Digests = digests
	}
	return digests
}

// buffer returns the buffer of a depth. What was read through it before is over: nothing goes
// on within a file, or a member, that was cut.
func (c *Cutter) buffer(depth int, r io.Reader) *bufio.Reader {
	for len(c.buffers) <= depth {
		c.buffers = append(c.buffers, bufio.NewReaderSize(nil, 64<<10))
	}
	c.buffers[depth].Reset(r)
	return c.buffers[depth]
}

// content cuts what is not packed.
func (c *Cutter) content(e *entry, p Packing, in *bufio.Reader, head []byte) error {
	switch kind := KindOf(e.name, head); {
	case !p.Readable():
		return nil
	case kind == lantern.PiecePicture:
		return c.picture(e, in)
	case kind == lantern.PieceRecords:
		return c.records(e, in, head)
	}
	return c.text(e, in, head)
}

// emit hands the piece before over and holds this one.
func (c *Cutter) emit(p *Piece) {
	c.flush()
	if p.Bytes = len(p.Body); c.failed == nil {
		c.pending = p
	}
}

func (c *Cutter) flush() {
	if c.pending != nil && c.failed == nil {
		c.failed = c.Emit(c.pending)
	}
	c.pending = nil
}

// trouble says why something could not be read. The end of the run is no trouble of a file.
func (c *Cutter) trouble(ref string, err error) {
	if c.failed == nil && c.ctx.Err() == nil {
		c.tell(ref, reasonOf(err))
	}
}

func (c *Cutter) tell(ref, why string) { c.Trouble(ref, why) }

// picture takes a picture whole: it can be looked at in no other way.
func (c *Cutter) picture(e *entry, in io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(in, lantern.MaxPicture+1))
	if err != nil {
		return err
	}
	if len(b) > lantern.MaxPicture {
		return pdq.ErrTooLarge
	}
	c.emit(&Piece{Piece: lantern.Piece{Ref: e.ref, Kind: lantern.PiecePicture}, Body: b})
	return c.failed
}

// text cuts a text of any size.
func (c *Cutter) text(e *entry, in *bufio.Reader, head []byte) error {
	enc, mark := charset.Sniff(head)
	if _, err := in.Discard(mark); err != nil {
		return err
	}
	p := lantern.Piece{Ref: e.ref, Kind: lantern.PieceText, Offset: int64(mark), From: int64(mark), Line: 1, Column: 1,
		Encoding: map[charset.Encoding]lantern.Encoding{charset.UTF16LE: lantern.UTF16LE, charset.UTF16BE: lantern.UTF16BE}[enc]}
	var buf []byte
	if e.at != nil {
		size := int(min(e.size, body)) + 1 // room enough to see the end
		if c.Room != nil {
			buf = c.Room(size)
		} else {
			buf = make([]byte, 0, size)
		}
	}
	for {
		own := int(p.From - p.Offset)
		var err error
		buf, err = fill(buf, in, own+body+overlap)
		done := err != nil
		to := len(buf)
		if !done {
			to = border(buf, len(buf)-overlap, enc)
		}
		p.To = p.Offset + int64(to)
		c.emit(&Piece{Piece: p, Body: buf})
		if c.failed != nil || errors.Is(err, io.EOF) {
			return c.failed
		}
		if err != nil {
			return err
		}
		next := border(buf, max(0, to-overlap), enc)
		at := charset.Passed(buf[:next], enc)
		if at.Line > 1 {
			p.Line, p.Column = p.Line+at.Line-1, at.Column
		} else {
			p.Column += at.Column - 1
		}
		p.From, p.Offset = p.To, p.Offset+int64(next)
		buf = append(make([]byte, 0, len(buf)-next+body+overlap), buf[next:]...)
	}
}

// fill reads until buf holds want bytes; any error, io.EOF too, comes with what was read.
func fill(buf []byte, in io.Reader, want int) ([]byte, error) {
	const first = 64 << 10 // most files are small
	for len(buf) < want {
		if len(buf) == cap(buf) {
			size := min(want, max(first, 4*cap(buf)))
			buf = append(make([]byte, 0, size), buf...)
		}
		n, err := in.Read(buf[len(buf):min(cap(buf), want)])
		buf = buf[:len(buf)+n]
		if err != nil {
			return buf, err
		}
	}
	return buf, nil
}

// border moves a cut back to where a character begins.
func border(b []byte, at int, enc charset.Encoding) int {
	if enc != charset.UTF8 {
		at &^= 1
		high := at + 1
		if enc == charset.UTF16BE {
			high = at
		}
		if high < len(b) && b[high]&0xFC == 0xDC && at >= 2 {
			at -= 2 // between the halves of one
		}
		return at
	}
	for back := 1; back < utf8.UTFMax && at > 0 && at < len(b) && !utf8.RuneStart(b[at]); back++ {
		at--
	}
	return at
}

// records cuts a file of records between lines. A line that is too long is named and left out.
// Of a file in UTF-16 pieces are cut from its text in UTF-8, and stand where they stand there.
func (c *Cutter) records(e *entry, in *bufio.Reader, head []byte) error {
	if enc, _ := charset.Sniff(head); enc != charset.UTF8 {
		order := unicode.LittleEndian
		if enc == charset.UTF16BE {
			order = unicode.BigEndian
		}
		in = bufio.NewReader(unicode.UTF16(order, unicode.IgnoreBOM).NewDecoder().Reader(in))
	}
	p := lantern.Piece{Ref: e.ref, Kind: lantern.PieceRecords, Offset: int64(bounded.SkipMark(in))}
	var rest []byte
	for {
		buf, err := fill(rest, in, body)
		lines := buf
		if err == nil {
			lines = buf[:bytes.LastIndexByte(buf, '\n')+1]
		}
		if p, rest = c.lines(p, lines), bytes.Clone(buf[len(lines):]); c.failed != nil {
			return c.failed
		}
		if err == nil && len(rest) > web.MaxLine {
			c.tell(e.ref, tooLong(p.Index))
			p.Index++
			p.Offset += int64(len(rest))
			p.Offset, rest, err = c.skipLine(p.Offset, in)
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

func tooLong(index int) string {
	return "record " + strconv.Itoa(index+1) + ": too long, so it was not looked at"
}

// skipLine reads to the end of a line.
func (c *Cutter) skipLine(offset int64, in *bufio.Reader) (int64, []byte, error) {
	for {
		part, err := in.ReadSlice('\n')
		offset += int64(len(part))
		if !errors.Is(err, bufio.ErrBufferFull) {
			return offset, nil, err
		}
	}
}

// lines emits whole lines, in several pieces if one is too long, and returns where the
// next piece begins.
func (c *Cutter) lines(p lantern.Piece, b []byte) lantern.Piece {
	begin, index := 0, p.Index
	cut := func(end, next int) {
		if end > begin {
			one := p
			one.From, one.To = p.Offset, p.Offset+int64(end-begin)
			c.emit(&Piece{Piece: one, Body: b[begin:end:end]})
		}
		p.Offset += int64(next - begin)
		p.Index, begin = index, next
	}
	for at := 0; at < len(b); {
		n := bytes.IndexByte(b[at:], '\n') + 1
		if n == 0 {
			n = len(b) - at
		}
		line := b[at : at+n]
		if len(line) > web.MaxLine {
			c.tell(p.Ref, tooLong(index))
			index++
			cut(at, at+n)
		} else if len(bytes.TrimSpace(line)) > 0 {
			index++
		}
		at += n
	}
	cut(len(b), len(b))
	return p
}

// counter counts the bytes read from r and ends with ctx.
type counter struct {
	ctx context.Context
	r   io.Reader
	n   *int64
}

func (c *counter) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.r.Read(p)
	*c.n += int64(n)
	return n, err
}
