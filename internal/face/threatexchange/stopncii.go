package threatexchange

import (
	"time"

	"lantern"
	wire "lantern/internal/format/threatexchange"
	"lantern/internal/web"
)

// fetchHashes is the feed of a program in the form of StopNCII's exchange, which two clients read
// from any address that stands in their credential.
func (c *call) fetchHashes() (any, error) {
	q, err := c.valueQuery("startTimestamp", "stopTimestamp", "pageSize")
	if err != nil {
		return nil, err
	}
	q.Types = wire.HashTypes()
	got, err := c.face.x.Values(c.r.Context(), c.actor, c.id(), q, lantern.Cursor(c.params.get("nextPageToken")))
	if err != nil {
		return nil, web.Renamed(err, "/cursor", "/nextPageToken")
	}
	names, err := c.names()
	if err != nil {
		return nil, err
	}
	page := wire.HashPage{Records: make([]wire.HashRecord, len(got.Values)), Count: len(got.Values), More: got.Next != ""}
	if page.More {
		next := string(got.Next)
		page.Next = &next
	}
	at := q.Start
	if !got.Since.IsZero() && got.Since.After(at) {
		at = got.Since.Truncate(time.Second)
	}
	for i, v := range got.Values {
		said := make([]lantern.Signal, len(v.Opinions))
		for j := range v.Opinions {
			said[j] = v.Opinions[j].Signal
		}
		page.Records[i] = wire.RecordOf(v.ID, v.Type, v.Value, v.Changed, said, func(id lantern.ID) string { return names[id] })
		if v.Changed.After(at) {
			at = v.Changed
		}
	}
	if !at.IsZero() {
		page.From = at.Unix()
	}
	return page, nil
}
