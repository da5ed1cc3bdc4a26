package lantern

import "time"

// Change is one entry of a program's feed: the current state of one object at the place
// in the order where it last changed. An object that changes again moves to the end and
// its earlier entry is gone (a compacted log).
type Change struct {
	Seq        int64     `json:"seq"`  // gapless in the program, rising
	Time       time.Time `json:"time"` // never runs backwards along seq
	Signal     Signal    `json:"signal"`
	Value      ID        `json:"value_id,omitempty"`   // what several members' signals on one value share
	Correction ID        `json:"correction,omitempty"` // to acknowledge; set once the signal fell
}

// A change whose signal is not active carries no value and no opinion: only id, type,
// member and state, enough to mask (suspended) or purge (withdrawn, expired, erased).

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

// FeedFilter narrows a feed; the zero filter lets everything pass. A signal that is not
// active any more passes every filter, to whoever gets its tombstone.
type FeedFilter struct {
	Imminent bool // only what is about a child at risk now: the fast lane
}

// Bounds of a feed read.
const (
	MaxPage = 1000             // changes of a page
	MaxWait = 55 * time.Second // how long a read may wait for a change
)
