package erasure

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"unicode/utf16"
)

// needles are byte strings looked for in files, each belonging to one value.
type needles struct {
	all    []needle
	ends   map[[window]byte][]int // last bytes of a needle → places in all
	filter [1 << 16]bool          // which pairs of bytes begin such an end
}

type needle struct {
	value int
	form  string
	bytes []byte
}

// window is how many bytes find a needle; shorter ones are not looked for.
const window = 8

func newNeedles() *needles { return &needles{ends: map[[window]byte][]int{}} }

func (n *needles) add(value int, form string, b []byte) {
	if len(b) < window {
		return
	}
	end := [window]byte(b[len(b)-window:])
	n.ends[end] = append(n.ends[end], len(n.all))
	n.filter[binary.LittleEndian.Uint16(end[:])] = true
	n.all = append(n.all, needle{value, form, b})
}

// text adds every form in which a text may stand in a file unsealed.
func (n *needles) text(value int, what, s string) {
	n.add(value, what, []byte(s))
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		var wide []byte
		for _, unit := range utf16.Encode([]rune(s)) {
			wide = order.AppendUint16(wide, unit)
		}
		n.add(value, what+" in UTF-16", wide)
	}
	n.coded(value, what, []byte(s))
}

// coded adds the textual codes of bytes.
func (n *needles) coded(value int, what string, b []byte) {
	digits := hex.EncodeToString(b)
	n.add(value, what+" in hexadecimal", []byte(digits))
	n.add(value, what+" in hexadecimal", []byte(strings.ToUpper(digits)))
	// Where the text before it ends decides the letters of a text inside base64: all
	// three cases, without the letters that its neighbours share.
	for shift := range 3 {
		code := base64.StdEncoding.EncodeToString(append(make([]byte, shift), b...))
		first, last := (shift*8+5)/6, (shift+len(b))*8/6
		n.add(value, what+" in base64", []byte(code[first:last]))
	}
}

// digests adds the digests that are looked up in tables of known addresses.
func (n *needles) digests(value int, s string) {
	m, s1, s2 := md5.Sum([]byte(s)), sha1.Sum([]byte(s)), sha256.Sum256([]byte(s))
	for name, sum := range map[string][]byte{"MD5": m[:], "SHA-1": s1[:], "SHA-256": s2[:]} {
		n.add(value, name, sum)
		n.coded(value, name, sum)
	}
}

// find returns how many values have a needle in the files, and how often each form occurs.
func (n *needles) find(files [][]byte) (values int, forms map[string]int) {
	found := map[int]bool{}
	forms = map[string]int{}
	for _, b := range files {
		for end := window; end <= len(b); end++ {
			tail := b[end-window : end]
			if !n.filter[binary.LittleEndian.Uint16(tail)] {
				continue
			}
			for _, i := range n.ends[[window]byte(tail)] {
				if bytes.HasSuffix(b[:end], n.all[i].bytes) {
					found[n.all[i].value] = true
					forms[n.all[i].form]++
				}
			}
		}
	}
	return len(found), forms
}
