package client

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"lantern"
)

// FileOptions say what a file is that is imported, and what its rows get that leave it out. The zero
// value tells all from the file.
type FileOptions struct {
	Format, Preset string             // as the document of the API names them; "": told from how the file begins
	Type           lantern.SignalType // of a list of values, and of rows that name none
	Map            map[string]string  // columns of a table, and what they hold
	DryRun         bool               // check, and share nothing
	From           int                // the line to begin with
	Tags           []lantern.Tag
	Policy         string
	ReviewedBy     lantern.ReviewedBy
	Incident       lantern.ID
}

// Import shares the rows of a file, for rows that name no program with this one, and calls emit for
// each complaint about a row while others are sent. The same again changes nothing, so an
// import that broke off is repeated, or taken up with From at the Line of its report. If the
// exchange ended it, the error says why; the report says how far it came.
func (c *Client) Import(ctx context.Context, program lantern.ID, file io.Reader, o FileOptions, emit func(lantern.ImportRow) error) (report lantern.ImportReport, err error) {
	q := url.Values{}
	set(q, "format", o.Format)
	set(q, "preset", o.Preset)
	set(q, "type", string(o.Type))
	set(q, "tag", joined(o.Tags))
	set(q, "policy", o.Policy)
	set(q, "reviewed_by", string(o.ReviewedBy))
	set(q, "incident", o.Incident.String())
	if len(o.Map) > 0 {
		b, err := json.Marshal(o.Map)
		if err != nil {
			return report, err
		}
		q.Set("map", string(b))
	}
	if o.DryRun {
		q.Set("dry_run", "true")
	}
	if o.From > 0 {
		q.Set("from", strconv.Itoa(o.From))
	}
	req := request{method: http.MethodPost, path: at("/v1/programs", program, "/import"), query: q, media: "application/octet-stream", accept: "application/x-ndjson"}
	ended := false
	err = answers(ctx, c, req, file, func(line importLine) error {
		if line.Counts == nil {
			return emit(line.ImportRow)
		}
		ended, report = true, lantern.ImportReport{Rows: line.Rows, Line: line.Through, Counts: line.Counts, NotTaken: line.NotTaken, Unchecked: line.Unchecked, Problem: line.Problem}
		return nil
	})
	switch p := report.Problem; {
	case p != nil:
		err = &lantern.Error{Kind: p.Kind, Field: p.Pointer, Reason: p.Reason, Fix: p.Fix}
	case err == nil && !ended:
		err = req.failed(c.conn.unreachable(io.ErrUnexpectedEOF))
	}
	return report, err
}

// importLine is one line of the answer to an import: a row, or the report if Counts is set.
type importLine struct {
	lantern.ImportRow
	Rows      int              `json:"rows"`
	Through   int              `json:"through"`
	Counts    map[string]int   `json:"counts"`
	NotTaken  map[string]int   `json:"not_taken"`
	Unchecked []string         `json:"not_checked"`
	Problem   *lantern.Problem `json:"problem"`
}

// ExportOptions say what an export holds. The zero value is what others share, as NDJSON.
type ExportOptions struct {
	Format string             // as the document of the API names them; "": ndjson
	Type   lantern.SignalType // of a list of values
	Whose  string             // others, own or all; "": others
}

// Export writes a file of a program to w. Without a nil error what was written is not whole and
// must not be kept. What others share is entered as sent to the caller's member.
func (c *Client) Export(ctx context.Context, program lantern.ID, o ExportOptions, w io.Writer) (report lantern.ExportReport, err error) {
	q := url.Values{}
	set(q, "format", o.Format)
	set(q, "type", string(o.Type))
	set(q, "whose", o.Whose)
	req := request{method: http.MethodGet, path: at("/v1/programs", program, "/export"), query: q}
	res, err := c.conn.open(ctx, req, nil)
	if err != nil {
		return report, err
	}
	defer res.Body.Close()
	to := &taker{w: w}
	if _, err := io.Copy(to, res.Body); to.err != nil {
		return report, to.err
	} else if err != nil {
		return report, req.failed(c.conn.unreachable(err))
	}
	said := res.Trailer.Get("Lantern-Report")
	if said == "" {
		return report, req.failed(c.conn.unreachable(io.ErrUnexpectedEOF))
	}
	if json.Unmarshal([]byte(said), &report) != nil {
		return report, req.failed(errMalformed)
	}
	return report, nil
}

// taker tells what its writer refused from what did not arrive.
type taker struct {
	w   io.Writer
	err error
}

func (t *taker) Write(b []byte) (n int, err error) {
	n, t.err = t.w.Write(b)
	return n, t.err
}
