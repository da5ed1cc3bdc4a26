package pdq

// The filter. A picture is blurred by a running mean over a window of about 1/128 of its
// size, along rows and then along columns, and all of that twice (a tent filter), before
// every 64th part is sampled. The reference runs four passes over the whole picture.
// Here rows stream through the four stages, so that what is touched stays in the cache
// and a picture of any height takes a few rows of memory, and the third and fourth stage
// compute only the 64 columns that are sampled. Each running sum still adds and subtracts
// the same values in the same order, so every bit is the same. Where sums of neighboring
// columns have nothing to do with each other, and for colors, there are kernels for processors
// with AVX2.

// lanes is how many rows go through a running sum side by side. A sum depends on the one
// before it, so a single row would wait for each addition; four keep the adder busy.
const lanes = 4

// quad holds the same column of four neighboring rows.
type quad [lanes]float32

// rowFunc writes the luma of row y into one lane of dst, which is as long as the row.
type rowFunc func(y int, dst []quad, lane int)

// box is a running mean over n values. The window of output o covers the values from
// o-behind+1 to o+ahead, as far as they exist.
type box struct {
	n, window     int
	ahead, behind int
}

func newBox(n int) box {
	window := (n + 2*side - 1) / (2 * side)
	ahead := window / 2
	return box{n: n, window: window, ahead: ahead, behind: window - ahead}
}

// count returns how many values lie under the window of output o.
func (b box) count(o int) int {
	return min(o+b.ahead, b.n-1) - max(o-b.behind, -1)
}

// sampled returns which of n values stands for part i of 64.
func sampled(i, n int) int { return (2*i + 1) * n / (2 * side) }

// means writes the running means of the four rows in src to dst.
func (b box) means(src []quad, dst *[lanes][]float32) {
	n, w := b.n, b.window
	src = src[:n]
	d0, d1, d2, d3 := dst[0][:n], dst[1][:n], dst[2][:n], dst[3][:n]
	var s quad
	for _, v := range src[:b.ahead] {
		s.add(v)
	}
	o := 0
	for ; o < b.behind; o++ {
		s.add(src[o+b.ahead])
		c := float32(b.count(o))
		d0[o], d1[o], d2[o], d3[o] = s[0]/c, s[1]/c, s[2]/c, s[3]/c
	}
	s = b.full(s, src[w:], src[:n-w], d0[o:], d1[o:], d2[o:], d3[o:])
	for o += n - w; o < n; o++ {
		s.sub(src[o-b.behind])
		c := float32(b.count(o))
		d0[o], d1[o], d2[o], d3[o] = s[0]/c, s[1]/c, s[2]/c, s[3]/c
	}
}

// full is the part of means where the whole window lies on the row.
func (b box) full(s quad, add, sub []quad, d0, d1, d2, d3 []float32) quad {
	m := len(sub)
	add = add[:m]
	d0, d1, d2, d3 = d0[:m], d1[:m], d2[:m], d3[:m]
	s0, s1, s2, s3 := s[0], s[1], s[2], s[3]
	if b.window&(b.window-1) == 0 { // multiplying by a power of two is exact, and faster
		f := 1 / float32(b.window)
		for i := range sub {
			p, q := &add[i], &sub[i]
			s0 = s0 + p[0] - q[0]
			s1 = s1 + p[1] - q[1]
			s2 = s2 + p[2] - q[2]
			s3 = s3 + p[3] - q[3]
			d0[i], d1[i], d2[i], d3[i] = s0*f, s1*f, s2*f, s3*f
		}
		return quad{s0, s1, s2, s3}
	}
	c := float32(b.window)
	for i := range sub {
		p, q := &add[i], &sub[i]
		s0 = s0 + p[0] - q[0]
		s1 = s1 + p[1] - q[1]
		s2 = s2 + p[2] - q[2]
		s3 = s3 + p[3] - q[3]
		d0[i], d1[i], d2[i], d3[i] = s0/c, s1/c, s2/c, s3/c
	}
	return quad{s0, s1, s2, s3}
}

// samples is means for the 64 sampled columns only.
func (b box) samples(src []quad, dst *[lanes][]float32) {
	src = src[:b.n]
	d0, d1, d2, d3 := dst[0][:side], dst[1][:side], dst[2][:side], dst[3][:side]
	var s quad
	for _, v := range src[:b.ahead] {
		s.add(v)
	}
	o := 0
	for i := range side {
		at := sampled(i, b.n)
		for ; o <= at && o < b.behind; o++ {
			s.add(src[o+b.ahead])
		}
		if last := min(at+1, b.n-b.ahead); o < last {
			s = s.slide(src[o+b.ahead:last+b.ahead], src[o-b.behind:])
			o = last
		}
		for ; o <= at; o++ {
			s.sub(src[o-b.behind])
		}
		c := float32(b.count(at))
		d0[i], d1[i], d2[i], d3[i] = s[0]/c, s[1]/c, s[2]/c, s[3]/c
	}
}

