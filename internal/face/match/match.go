package match

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode"

	"lantern"
	"lantern/internal/agent"
	"lantern/internal/web"
)

func (f *Face) status(c *call) error {
	if _, err := c.params(); err != nil {
		return err
	}
	s, err := f.agent.Status(c.ctx())
	if err != nil {
		return err
	}
	return c.write(http.StatusOK, s)
}

// match looks records up: a batch as JSON, or a stream as NDJSON.
func (f *Face) match(c *call) error {
	params, err := c.params("dry")
	if err != nil {
		return err
	}
	dry, err := flag(params, "dry")
	if err != nil {
		return err
	}
	opts := agent.MatchOptions{Dry: dry}
	if media, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type")); media == web.NDJSONMedia {
		return f.matchStream(c, opts)
	}
	var batch lantern.Items[lantern.Record]
	body, err := web.ReadBody(c.w, c.r, web.JSONMedia, web.MaxBatch)
	if err != nil {
		return err
	}
	if err := web.DecodeText(body, &batch); err != nil {
		return err
	}
	if len(batch.Items) > lantern.MaxMatchBatch {
		return &lantern.Error{Kind: lantern.TooLarge, Field: "/items", Reason: "too many records", Fix: fmt.Sprintf("at most %d, or send a stream (%s)", lantern.MaxMatchBatch, web.NDJSONMedia)}
	}
	answers, err := f.agent.Match(c.ctx(), batch.Items, opts)
	if err != nil {
		return err
	}
	return c.write(http.StatusOK, lantern.Answers{Answers: answers})
}

// streamBatch is how many records of a stream are looked up together, if so many have come.
const streamBatch = 100

// incoming is what came next on a stream.
type incoming struct {
	record lantern.Record
	bad    error // the line could not be read; others follow
}

// matchStream answers records in their order while they come. A line that cannot be read
// is answered in its place, by its reference if that could be read.
func (f *Face) matchStream(c *call, opts agent.MatchOptions) error {
	lines, err := c.lines()
	if err != nil {
		return err
	}
	lines.Mend()
	out := c.answers(true)
	records := make(chan incoming, streamBatch)
	broken := make(chan error, 1)
	done := make(chan struct{})
	defer close(done)
	go func() {
		defer close(records)
		for {
			var next incoming
			err := lines.Next(&next.record)
			if err != nil && (lines.Ended() || lantern.KindOf(err) != lantern.Invalid && lantern.KindOf(err) != lantern.TooLarge) {
				if !errors.Is(err, io.EOF) {
					broken <- err
				}
				return
			}
			next.bad = err
			select {
			case records <- next:
			case <-done:
				return
			}
		}
	}()
	for {
		batch, more := gather(records)
		if err := f.matchBatch(c, batch, opts, emit[lantern.Answer](c, out)); err != nil {
			return err
		}
		if err := out.Flush(); err != nil {
			return err
		}
		if !more {
			break
		}
	}
	select {
	case err := <-broken:
		return err
	default:
		return nil
	}
}

// gather waits for a record and takes what else is there.
func gather(records <-chan incoming) (batch []incoming, more bool) {
	first, more := <-records
	if !more {
		return nil, false
	}
	batch = append(batch, first)
	for len(batch) < streamBatch {
		select {
		case next, more := <-records:
			if !more {
				return batch, false
			}
			batch = append(batch, next)
		default:
			return batch, true
		}
	}
	return batch, true
}

// matchBatch answers one batch of a stream.
func (f *Face) matchBatch(c *call, batch []incoming, opts agent.MatchOptions, emit func(lantern.Answer) error) error {
	var good []lantern.Record
	for _, in := range batch {
		if in.bad == nil {
			good = append(good, in.record)
		}
	}
	answers, err := f.agent.Match(c.ctx(), good, opts)
	if err != nil {
		return err
	}
	for _, in := range batch {
		answer := lantern.Answer{State: lantern.CouldNotLook, Matches: []lantern.Match{}}
		if in.bad != nil {
			answer.Ref, answer.Reasons = readRef(in.record.Ref), []string{reason(in.bad)}
		} else {
			answer, answers = answers[0], answers[1:]
		}
		if err := emit(answer); err != nil {
			return err
		}
	}
	return nil
}

// readRef is a reference that was read of a line, "" if it is none that can be shown.
func readRef(ref string) string {
	if (&lantern.Record{Ref: ref}).Validate() != nil || strings.ContainsFunc(ref, unicode.IsControl) {
		return ""
	}
	return ref
}

// reason says where and why a line could not be read.
func reason(err error) string {
	var e *lantern.Error
	if errors.As(err, &e) {
		return e.Field + ": " + e.Reason
	}
	return "the line could not be read"
}

// scan looks at one file of any kind and size.
func (f *Face) scan(c *call) error {
	params, err := c.params("name", "ref", "account", "source", "dry")
	if err != nil {
		return err
	}
	dry, err := flag(params, "dry")
	if err != nil {
		return err
	}
	if coding := c.r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return &lantern.Error{Kind: lantern.Unsupported, Reason: "compressed bodies are not taken", Fix: "send the body without Content-Encoding"}
	}
	file := agent.File{Name: params["name"], Ref: params["ref"], Account: params["account"], Source: params["source"], Dry: dry}
	out := c.answers(true)
	err = f.agent.Look(c.ctx(), file, &patient{c.w, c.r.Body}, emit[lantern.Answer](c, out))
	if err != nil {
		return err
	}
	return out.Flush()
}

// reveal shows a person one signal with its value.
func (f *Face) reveal(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	if _, err := c.params(); err != nil {
		return err
	}
	s, err := f.agent.Reveal(c.ctx(), c.caller, id)
	if err != nil {
		return err
	}
	return c.write(http.StatusOK, s)
}
