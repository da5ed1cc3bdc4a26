package agent

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"lantern"
	"lantern/internal/corpus"
	"lantern/internal/web"
	"lantern/match"
	"lantern/pdq"
	"lantern/signal"
)

// File says what is being looked at.
type File struct {
	Name    string // its name, by whose extension a file of records is known; may be ""
	Ref     string // the member's reference of hits; "": Name
	Account string // the account it belongs to, if the member knows
	Source  string // where it comes from, for sampling; "" is a source too
	Dry     bool   // keep no hits
}

// How answers about one file are cut.
const (
	lookBatch = 200 // matches of a text, or records of a file of records, answered together
)

// Look reads one file of any kind and size and calls emit for what it finds, with bounded
// memory: the identifiers and phrases that stand in it, its digests, and what a picture
// looks like (pdq). Pictures are known by content; a file of records (NDJSON of
// [lantern.Record]) by its extension .ndjson or .jsonl, or by its first line.
//
// A file of records gives one answer for each; any other file gives one or more answers
// under its own reference, each with a part of the matches, the last with the reasons why
// something could not be looked at. No answer keeps or repeats anything of the file.
func (a *Agent) Look(ctx context.Context, f File, r io.Reader, emit func(lantern.Answer) error) error {
	if f.Ref == "" {
		f.Ref = corpus.Ref(f.Name)
	}
	if err := checkRecord(&lantern.Record{Ref: f.Ref, Account: f.Account, Source: f.Source}); err != nil {
		return err
	}
	in := bufio.NewReaderSize(corpus.Until(ctx, r), 64<<10)
	head, err := in.Peek(corpus.HeadLen)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading a file: %w", err)
	}
	digests := corpus.NewDigester(corpus.AllSums)
	l := &fileLook{
		look: look{a: a, sight: a.sight(), account: f.Account, hold: !f.Dry && !a.shadow && a.held.Len() > 0},
		file: f, emit: emit,
	}
	l.in = &freshReader{l: l, r: io.TeeReader(in, digests)}
	l.begin()
	kind := corpus.KindOf(f.Name, head)
	if kind != lantern.PieceRecords && !a.takesPart(f.Source, f.Ref) {
		l.skip(f.Source)
		return emit(l.answer)
	}
	packed := corpus.Packed(head)
	if packed != "" {
		l.why = append(l.why, packed.Closed())
	}
	if packed.Readable() {
		err = l.contents(ctx, kind)
	}
	if err == nil || errors.Is(err, io.EOF) {
		_, err = io.Copy(io.Discard, l.in) // what a decoder left unread belongs to the digests
	}
	if err != nil {
		return fmt.Errorf("reading a file: %w", err)
	}
	l.digests(digests.Sum())
	return l.flush(ctx)
}

// fileLook is one file being looked at.
type fileLook struct {
	look
	file  File
	in    io.Reader
	emit  func(lantern.Answer) error
	piece *pieceLook // nil: the file is looked at in whole
	why   []string   // what could not be looked at so far
	note  string     // what was looked at with little use
}

// begin starts the next answer.
func (l *fileLook) begin() {
	fresh := l.a.freshness(l.a.clock())
	l.fresh = &fresh
	l.answer = lantern.Answer{Ref: l.file.Ref, Matches: []lantern.Match{}}
}

// renew asks again how far an answer can be relied on: a file may take longer to come than
// the lease lasts. Within one answer it only gets worse.
func (l *fileLook) renew() {
	was, now := l.fresh, l.a.freshness(l.a.clock())
	if was.personal && !now.personal || worseState(was.state, now.state) {
		now.personal = now.personal && was.personal
		l.fresh = &now
	}
}

// freshReader judges the replica anew with every part that is read.
type freshReader struct {
	l *fileLook
	r io.Reader
}

func (f *freshReader) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	f.l.renew() // after the wait, before what came is looked up
	return n, err
}

// flush answers with what was found since the last time.
func (l *fileLook) flush(ctx context.Context) error {
	nothing := l.conclude()
	if err := l.a.answer(ctx, []*look{&l.look}, MatchOptions{Dry: l.file.Dry}); err != nil {
		return err
	}
	return l.tell(nothing)
}

// conclude ends an answer, and reports whether there is nothing to say. What was found of
// suspended signals must make no difference to that.
func (l *fileLook) conclude() (nothing bool) {
	l.renew()
	nothing = l.piece != nil && len(l.answer.Matches)+len(l.why) == 0 && l.note == ""
	l.answer.State = l.fresh.state
	l.answer.Reasons = append(slices.Clone(l.fresh.reasons), l.why...)
	if l.note != "" {
		l.answer.Reasons = append(l.answer.Reasons, l.note)
	}
	if len(l.why) > 0 || !l.fresh.personal {
		l.answer.State = lantern.CouldNotLook
	}
	return nothing
}

// tell gives an answer that was concluded, and begins the next. Of a piece in which there is nothing
// no answer is given: these would be most of the traffic.
func (l *fileLook) tell(nothing bool) error {
	if !nothing || l.answer.State != lantern.AnswerOK {
		if err := l.emit(l.answer); err != nil {
			return err
		}
	}
	l.begin()
	return nil
}

// contents looks at what the file holds.
func (l *fileLook) contents(ctx context.Context, kind lantern.PieceKind) error {
	switch kind {
	case lantern.PiecePicture:
		l.picture(ctx)
		return nil
	case lantern.PieceRecords:
		return l.records(ctx)
	case lantern.PieceText:
		if err := l.frames(); err != nil {
			return err
		}
		return l.text(ctx)
	}
	return nil
}

