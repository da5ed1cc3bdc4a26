package api

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"lantern"
	"lantern/internal/draft"
	"lantern/internal/exchange"
	"lantern/internal/web"
)

// How files over the API are bounded. An import is a stream: it may be as long as its sender likes,
// and what is held of it are a few batches.
const (
	maxPiped   = web.MaxBatch     // bytes of a format that must be read twice
	reportName = "Lantern-Report" // the trailer of an export
)

// formatParams are the parameters by which a file is told.
func formatParams(about string) []param {
	return []param{
		{name: "format", about: about},
		{name: "type", about: "signal type of a list of values, and of rows that name none"},
	}
}

func importFile() handler {
	return handler{body: typeOf[plain](), bodyMedia: web.AnyMedia, answer: typeOf[lantern.ImportRow](), mark: typeOf[lantern.ImportReport](), stream: (*call).importFile,
		params: append(formatParams("what the file is: "+words(draft.Formats())+"; absent: told from how it begins"), []param{
			{name: "preset", about: "whose table it is, if it is not in Lantern's words: misp or threatexchange; absent: told from its heading"},
			{name: "map", about: `a JSON object: names of columns in the file, and what they hold; # passes a column over`},
			{name: "dry_run", about: "true: check every row as far as can be known, share nothing"},
			{name: "from", about: "the line to begin with; rows before it are passed over", number: true},
			{name: "tag", about: "tags for rows that name none, separated by commas"},
			{name: "policy", about: "the own policy that was broken, for rows that name none"},
			{name: "reviewed_by", about: "who reviewed, for rows that do not say: human, machine or both"},
			{name: "incident", about: "the own incident that rows which name none are part of"},
		}...)}
}

// words lists words for people.
func words[T ~string](list []T) string {
	all := make([]string, len(list))
	for i, w := range list {
		all[i] = string(w)
	}
	return strings.Join(all, ", ")
}

// importFile takes the rows of a file while it comes, and answers with what is wrong with which, and
// a report at the end.
func (c *call) importFile() error {
	sharing, err := c.imported()
	if err != nil {
		return err
	}
	options, err := c.fileOptions()
	if err != nil {
		return err
	}
	in, err := web.Body(c.w, c.r, web.AnyMedia, maxStream)
	if err != nil {
		return err
	}
	whole := false
	if http.NewResponseController(c.w).EnableFullDuplex() == nil { // a recorder in a test cannot
		defer func() {
			if !whole {
				c.linger()
			}
			_ = c.r.Body.Close() // as in shareStream
		}()
	}
	if sharing.From, err = draft.NewReader(reading{c.ctx(), c, in}, options); err != nil {
		return err
	}
	out := web.NewLineWriter(c.w)
	tally := &draft.Tally{From: sharing.From, Counts: map[string]int{}, Emit: func(r lantern.ImportRow) error { return out.Write(r) }}
	report := func(p *lantern.Problem) any {
		r := lantern.ImportReport{Rows: tally.Rows, Line: tally.Line, Counts: tally.Counts, NotTaken: sharing.From.Lost(), Problem: p}
		if sharing.Share == nil {
			r.Unchecked = sharing.Rules.Unchecked()
		}
		return r
	}
	c.tellWhy(out, "send the file again: what was shared stays as it is", report)
	sharing.Done, sharing.Flush = tally.Done, func() error {
		if tally.Rows == 0 { // what is no file at all is a refusal
			return nil
		}
		c.extend()
		return out.Flush()
	}
	sharing.Interrupt = func() {
		_ = http.NewResponseController(c.w).SetReadDeadline(time.Now()) // a recorder in a test has no deadlines
	}
	if err := sharing.Run(c.ctx()); err != nil {
		return err // told by the last line, if anything was told
	}
	whole = true
	if err := out.Write(report(nil)); err != nil {
		return err
	}
	return out.Flush()
}

// linger takes a little more of a file that was refused: a connection that is closed on what its
// sender is still sending may take the answer with it.
func (c *call) linger() {
	c.w.Header().Set("Connection", "close") // of no effect once the answer began; then it is cut
	_ = http.NewResponseController(c.w).SetReadDeadline(time.Now().Add(farewellWait))
	_, _ = io.Copy(io.Discard, c.r.Body) // ends with it, or soon
}

