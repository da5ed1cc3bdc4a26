package signal_test

import (
	"errors"
	"strings"
	"testing"

	"lantern"
	"lantern/signal"
)

func TestCheckNote(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t, "testdata/notes.txt") {
		err := signal.CheckNote(v.raw)
		switch {
		case v.reason == "" && err != nil:
			t.Errorf("notes.txt:%d: refused: %v", v.line, err)
		case v.reason != "" && err == nil:
			t.Errorf("notes.txt:%d: passes, want: %s", v.line, v.reason)
		case v.reason != "" && !strings.Contains(err.Error(), v.reason):
			t.Errorf("notes.txt:%d: refused with %q, want %q", v.line, err, v.reason)
		}
		var e *lantern.Error
		if err != nil && (!errors.As(err, &e) || e.Kind != lantern.Invalid || e.Field != "/note" || e.Fix == "") {
			t.Errorf("notes.txt:%d: error of the wrong form", v.line)
		}
	}
}

func FuzzCheckNote(f *testing.F) {
	for _, v := range readVectors(f, "testdata/notes.txt") {
		f.Add(v.raw)
	}
	f.Fuzz(func(t *testing.T, note string) {
		if err := signal.CheckNote(note); err != nil && len(note) > 24 && strings.Contains(err.Error(), note) {
			t.Error("the error holds the note")
		}
	})
}
