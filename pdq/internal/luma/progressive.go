package luma

import "math"

// band says which part of the coefficients a scan of a progressive file holds: those from first
// to last in zigzag order; all bits above low, or bit low of what was sent to bit high before.
type band struct{ first, last, high, low int }

// valid refuses what the standard does (section G.1.1.1), and bits that no coefficient has.
func (b band) valid(components int) bool {
	if b.first == 0 {
		if b.last != 0 {
			return false
		}
	} else if components != 1 {
		return false
	}
	return b.first <= b.last && b.last <= 63 && (b.high == 0 || b.high == b.low+1) && b.low <= 13
}

// progress reads a scan of a progressive file into the coefficients.
func (d *decoder) progress(list []scanned, b band) bool {
	if !b.valid(len(list)) {
		return false
	}
	for i := range list {
		c := &list[i]
		c.seen = true
		if b.first > 0 && !c.ac.build() || b.first == 0 && b.high == 0 && !c.dc.build() {
			return false
		}
	}
	if len(list) == 1 {
		return d.alone(list, b) && d.endOfBand == 0
	}
	for y := range d.down {
		for x := range d.across {
			for i := range list {
				c := &list[i]
				for j := range c.h * c.v {
					if !d.part(c.coefficient(x*c.h+j%c.h, y*c.v+j/c.h), c, b) {
						return false
					}
				}
			}
			if !d.again(list, y*d.across+x+1) {
				return false
			}
		}
	}
	return true
}

// alone reads a scan of one component, which has its blocks row by row, and only those in which
// there is a pixel, as image/jpeg counts them.
func (d *decoder) alone(list []scanned, b band) bool {
	c := &list[0]
	if d.restart > 0 && c.h*c.v > 1 {
		return false // restarts are counted in blocks here, in image/jpeg in units
	}
	across, down := min(c.width, units(d.width, 1)), min(c.height, units(d.height, 1))
	for y := range down {
		for x := range across {
			if !d.part(c.coefficient(x, y), c, b) || !d.again(list, y*across+x+1) {
				return false
			}
		}
	}
	return true
}

func (c *component) coefficient(x, y int) *[64]int16 { return &c.coefficients[y*c.width+x] }

// part reads what a scan has of one block.
func (d *decoder) part(to *[64]int16, c *scanned, b band) bool {
	ok := true
	switch {
	case b.first == 0 && b.high == 0:
		var zeros int
		var difference int32
		zeros, difference, ok = d.next(c.dc)
		c.mean += difference
		ok = ok && zeros == 0 && set(&to[0], c.mean, b.low)
	case b.first == 0:
		to[0] |= int16(d.bit() << b.low)
	case b.high == 0:
		ok = d.begin(to, c.ac, b)
	default:
		ok = d.refine(to, c.ac, b)
	}
	return ok && d.n >= 0
}

// set puts value at its bits. It reports whether the coefficient holds it: one of 8 bits does.
func set(to *int16, value int32, low int) bool {
	if value > math.MaxInt16>>low || value < math.MinInt16>>low {
		return false
	}
	*to = int16(value << low)
	return true
}

// begin reads the first bits of a band (section G.1.2.2).
func (d *decoder) begin(to *[64]int16, h *huffman, b band) bool {
	if d.endOfBand > 0 {
		d.endOfBand--
		return true
	}
	for k := b.first; k <= b.last; k++ {
		zeros, value, ok := d.next(h)
		if !ok {
			return false
		}
		if value == 0 && zeros < 15 {
			d.endOfBand = d.run(zeros) - 1
			break
		}
		k += zeros
		if value != 0 && (k > b.last || !set(&to[k&63], value, b.low)) {
			return false
		}
	}
	return true
}

// run reads in how many blocks there is nothing more of a band: from 1<<size on, with size more bits.
func (d *decoder) run(size int) int {
	if size == 0 {
		return 1
	}
	return 1<<size | int(d.number(size))
}

// refine reads one more bit of each coefficient of a band (section G.1.2.3).
func (d *decoder) refine(to *[64]int16, h *huffman, b band) bool {
	k := b.first
	for ; d.endOfBand == 0 && k <= b.last; k++ {
		zeros, value, ok := d.next(h)
		if !ok || value < -1 || value > 1 {
			return false
		}
		if value == 0 && zeros < 15 {
			d.endOfBand = d.run(zeros)
			break
		}
		if k, ok = d.pass(to, k, b, zeros); !ok || k > b.last {
			return false
		}
		if value != 0 {
			to[k&63] = int16(value << b.low)
		}
	}
	if d.endOfBand == 0 {
		return true
	}
	d.endOfBand--
	_, ok := d.pass(to, k, b, len(to))
	return ok
}

// pass reads a bit for each coefficient from k on that is not zero, and stops at a zero after so
// many zeros, or behind the band.
func (d *decoder) pass(to *[64]int16, k int, b band, zeros int) (int, bool) {
	for ; k <= b.last; k++ {
		c := &to[k&63]
		if *c == 0 {
			if zeros == 0 {
				break
			}
			zeros--
			continue
		}
		// The bit goes away from zero.
		sign := int32(*c) >> 31
		v := int32(*c) + (d.bit()<<b.low ^ sign - sign)
		if v != int32(int16(v)) {
			return k, false
		}
		*c = int16(v)
	}
	return k, true
}

// complete reports whether there was a scan of each component.
func (d *decoder) complete() bool {
	for i := range d.parts {
		if !d.parts[i].seen {
			return false
		}
	}
	return true
}

// reconstruct makes row y of units of the coefficients of all scans, as far as there are pixels.
func (d *decoder) reconstruct(y int) {
	var b, blue, red block
	c := &d.parts[0]
	for j := range min(c.v, units(d.height, 1)-y*c.v) {
		for x := range units(d.width, 1) {
			d.gather(&b, c, x, y*c.v+j)
			d.put(&b, x, j)
		}
	}
	if len(d.parts) == 1 || !d.clips {
		return
	}
	across, down := c.h/d.parts[1].h, c.v/d.parts[1].v
	c = &d.parts[1]
	for j := range min(c.v, units(d.height, down)-y*c.v) {
		for x := range units(d.width, across) {
			d.gather(&blue, c, x, y*c.v+j)
			d.gather(&red, &d.parts[2], x, y*c.v+j)
			d.clipUnder(x, j, &blue, &red)
		}
	}
}

// gather multiplies the coefficients of a block out.
func (d *decoder) gather(b *block, c *component, x, y int) {
	*b = block{}
	quant := &d.quant[c.quant&3]
	from := c.coefficient(x, y)
	b.c[0] = int32(from[0]) * quant[0]
	for k := 1; k < len(from); k += 3 { // three by three, for zeros come in heaps
		if from[k]|from[k+1]|from[k+2] != 0 {
			b.set(k, int32(from[k])*quant[k])
			b.set(k+1, int32(from[k+1])*quant[k+1])
			b.set(k+2, int32(from[k+2])*quant[k+2])
		}
	}
}