func (s *quad) add(v quad) {
	for i := range s {
		s[i] += v[i]
	}
}

func (s *quad) sub(v quad) {
	for i := range s {
		s[i] -= v[i]
	}
}

// slide moves the window of s over all of add and as much of sub.
func (s quad) slide(add, sub []quad) quad {
	sub = sub[:len(add)]
	s0, s1, s2, s3 := s[0], s[1], s[2], s[3]
	for i := range add {
		p, q := &add[i], &sub[i]
		s0 = s0 + p[0] - q[0]
		s1 = s1 + p[1] - q[1]
		s2 = s2 + p[2] - q[2]
		s3 = s3 + p[3] - q[3]
	}
	return quad{s0, s1, s2, s3}
}

// columns runs the mean along columns, for rows that arrive from the top. It keeps the
// rows under the window and up to lanes further ones.
type columns struct {
	box
	width   int
	sums    []float32
	ring    []float32
	arrived int // rows received
	done    int // rows given out
}

func newColumns(b box, width int) *columns {
	return &columns{
		box:   b,
		width: width,
		sums:  make([]float32, width),
		ring:  make([]float32, width*(b.window+lanes)),
	}
}

func (c *columns) row(y int) []float32 {
	at := y % (c.window + lanes) * c.width
	return c.ring[at : at+c.width : at+c.width]
}

// free returns the places of the next four rows. The caller fills them and adds to
// arrived how many of them count.
func (c *columns) free() *[lanes][]float32 {
	var rows [lanes][]float32
	for i := range rows {
		rows[i] = c.row(c.arrived + i)
	}
	return &rows
}

// next moves the sums on to row done, and returns by how many values they are to be
// divided; 0 if a row is missing.
func (c *columns) next() int {
	o := c.done
	if o == c.n || min(o+c.ahead, c.n-1) >= c.arrived {
		return 0
	}
	if o == 0 {
		for y := range c.ahead {
			c.add(c.row(y))
		}
	}
	in, out := o+c.ahead, o-c.behind
	switch {
	case in < c.n && out >= 0:
		c.addSub(c.row(in), c.row(out))
	case in < c.n:
		c.add(c.row(in))
	default:
		c.sub(c.row(out))
	}
	c.done++
	return c.count(o)
}

func (c *columns) add(row []float32) {
	row = row[:len(c.sums)]
	for x := range c.sums {
		c.sums[x] += row[x]
	}
}

func (c *columns) sub(row []float32) {
	row = row[:len(c.sums)]
	for x := range c.sums {
		c.sums[x] -= row[x]
	}
}

func (c *columns) addSub(in, out []float32) {
	sums := c.sums
	done := addSubFast(sums, in, out)
	sums, in, out = sums[done:], in[done:], out[done:]
	in, out = in[:len(sums)], out[:len(sums)]
	for x, s := range sums {
		sums[x] = s + in[x] - out[x]
	}
}

// shrink blurs a picture of width x height and samples it into dst.
func shrink(width, height int, luma rowFunc, dst *square) {
	rows := make([]quad, width)
	if width == side && height == side { // already of that size: not blurred
		for y := range side {
			luma(y, rows, 0)
			for x := range side {
				dst[y][x] = rows[x][0]
			}
		}
		return
	}
	across, down := newBox(width), newBox(height)
	first, second := newColumns(down, width), newColumns(down, side)
	blurred := make([]quad, width)
	filled, target := 0, 0
	for y := 0; y < height; y += lanes {
		k := min(lanes, height-y)
		for i := range k {
			luma(y+i, rows, i)
		}
		across.means(rows, first.free())
		first.arrived += k
		for count := first.next(); count != 0; count = first.next() {
			divide(first.sums, count, blurred, filled)
			if filled++; filled < lanes && first.done < height {
				continue
			}
			across.samples(blurred, second.free())
			second.arrived += filled
			filled = 0
			target = second.sample(dst, target)
		}
	}
}

// divide writes the means of sums into one lane of dst.
func divide(sums []float32, count int, dst []quad, lane int) {
	lane &= lanes - 1
	done := divideFast(sums, count, dst, lane)
	sums, dst = sums[done:], dst[done:]
	dst = dst[:len(sums)]
	if count&(count-1) == 0 {
		f := 1 / float32(count)
		for x, s := range sums {
			dst[x][lane] = s * f
		}
		return
	}
	c := float32(count)
	for x, s := range sums {
		dst[x][lane] = s / c
	}
}

// sample takes the rows that have become ready and writes those that stand for row
// target and the following of dst. It returns the row of dst that is next.
func (c *columns) sample(dst *square, target int) int {
	for count := c.next(); count != 0; count = c.next() {
		// A picture lower than 64 has rows that stand for several.
		for ; target < side && sampled(target, c.n) == c.done-1; target++ {
			for x, s := range c.sums {
				dst[target][x] = s / float32(count)
			}
		}
	}
	return target
}