// imported is how the rows of a file are checked and shared: by the rules of the exchange, and for
// the program of the path.
func (c *call) imported() (*draft.Sharing, error) {
	program, err := c.id()
	if err != nil {
		return nil, err
	}
	if _, err := c.api.x.Program(c.ctx(), c.actor, program); err != nil {
		return nil, err
	}
	me, err := c.api.x.Whoami(c.ctx(), c.actor)
	if err != nil {
		return nil, err
	}
	defaults := draft.Defaults{Programs: []lantern.ID{program}, Tags: listed[lantern.Tag](c, "tag"), Policy: c.params["policy"],
		ReviewedBy: lantern.ReviewedBy(c.params["reviewed_by"])}
	if s := c.params["incident"]; s != "" {
		if defaults.Incident, err = paramID("incident", s); err != nil {
			return nil, err
		}
	}
	s := &draft.Sharing{Complete: defaults.Complete, Rules: draft.Rules{Me: &me, Now: c.api.x.Clock(), Screen: c.api.x.Screen, Within: program}}
	switch c.params["dry_run"] {
	case "", "false":
		s.Share = func(ctx context.Context, drafts []lantern.Draft) ([]lantern.ShareResult, error) {
			return c.api.x.ShareBatch(ctx, c.actor, drafts)
		}
	case "true":
	default:
		return nil, errParam("dry_run", "is neither true nor false", "give true, or leave it out")
	}
	return s, nil
}

// fileOptions read what the parameters say of the file.
func (c *call) fileOptions() (o draft.Options, err error) {
	o = draft.Options{Format: draft.Format(c.params["format"]), Preset: draft.Preset(c.params["preset"]), Type: lantern.SignalType(c.params["type"]),
		Now: c.api.x.Clock(), Piped: maxPiped}
	if s := c.params["map"]; s != "" && json.Unmarshal([]byte(s), &o.Map) != nil {
		return o, errParam("map", "is no JSON object of texts", `write it as {"Link":"value","Analyst":"#"}, percent-encoded`)
	}
	from, err := number("query parameter from", c.params["from"])
	o.From = int(min(from, 1<<40))
	return o, err
}

func exportFile() handler {
	return handler{answer: typeOf[lantern.Draft](), mark: typeOf[lantern.Signal](), stream: (*call).exportFile,
		texts: []string{csvMedia, listMedia, web.JSONMedia, xmlMedia, stixMedia},
		params: append(formatParams("what is written: "+words(draft.Formats())+"; absent: ndjson"),
			param{name: "whose", about: "others: what others share in the program (absent: that); own: the own signals of the program, as they are imported; all: both"})}
}

// exportFile answers with a file. A caller that gets the trailer has all of it; whatever goes wrong
// behind the first byte cuts the answer off.
func (c *call) exportFile() error {
	program, err := c.id()
	if err != nil {
		return err
	}
	if _, err := c.api.x.Program(c.ctx(), c.actor, program); err != nil {
		return err
	}
	format, whose := draft.Format(c.params["format"]), c.params["whose"]
	if format == "" {
		format = draft.NDJSON
	}
	if !slices.Contains([]string{"", "others", "own", "all"}, whose) {
		return errParam("whose", "is not a known word", "others, own or all")
	}
	out := &sent{c: c, media: mediaOf(format)}
	to, err := draft.NewWriter(out, format, whose != "own", c.api.x.Clock(), lantern.SignalType(c.params["type"]))
	if err != nil {
		return err
	}
	e := draft.NewExport(c.actor.Member, to)
	if whose == "own" || whose == "all" {
		err = e.Own(program, func(after lantern.ID) ([]lantern.Signal, error) {
			return c.api.x.Signals(c.ctx(), c.actor, exchange.SignalFilter{After: after, Limit: lantern.MaxPage})
		})
	}
	if err == nil && whose != "own" {
		err = e.Shared(func(cursor lantern.Cursor) (lantern.FeedPage, error) {
			return c.api.x.Feed(c.ctx(), c.actor, program, cursor, lantern.MaxPage, 0)
		})
	}
	if err == nil {
		err = to.Flush()
	}
	if err != nil {
		return err
	}
	report, err := web.Encode(e.Report())
	if err != nil {
		return err
	}
	out.begin()
	c.w.Header().Set(reportName, strings.TrimSpace(string(report)))
	return nil
}

// sent is the answer to an export on its way.
type sent struct {
	c     *call
	media string
	begun bool
}

func (s *sent) Write(b []byte) (int, error) {
	s.begin()
	s.c.extend()
	return s.c.w.Write(b)
}

func (s *sent) begin() {
	if s.begun {
		return
	}
	s.begun = true
	h := s.c.w.Header()
	h.Set("Content-Type", s.media)
	h.Set("Content-Disposition", "attachment")
	h.Set("Trailer", reportName)
	s.c.w.WriteHeader(http.StatusOK)
}

// Media types of files.
const (
	csvMedia  = "text/csv"
	listMedia = "text/plain"
	xmlMedia  = "application/xml"
	stixMedia = "application/stix+json"
)

// mediaOf is the media type of a format.
func mediaOf(f draft.Format) string {
	switch f {
	case draft.CSV, draft.ThreatExchange:
		return csvMedia + "; charset=utf-8"
	case draft.List:
		return listMedia + "; charset=utf-8"
	case draft.MISP:
		return web.JSONMedia
	case draft.NCMEC:
		return xmlMedia
	case draft.STIX:
		return stixMedia + ";version=2.1"
	}
	return web.NDJSONMedia
}