// frames looks up a file of frame hashes (vpdq) as the video it was made of, as far as the
// text is one from its beginning. It leaves what it read to be read again: each hash of
// a frame may be that of a picture, too.
func (l *fileLook) frames() error {
	if l.piece != nil && (l.piece.p.Offset != 0 || l.piece.mark != nil) {
		return nil
	}
	list, in, err := corpus.Frames(l.in)
	if l.in = in; err != nil || list == "" {
		return err
	}
	if _, err := signal.VPDQ.NormalizeQuery(list); err != nil {
		l.why = append(l.why, "the frame hashes could not be compared as a video: "+unreadReason(err))
		return nil
	}
	l.value("", signal.VPDQ.Name, list)
	return nil
}

// text looks up every identifier and phrase of a text.
func (l *fileLook) text(ctx context.Context) error {
	in, finish := l.in, func(err error) error { return err }
	if l.hold {
		in, finish = l.alsoHeld(ctx)
	}
	err := l.sight.engine.Scan(ctx, in, match.ScanOptions{Region: l.a.region}, func(s match.Spot) error {
		if l.piece != nil && !l.piece.place(&s) {
			return nil
		}
		l.spot(s, "/text", "")
		if len(l.answer.Matches) < lookBatch {
			return nil
		}
		return l.flush(ctx)
	})
	return finish(err)
}

// alsoHeld lets the engine of suspended signals read along. Each holds what it finds until
// finish is called with the error of the first reader, if there was one; what is found goes
// into the last answer's hits, up to the bound of what is kept of a signal.
func (l *fileLook) alsoHeld(ctx context.Context) (in io.Reader, finish func(error) error) {
	r, w := io.Pipe()
	done := make(chan error, 1)
	var found []match.Spot
	type same struct {
		signal lantern.ID
		how    lantern.How
	}
	seen := make(map[same]bool)
	go func() {
		err := l.a.held.Scan(ctx, r, match.ScanOptions{Region: l.a.region}, func(s match.Spot) error {
			if l.piece != nil && !l.piece.place(&s) {
				return nil
			}
			if k := (same{s.Signal, s.How}); !seen[k] { // one reference: the first place is the hit
				seen[k] = true
				found = append(found, s)
			}
			return nil
		})
		_, _ = io.Copy(io.Discard, r) // or the other reader waits for this one
		done <- err
	}()
	return io.TeeReader(l.in, w), func(err error) error {
		w.CloseWithError(err) // nil is the end of the file
		if also := <-done; err == nil {
			err = also
		}
		for _, s := range found {
			l.heldSpot(s, "/text")
		}
		return err
	}
}

// picture looks up what a picture looks like.
func (l *fileLook) picture(ctx context.Context) {
	sum, quality, err := corpus.SumPicture(ctx, l.in)
	if err != nil {
		l.why = append(l.why, "the picture could not be looked at: "+corpus.PictureReason(err))
		return
	}
	// Below this quality a hash says next to nothing: it lies near those of other flat
	// pictures. Its digests are looked up all the same.
	if quality < pdq.MinQuality {
		l.note = "the picture has too little detail to be compared by its looks"
		return
	}
	l.value("", signal.PDQ.Name, sum.String())
}

// digests looks up the digests of the file's bytes.
func (l *fileLook) digests(d *lantern.Digests) {
	for kind, sum := range corpus.Values(d) {
		if sum != "" {
			l.value("", kind, sum)
		}
	}
}

// records answers each record of a file of records. One that cannot be read is answered
// under the file's reference and its line.
func (l *fileLook) records(ctx context.Context) error {
	lines := web.NewLines(l.in).Mend()
	if l.piece != nil {
		lines.Begin(l.piece.p.Index)
	}
	batch, at := make([]lantern.Record, 0, lookBatch), make([]int, 0, lookBatch)
	flush := func() error {
		answers, err := l.a.match(ctx, l.sight, batch, MatchOptions{Dry: l.file.Dry})
		for i := 0; err == nil && i < len(answers); i++ {
			if answers[i].Ref == "" && len(answers[i].Reasons) > 0 { // nothing else says which it is
				answers[i].Reasons[0] = "record " + strconv.Itoa(at[i]+1) + ": " + answers[i].Reasons[0]
			}
			err = l.emit(answers[i])
		}
		batch, at = batch[:0], at[:0]
		return err
	}
	for {
		var r lantern.Record
		err := lines.Next(&r)
		switch kind := lantern.KindOf(err); {
		case errors.Is(err, io.EOF):
			return flush()
		case kind == lantern.Invalid || kind == lantern.TooLarge && !lines.Ended():
			l.why = append(l.why, recordReason(lines.Index(), err))
			if len(l.why) == lookBatch {
				if err := l.flush(ctx); err != nil {
					return err
				}
				l.why = nil
			}
			continue
		case kind == lantern.TooLarge:
			l.why = append(l.why, "record "+strconv.Itoa(lines.Index()+1)+": too long; it and what follows was not looked at")
			return flush()
		case err != nil:
			return err
		}
		if r.Account == "" {
			r.Account = l.file.Account
		}
		if r.Source == "" {
			r.Source = l.file.Source
		}
		at = append(at, lines.Index())
		if batch = append(batch, r); len(batch) == lookBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
}

// recordReason says why record number index, from 0, cannot be read. People count from 1, and
// the pointer that begins with the index is for machines.
func recordReason(index int, err error) string {
	why := strings.TrimPrefix(reasonsOf(err)[0], "/"+strconv.Itoa(index))
	return "record " + strconv.Itoa(index+1) + ": " + strings.TrimPrefix(why, ": ")
}
