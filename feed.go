package lantern

import (
	"fmt"
	"time"
)

// Change is one entry of a program's feed: the current state of one object at the place
// in the order where it last changed. An object that changes again moves to the end and
// its earlier entry is gone (a compacted log).
type Change struct {
	Seq        int64     `json:"seq"`  // gapless in the program, rising
	Time       time.Time `json:"time"` // never runs backwards along seq
	Signal     Signal    `json:"signal"`
	Value      ID        `json:"value_id,omitempty"`   // what several members' signals on one value share
	Correction ID        `json:"correction,omitempty"` // to acknowledge; set once the signal fell, or was taken out of the program and is lost to the reader

	// Corroboration counts the independent groups of other members' active signals that say
	// the same of this value in this program. Signals of one line of derivation are one group.
	Corroboration int `json:"corroboration,omitempty"`
}

// A change whose signal is not active carries no value and no opinion: only id, type,
// member and state, enough to mask (suspended) or purge (withdrawn, expired, erased: from
// every program; narrowed: from this one).

// Cursor marks a place in one program's feed. It is opaque, belongs to one member and
// program, and "" means the beginning.
type Cursor string

// FeedPage is one read of a feed. A page that holds changes was logged as a disclosure
// before its first byte left the exchange.
type FeedPage struct {
	Changes []Change  `json:"changes"`
	Next    Cursor    `json:"next"` // pass it to the next read; equal to the one given if nothing came
	More    bool      `json:"more"` // whether another read would return at once
	AsOf    time.Time `json:"as_of"`
	Leaf    int64     `json:"leaf,omitempty"` // log entry of this disclosure; meaningful if Changes is not empty
}

// FeedMark is a line between the changes of a stream: all before it was logged as disclosed
// and belongs to the feed up to a place. A snapshot ends in one; without it, it is not whole.
type FeedMark struct {
	Next Cursor    `json:"next"` // go on from here
	AsOf time.Time `json:"as_of"`
	Leaf int64     `json:"leaf,omitempty"` // log entry of the disclosure; of a page without changes there is none
}

// StreamResult is the answer to one line of a stream of drafts. One of line 0 answers none: it
// is the last, its problem says why the exchange ended the stream, and the lines without an
// answer were not shared.
type StreamResult struct {
	Line int `json:"line"` // of the stream, from 1; empty lines count
	ShareResult
}

// Bounds of a feed read.
const (
	MaxPage = 1000             // changes of a page
	MaxWait = 55 * time.Second // how long a read may wait for a change
)

// FeedFilter narrows a feed. Its fields are combined by AND, the values of one field by OR;
// an empty field lets everything pass, and so does the zero filter.
//
// What protects people passes every filter: a signal that is not active any more, to
// whoever gets its tombstone, and one that the reader was sent and that was amended or is
// disputed since. A reader who filters must not keep a claim that changed.
type FeedFilter struct {
	Types            []SignalType
	Tags             []Tag // one of them is enough
	MinSeverity      Severity
	Statuses         []Status
	Sharers          []ID      // the members who shared
	MinCorroboration int       // see [Change]
	CreatedSince     time.Time // shared then or later
	SeenSince        time.Time // last seen then or later; when shared counts if the sharer does not say
	Imminent         bool      // only what is about a child at risk now: the fast lane
}

// MaxFilterValues bounds the values of one field of a filter.
const MaxFilterValues = 64

// IsZero reports whether everything passes.
func (f *FeedFilter) IsZero() bool {
	return len(f.Types) == 0 && len(f.Tags) == 0 && f.MinSeverity == "" && len(f.Statuses) == 0 && len(f.Sharers) == 0 &&
		f.MinCorroboration == 0 && f.CreatedSince.IsZero() && f.SeenSince.IsZero() && !f.Imminent
}

// Validate checks the form of f. It returns an [*Error] of kind [Invalid] that lists every
// complaint; the fields are named as the query parameters of a feed are.
func (f *FeedFilter) Validate() error {
	var errs []*Error
	for _, list := range []struct {
		name string
		n    int
	}{{"type", len(f.Types)}, {"tag", len(f.Tags)}, {"status", len(f.Statuses)}, {"sharer", len(f.Sharers)}} {
		if list.n > MaxFilterValues {
			errs = append(errs, invalid(list.name, "too many values", fmt.Sprintf("at most %d", MaxFilterValues)))
		}
	}
	oneOf(&errs, "min_severity", f.MinSeverity, "", Low, Medium, High, Critical)
	for _, s := range f.Statuses {
		oneOf(&errs, "status", s, Violating, Lead, NonViolating)
	}
	for _, id := range f.Sharers {
		if id <= 0 {
			errs = append(errs, invalid("sharer", "not an id", "give the ids of members"))
		}
	}
	if f.MinCorroboration < 0 {
		errs = append(errs, invalid("min_corroboration", "below zero", "a number of groups, 0 or more"))
	}
	return join(errs)
}
