package luma

// units reads row y of units of a sequential file into the strip.
func (d *decoder) units(y int) bool {
	var b block
	var chroma [3][2]block // a unit has at most two blocks of each: all of its blocks are ten at most
	for x := range d.across {
		for i := range d.list {
			c := &d.list[i]
			for j := range c.h * c.v {
				to := &b
				if i > 0 {
					to = &chroma[i][j&1]
				}
				if !d.block(to, c) {
					return false
				}
				if i == 0 {
					d.put(to, x*c.h+j%c.h, j/c.h)
				}
			}
		}
		if len(d.list) == 3 && d.clips {
			c := d.list[1]
			for j := range c.h * c.v {
				d.clipUnder(x*c.h+j%c.h, j/c.h, &chroma[1][j&1], &chroma[2][j&1])
			}
		}
		if !d.again(d.list, y*d.across+x+1) {
			return false
		}
	}
	return true
}

// block reads one block of a component. It reports whether it was there, whole and as usual.
func (d *decoder) block(b *block, c *scanned) bool {
	*b = block{}
	zeros, difference, ok := d.next(c.dc)
	if !ok || zeros != 0 {
		return false
	}
	c.mean += difference
	quant := &d.quant[c.quant&3]
	b.c[0] = c.mean * quant[0]

	// Most symbols lie in the table with their values, so near bits will do for them.
	table := c.ac
	acc, n := d.acc, d.n
	for k := 1; k < 64; k++ {
		if n < near {
			d.acc, d.n = acc, n
			d.fill()
			acc, n = d.acc, d.n
		}
		entry := table.table[acc>>(64-near)]
		value := int32(entry) >> 16
		if value != 0 {
			acc <<= entry & 63
			n -= int(entry & 63)
			k += int(entry >> 8 & 15)
		} else {
			if n < enough {
				d.acc, d.n = acc, n
				d.fill()
				acc, n = d.acc, d.n
			}
			symbol, length := byte(entry>>8), int(entry&63)
			if entry == 0 {
				if symbol, length = table.far(acc); length == 0 {
					return false
				}
			}
			acc <<= uint(length)
			n -= length
			if symbol == 0 { // the end of the block
				break
			}
			k += int(symbol >> 4)
			size := int(symbol & 15)
			if size == 0 {
				if symbol != 0xf0 { // sixteen zeros
					return false
				}
				continue
			}
			value = extend(acc, size)
			acc <<= uint(size)
			n -= size
		}
		if k > 63 {
			return false
		}
		b.set(k, value*quant[k&63])
	}
	d.acc, d.n = acc, n
	return n >= 0
}
