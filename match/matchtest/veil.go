package matchtest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"lantern/signal"
)

const (
	wideWord = `[０-９Ａ-Ｚａ-ｚ]`
	besideIt = `(?:[0-9A-Za-z]|` + wideWord + `)`
	besideNo = `(?:[!-~]|` + wideWord + `)`
)

var (
	codes    = regexp.MustCompile(`%[0-7][0-9a-fA-F]|&#(?:([0-9]+)|[xX]([0-9a-fA-F]+));?|&(commat|period|sol|colon|lowbar|nbsp|plus|num|dollar|quest|equals);`)
	wideMark = regexp.MustCompile(`^` + besideIt + `[！-～]` + besideIt + `$`)
	noMark   = regexp.MustCompile(besideNo + `[\p{Cf}\x{34f}\x{115f}\x{1160}\x{17b4}\x{17b5}\x{180b}-\x{180f}\x{2800}\x{3164}\x{fe00}-\x{fe0f}\x{ffa0}\x{e0100}-\x{e01ef}]+` + besideNo)
	site     = regexp.MustCompile(`^[/\\]*(?:[^/?#\\\x00- \x7f]|\\\.)*[/?#\\\x00- \x7f]?`)
	wideSeed = regexp.MustCompile(wideWord)
)

// inVeiled reports what may stand in a veiled stretch.
func inVeiled(c rune) bool {
	switch {
	case c < 0x80:
		return c > ' ' && c < 0x7F && !strings.ContainsRune("\"<>,", c)
	case strings.ContainsRune("，；", c):
		return false
	}
	return c >= '！' && c <= '～' || strings.ContainsRune("。｡․", c) || hidden(c) || kind(c) == 1
}

// veiled reads each stretch that is veiled as it reads without that.
func (r *reader) veiled() {
	for i := 0; i < len(r.t.chars)-1; i++ {
		j := i
		for inVeiled(r.t.at(j)) {
			j++
		}
		if j > i && r.t.chars[j].off-r.t.chars[i].off <= 1000 {
			wide := noMark.MatchString(r.t.cut(i, j))
			for k := i; k < j; k++ {
				c, three := string(r.t.at(k)), string([]rune{r.t.at(k - 1), r.t.at(k), r.t.at(k + 1)})
				wide = wide || wideSeed.MatchString(c) || !strings.Contains("＠．", c) && wideMark.MatchString(three)
			}
			if wide {
				r.unveiled(i, j, false)
			}
			if len(codesIn(r.t.cut(i, j))) > 0 {
				r.unveiled(i, j, true)
			}
		}
		i = j
	}
}

// codesIn returns the codes in s by their places, and what each stands for.
func codesIn(s string) map[int][2]int {
	all := map[int][2]int{}
	for _, m := range codes.FindAllStringSubmatchIndex(s, -1) {
		group := func(n int) string { return s[max(0, m[2*n]):max(0, m[2*n+1])] }
		n := int64(-1)
		switch {
		case s[m[0]] == '%':
			n, _ = strconv.ParseInt(s[m[0]+1:m[1]], 16, 32)
		case group(3) != "":
			n = int64(entities[group(3)])
		case len(group(1)+group(2)) > 4:
		case group(1) != "":
			n, _ = strconv.ParseInt(group(1), 10, 32)
		default:
			n, _ = strconv.ParseInt(group(2), 16, 32)
		}
		if s[m[0]] == '%' || n >= ' ' && n < 0x7F {
			all[m[0]] = [2]int{int(n), m[1] - m[0]}
		}
	}
	return all
}

var entities = map[string]rune{
	"commat": '@', "period": '.', "sol": '/', "colon": ':', "lowbar": '_', "nbsp": ' ', "plus": '+', "num": '#', "dollar": '$', "quest": '?', "equals": '=',
}

// bared is a part of a text as it reads without its veil: of each character where what it stands for begins and ends, and
// whether it was a code.
type bared struct {
	t        *text
	from, to []int
	made     []bool
}

// unveil takes the veil off the characters from i to j.
func (r *reader) unveil(i, j int, coded bool) (u bared) {
	plain := []byte("\ufeff")
	all := codesIn(r.t.cut(i, j))
	percent := regexp.MustCompile(`%[0-7][0-9a-fA-F]`).MatchString(r.t.cut(i, j))
	for k := i; k < j; k++ {
		c, end, code := r.t.cut(k, k+1), k+1, false
		switch n, ok := all[r.t.chars[k].off-r.t.chars[i].off]; {
		case coded && ok:
			c, end, code = string(rune(n[0])), k+n[1], true
		case coded && c == "&" && percent:
			c = " "
		case coded:
		case r.t.at(k) >= '！' && r.t.at(k) <= '～':
			c = string(r.t.at(k) - '！' + '!')
		case hidden(r.t.at(k)):
			continue
		}
		plain, u.from, u.to, u.made = append(plain, c...), append(u.from, k), append(u.to, end), append(u.made, code)
		k = end - 1
	}
	u.t = newText(plain)
	return u
}

// isMade reports whether a code stands directly before what stands from character i to j, or within it.
func (u *bared) isMade(i, j int) bool { return slices.Contains(u.made[max(0, i-1):j], true) }

// unveiled reads the characters from i to j as a text of its own.
func (r *reader) unveiled(i, j int, coded bool) {
	u := r.unveil(i, j, coded)
	in := *r
	in.t, in.spots = u.t, nil
	for k := range in.t.chars {
		in.readAt(k)
	}
	for _, s := range in.spots {
		end := s.end
		if s.typ == signal.URL.Name {
			raw := in.t.cut(s.start, len(in.t.chars)-1)
			first := len(scheme.FindString(raw))
			end = in.t.number(in.t.chars[s.start].off + first + len(site.FindString(raw[first:])))
		}
		if !coded || u.isMade(s.start, end) {
			s.start, s.end = u.from[s.start], u.to[s.end-1]
			r.spots = append(r.spots, s)
		}
	}
}

// codedPhrases reads the phrases that codes make, in all of the text.
func (r *reader) codedPhrases() {
	u := r.unveil(0, len(r.t.chars)-1, true)
	in := *r
	in.t, in.spots = u.t, nil
	in.phrases()
	for _, s := range in.spots {
		if !u.isMade(s.start, s.end) {
			continue
		}
		if s.start, s.end = u.from[s.start], u.to[s.end-1]; r.t.chars[s.end].off-r.t.chars[s.start].off <= 8192 {
			r.spots = append(r.spots, s)
		}
	}
}
