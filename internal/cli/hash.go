package cli

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"lantern"
	"lantern/internal/cli/command"
	"lantern/internal/corpus"
	"lantern/internal/display"
	"lantern/pdq"
)

type hashCmd struct {
	Files []string             `arg:"" help:"Files, or folders with everything in them."`
	Type  []lantern.SignalType `help:"Only these: md5, sha1, sha256, pdq. Default: all; pdq for pictures."`
}

// Help says what is hashed and what is not.
func (*hashCmd) Help() string {
	return "Hashes are made on this machine, with all cores, in the order of the files. pdq is what a picture looks like (JPEG, PNG, GIF, WebP, BMP, " +
		"TIFF); how much it says is its quality, 0 to 100: one below 50 should not be shared, and one of 0 must not. Other files, also pictures and videos of " +
		"other formats, have no pdq; how many is said at the end, and which if you ask for pdq. vpdq is not made, for that takes a decoder of videos; " +
		"lantern match reads the frame hashes that other tools made. What is packed in an archive is not looked at. Exit code 1 means that a file could not be hashed in full."
}

// fileHash is one hash of one file.
type fileHash struct {
	File    string             `json:"file"`
	Type    lantern.SignalType `json:"type"`
	Value   string             `json:"value"`
	Quality *int               `json:"quality,omitempty"` // of pdq, 0 to 100
}

// wanted returns the types that are asked for.
func (c *hashCmd) wanted() ([]lantern.SignalType, error) {
	all := corpus.HashTypes()
	if len(c.Type) == 0 {
		return all, nil
	}
	for _, t := range c.Type {
		switch {
		case t == "vpdq":
			return nil, command.Misuse("make it with the tools of the vPDQ project; lantern match reads their files", "vpdq is read here, not made: that takes a decoder of videos")
		case !slices.Contains(all, t):
			return nil, command.Misuse("", "--type: want some of %s", display.Words(all))
		}
	}
	return slices.DeleteFunc(all, func(t lantern.SignalType) bool { return !slices.Contains(c.Type, t) }), nil
}

func (c *hashCmd) Run(ctx context.Context, a *command.App) error {
	types, err := c.wanted()
	if err != nil {
		return err
	}
	l := display.List(a.Printer,
		display.Col("file", func(h fileHash) string { return h.File }),
		display.Col("type", func(h fileHash) string { return string(h.Type) }),
		display.Col("value", func(h fileHash) string { return h.Value }),
		display.Col("quality", func(h fileHash) string {
			if h.Quality == nil {
				return ""
			}
			return strconv.Itoa(*h.Quality)
		}),
	)
	bar := &display.Bar{}
	if a.Watched() {
		bar = a.BytesBar("hashing", corpus.Bytes(ctx, c.Files))
	}
	defer bar.Stop()
	t := hashTally{a: a, name: slices.Contains(c.Type, "pdq")}
	h := corpus.Hasher{Types: types, Passed: func(n int64) { bar.Add(int(n)) }}
	err = h.Hash(ctx, c.Files, func(h corpus.Hashed) error {
		var errs error
		for _, s := range h.Sums {
			row := fileHash{File: h.Path, Type: s.Type, Value: s.Value}
			if s.Type == "pdq" {
				row.Quality = &s.Quality
			}
			errs = errors.Join(errs, l.Add(row))
		}
		t.count(&h)
		if t.files%100 == 0 {
			errs = errors.Join(errs, l.Flush())
		}
		return errs
	})
	bar.Stop()
	if err := errors.Join(err, l.Close()); err != nil {
		return err
	}
	return t.verdict()
}

// hashTally counts what came of the files, and tells at once what is wrong with one.
type hashTally struct {
	a    *command.App
	name bool // which files are no pictures is asked for

	files, bad, others, faint int
}

func (t *hashTally) count(h *corpus.Hashed) {
	if h.Left != "" {
		t.a.Note("%s: %s", h.Path, h.Left)
		return
	}
	t.files++
	if h.Err != nil {
		t.bad++
		t.a.Note("%s: %v", h.Path, h.Err)
	}
	if h.NoPicture {
		t.others++
		if t.name {
			t.a.Note("%s: has no pdq: %v", h.Path, pdq.ErrUnsupported)
		}
	}
	for _, s := range h.Sums {
		if s.Type == "pdq" && s.Quality < pdq.MinQuality {
			t.faint++
		}
	}
}

// verdict says how it went, and fails if a file could not be hashed in full.
func (t *hashTally) verdict() error {
	if t.others > 0 {
		t.a.Note("%d of %d files have no pdq: they are no pictures of a format that is read", t.others, t.files)
	}
	if t.faint > 0 {
		t.a.Note("%s too little detail (quality below %d): do not share how such a picture looks", display.Some(t.faint, "picture has", "pictures have"), pdq.MinQuality)
	}
	if t.bad > 0 {
		return command.Failed("", "%d of %d files could not be hashed in full", t.bad, t.files)
	}
	return nil
}
