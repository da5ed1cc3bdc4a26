package siphash

import (
	"encoding/binary"
	"encoding/hex"
	"testing"
)

// TestSipHash holds the hash to the reference code's vectors_sip128: key and message count up from zero.
func TestSipHash(t *testing.T) {
	t.Parallel()
	var k [16]byte
	var m [64]byte
	for i := range m {
		m[i] = byte(i)
	}
	copy(k[:], m[:])
	key := NewKey(k)
	for n, want := range map[int]string{
		0:  "a3817f04ba25a8e66df67214c7550293",
		1:  "da87c1d86b99af44347659119b22fc45",
		2:  "8177228da4a45dc7fca38bdef60affe4",
		7:  "a1f1ebbed8dbc153c0b84aa61ff08239",
		8:  "3b62a9ba6258f5610f83e264f31497b4",
		15: "5493e99933b0a8117e08ec0f97cfc3d9",
	} {
		first, second := key.Sum128(string(m[:n]))
		got := binary.LittleEndian.AppendUint64(nil, first)
		got = binary.LittleEndian.AppendUint64(got, second)
		if hex.EncodeToString(got) != want {
			t.Errorf("%d bytes: got %x, want %s", n, got, want)
		}
		if half := key.First(string(m[:n])); half != first {
			t.Errorf("%d bytes: the first half alone is %x, want %x", n, half, first)
		}
	}
}

func BenchmarkFirst(b *testing.B) {
	key := Key{1, 2}
	m := "0123456789abcdef0123456789abcdef"
	for _, n := range []int{8, 16, 32} {
		b.Run(string(rune('0'+n/10))+string(rune('0'+n%10)), func(b *testing.B) {
			for range b.N {
				key.First(m[:n])
			}
		})
	}
}

// TestStream holds the hashes of messages that have beginnings in common to those of each alone.
func TestStream(t *testing.T) {
	k := NewKey([16]byte{1, 2, 3})
	var s Stream
	s.Start(&k)
	m, last := make([]byte, 0, 64), ""
	for i, keep := range []int{0, 3, 3, 8, 9, 16, 15, 20, 7, 0, 24, 24, 30} {
		m = m[:min(keep, len(m))]
		same := len(m)
		for len(m) < keep+i%7 {
			m = append(m, byte(17*i+len(m)))
		}
		if got, want := s.First(string(m), same), k.First(string(m)); got != want {
			t.Fatalf("message %d, %d bytes as in the last of %d: got %x, want %x", i, same, len(last), got, want)
		}
		last = string(m)
	}
}
