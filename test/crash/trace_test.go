package crash_test

import (
	"regexp"
	"strings"
	"testing"
)

// event is one system call of a trace, at the moment it was complete; an answer counts
// from the moment its write began.
type event struct {
	call string // name
	text string // arguments and result, as strace prints them
}

var (
	// strace -f -o FILE starts each line with the thread's id.
	traceLine = regexp.MustCompile(`^(\d+) +(\w+)\((.*)$`)
	resumed   = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>(.*)$`)
)

// events puts the calls that other threads interrupted together again and orders all by
// their completion. Writes stay at their beginning: a byte may leave at any time after it.
func events(trace string) []event {
	open := make(map[string]string) // thread → the first part of its call
	var out []event
	for line := range strings.Lines(trace) {
		line = strings.TrimSuffix(line, "\n")
		if m := traceLine.FindStringSubmatch(line); m != nil {
			call, text := m[2], m[3]
			if part, ok := strings.CutSuffix(text, " <unfinished ...>"); ok {
				open[m[1]] = part
				if !strings.HasPrefix(call, "write") && call != "sendto" {
					continue
				}
				text = part
			}
			out = append(out, event{call, text})
		} else if m := resumed.FindStringSubmatch(line); m != nil {
			if !strings.HasPrefix(m[2], "write") && m[2] != "sendto" {
				out = append(out, event{m[2], open[m[1]] + m[3]})
			}
			delete(open, m[1])
		}
	}
	return out
}

// exchangeOf describes the requests to look at and what must happen within each.
type exchangeOf struct {
	request string         // in the read that brings it
	answer  string         // in the write that answers it
	log     *regexp.Regexp // the file of the write-ahead log, as strace names it
}

// unsynced returns, for each request in order, "" or what is wrong: no sync of the log
// between the arrival of the request and its answer, or a write to the log after the last
// sync.
func (x exchangeOf) unsynced(all []event) []string {
	var out []string
	inside, synced, dirty := false, false, false
	for _, e := range all {
		switch {
		case strings.HasPrefix(e.call, "read") && strings.Contains(e.text, x.request):
			inside, synced, dirty = true, false, false
		case !inside:
		case strings.HasPrefix(e.call, "pwrite") && x.log.MatchString(e.text):
			dirty = true
		case (e.call == "fdatasync" || e.call == "fsync") && x.log.MatchString(e.text) && strings.HasSuffix(e.text, "= 0"):
			synced, dirty = true, false
		case strings.HasPrefix(e.call, "write") && strings.Contains(e.text, x.answer):
			switch {
			case !synced:
				out = append(out, "answered without a sync")
			case dirty:
				out = append(out, "answered with unsynced writes")
			default:
				out = append(out, "")
			}
			inside = false
		}
	}
	return out
}

func TestUnsynced(t *testing.T) {
	t.Parallel()
	const (
		request = "12 read(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, \"POST /x HTTP/1.1\"..., 4096) = 200\n"
		frame   = "12 pwrite64(7</d/a.db-wal>, \"x\"..., 4096, 32) = 4096\n"
		sync    = "12 fdatasync(7</d/a.db-wal>) = 0\n"
		failed  = "12 fdatasync(7</d/a.db-wal>) = -1 EIO (Input/output error)\n"
		other   = "12 fdatasync(6</d/b.db-wal>) = 0\n"
		begun   = "13 fdatasync(7</d/a.db-wal> <unfinished ...>\n"
		ended   = "13 <... fdatasync resumed>) = 0\n"
		answer  = "12 write(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, \"HTTP/1.1 201 Created\"..., 300) = 300\n"
		late    = "12 write(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, \"HTTP/1.1 201 Created\"..., 300 <unfinished ...>\n"
	)
	x := exchangeOf{request: `"POST /x `, answer: `"HTTP/1.1 201`, log: regexp.MustCompile(`/a\.db-wal>`)}
	tests := []struct {
		name, trace, want string
	}{
		{"synced", request + frame + sync + answer, ""},
		{"synced by another thread", request + frame + begun + ended + answer, ""},
		{"no sync", request + frame + answer, "answered without a sync"},
		{"sync too early", sync + request + frame + answer, "answered without a sync"},
		{"sync too late", request + frame + answer + sync, "answered without a sync"},
		{"sync failed", request + frame + failed + answer, "answered without a sync"},
		{"another file", request + frame + other + answer, "answered without a sync"},
		{"sync not over", request + frame + begun + answer + ended, "answered without a sync"},
		{"sync not over, answer under way", request + frame + begun + late + ended, "answered without a sync"},
		{"written after the sync", request + frame + sync + frame + answer, "answered with unsynced writes"},
	}
	for _, tt := range tests {
		if got := x.unsynced(events(tt.trace)); len(got) != 1 || got[0] != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
