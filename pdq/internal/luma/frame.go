package luma

// frame takes the header of a picture (section B.2.2): its size, and how its components are
// sampled.
func (d *decoder) frame(p []byte) bool {
	if d.parts != nil || len(p) != 6+3 && len(p) != 6+9 || p[0] != 8 || int(p[5])*3+6 != len(p) {
		return false
	}
	d.height, d.width = int(p[1])<<8|int(p[2]), int(p[3])<<8|int(p[4])
	if d.width == 0 || d.height == 0 || int64(d.width)*int64(d.height) > d.maxPixels {
		return false
	}
	parts := make([]component, p[5])
	for i := range parts {
		c := component{id: p[6+3*i], h: int(p[7+3*i] >> 4), v: int(p[7+3*i] & 15), quant: p[8+3*i]}
		if !factor(c.h) || !factor(c.v) || c.quant > 3 {
			return false
		}
		for _, other := range parts[:i] {
			if other.id == c.id {
				return false
			}
		}
		parts[i] = c
	}
	if len(parts) == 1 {
		parts[0].h, parts[0].v = 1, 1 // factors mean something beside others only
	} else {
		y, cb, cr := &parts[0], &parts[1], &parts[2]
		if y.v == 4 || y.h%cb.h != 0 || y.v%cb.v != 0 || cr.h != cb.h || cr.v != cb.v || y.h*y.v+2*cb.h*cb.v > 10 {
			return false
		}
	}
	d.across, d.down = units(d.width, parts[0].h), units(d.height, parts[0].v)
	for i := range parts {
		parts[i].width, parts[i].height = d.across*parts[i].h, d.down*parts[i].v
	}
	d.parts = parts
	return true
}

// factor reports whether n is a sampling factor that image/jpeg takes.
func factor(n int) bool { return n == 1 || n == 2 || n == 4 }

// units returns how many units of so many blocks cover n pixels.
func units(n, blocks int) int { return (n + 8*blocks - 1) / (8 * blocks) }

// quantization takes the tables by which coefficients are multiplied (section B.2.4.1).
func (d *decoder) quantization(p []byte) bool {
	for len(p) > 0 {
		wide, which := int(p[0]>>4), p[0]&15
		size := 64 * (1 + wide)
		if wide > 1 || which > 3 || len(p) < 1+size {
			return false
		}
		for i := range d.quant[which] {
			if wide == 0 {
				d.quant[which][i] = int32(p[1+i])
			} else {
				d.quant[which][i] = int32(p[1+2*i])<<8 | int32(p[2+2*i])
			}
		}
		p = p[1+size:]
	}
	return true
}

// huffman takes the tables of codes (section B.2.4.2).
func (d *decoder) huffman(p []byte) bool {
	for len(p) > 0 {
		class, which := p[0]>>4, p[0]&15
		if class > 1 || which > 3 || d.baseline && which > 1 {
			return false
		}
		h := &d.dc[which]
		if class == 1 {
			h = &d.ac[which]
		}
		rest, ok := h.define(p[1:])
		if !ok {
			return false
		}
		p = rest
	}
	return true
}

// scanned is one component of a scan.
type scanned struct {
	*component
	chroma int // 0: it is gray or luma
	dc, ac *huffman
	mean   int32 // of the block before, which the next one is told as a difference from
}

// scan takes the header of a scan (section B.2.3) and reads what follows it, but for the
// samples of a sequential file.
func (d *decoder) scan(p []byte) bool {
	if d.parts == nil || d.rgb() || len(p) < 6 || len(p) != 4+2*int(p[0]) || int(p[0]) > len(d.parts) {
		return false
	}
	list := make([]scanned, p[0])
	last := -1
	for i := range list {
		id, tables := p[1+2*i], p[2+2*i]
		at := last + 1 // they come in the order of the frame
		for at < len(d.parts) && d.parts[at].id != id {
			at++
		}
		if at == len(d.parts) || tables>>4 > 3 || tables&15 > 3 || d.baseline && (tables>>4 > 1 || tables&15 > 1) {
			return false
		}
		list[i] = scanned{component: &d.parts[at], chroma: at, dc: &d.dc[tables>>4], ac: &d.ac[tables&15]}
		last = at
	}
	d.start()
	if d.progressive {
		p = p[len(p)-3:]
		d.allocate()
		return d.progress(list, band{int(p[0]), int(p[1]), int(p[2] >> 4), int(p[2] & 15)}) && d.end()
	}
	// A sequential file of several scans is rare, and luma has to wait for chroma there.
	if d.begun || len(list) != len(d.parts) {
		return false
	}
	d.begun, d.list = true, list
	for i := range list {
		if !list[i].dc.build() || !list[i].ac.build() {
			return false
		}
	}
	return true
}

// allocate takes room for the coefficients of a progressive file, once.
func (d *decoder) allocate() {
	for i := range d.parts {
		if c := &d.parts[i]; !d.begun {
			c.coefficients = make([][64]int16, c.width*c.height)
		}
	}
	d.begun = true
}

// again ends a stretch of entropy-coded bytes and begins the next, behind a restart marker,
// if one is due after so many units. Their count goes round from 0 to 7.
func (d *decoder) again(list []scanned, units int) bool {
	if d.restart == 0 || units%d.restart != 0 || units == d.across*d.down {
		return true
	}
	want := restart0 + byte((units/d.restart-1)%8)
	if !d.end() || d.pos+1 >= len(d.src) || d.src[d.pos] != 0xff || d.src[d.pos+1] != want {
		return false
	}
	d.pos += 2
	d.start()
	for i := range list {
		list[i].mean = 0
	}
	d.endOfBand = 0
	return true
}
