package agent

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"

	"lantern"
	"lantern/internal/corpus"
	"lantern/internal/hunt"
	"lantern/internal/text"
	"lantern/match"
)

// PieceOptions says for what a piece is looked at.
type PieceOptions struct {
	Hunt string // the hunt that notes it; "": none
	Dry  bool   // keep no hits and note nothing

	// Notes collects what is to be noted of files that are one piece, for a stream of many;
	// nil: each is noted at once.
	Notes *Notes
}

// LookAt looks at one piece of a file, whose bytes it reads from r, and calls emit for each
// answer, as [Agent.Look] does for a whole file, with bounded memory. In a hunt, a piece that
// was looked at before is looked at for what arrived since, or skipped if nothing did; the
// last line, Done, says so, and whether it is noted.
//
// The same piece twice, also at the same time, gives the same hits. What broke off has noted
// nothing but hits.
func (a *Agent) LookAt(ctx context.Context, p *lantern.Piece, r io.Reader, o PieceOptions, emit func(lantern.PieceAnswer) error) error {
	if err := p.Validate(); err != nil {
		return err
	}
	if err := checkRecord(&lantern.Record{Ref: p.Ref, Account: p.Account, Source: p.Source}); err != nil {
		return err
	}
	r = corpus.Until(ctx, io.LimitReader(r, int64(p.Bytes)))
	if o.Hunt != "" && p.Hunted != nil {
		return a.huntPiece(ctx, p, r, o, emit)
	}
	s, err := a.lookAt(ctx, p, a.sight(), r, o.Dry, emit)
	if err != nil {
		return err
	}
	return emit(lantern.PieceAnswer{Done: true, Lacks: s.lacks})
}

// seen is how looking at a piece went.
type seen struct {
	blind   bool                 // the agent could not look at all, or not for persons, or keep what it found: it is as if nobody had looked
	trouble []string             // what was not looked at for reasons that lie in the piece, or in the settings
	lacks   []lantern.SignalType // the digests without which it was not looked at; empty: it was, without some; nil: it leaves none out
}

// lookAt looks at a piece in a sight.
func (a *Agent) lookAt(ctx context.Context, p *lantern.Piece, in sight, r io.Reader, dry bool, emit func(lantern.PieceAnswer) error) (seen, error) {
	l := &fileLook{
		look:  look{a: a, sight: in, account: p.Account, hold: !dry && !a.shadow && a.held.Len() > 0},
		file:  File{Ref: p.Ref, Account: p.Account, Source: p.Source, Dry: dry},
		piece: newPieceLook(p),
	}
	var s seen
	if p.Digests != nil && !p.Digests.Complete() {
		holds := func(t lantern.SignalType) bool { return in.engine.MayHold(t) || a.held.MayHold(t) }
		if s.lacks = corpus.Lacks(p.Digests, holds); len(s.lacks) > 0 {
			_, err := io.Copy(io.Discard, r)
			return s, err
		}
	}
	l.emit = func(answer lantern.Answer) error {
		s.note(l.fresh, &answer)
		return emit(lantern.PieceAnswer{Answer: &answer})
	}
	l.in = &freshReader{l: l, r: l.piece.reader(r)}
	l.begin()
	s.judge(l.fresh)
	var err error
	switch left := p.Kind != lantern.PieceRecords && !a.takesPart(p.Source, p.Ref); {
	case left && p.Kind == lantern.PieceNone && p.Digests == nil: // it holds nothing that could be left out
	case left:
		l.skip(p.Source)
		err = l.emit(l.answer)
	default:
		err = l.inPiece(ctx, p)
	}
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	l.renew()
	s.judge(l.fresh)
	return s, err
}

// inPiece looks at all that a piece brings.
func (l *fileLook) inPiece(ctx context.Context, p *lantern.Piece) error {
	if err := l.contents(ctx, p.Kind); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if _, err := io.Copy(io.Discard, l.in); err != nil {
		return err
	}
	if p.Digests != nil {
		l.digests(p.Digests)
	}
	return l.flush(ctx)
}

// judge notes whether the agent could look.
func (s *seen) judge(fresh *freshness) {
	s.blind = s.blind || fresh.state == lantern.CouldNotLook || !fresh.personal
}

// note notes what an answer says against the piece being looked at in full.
func (s *seen) note(fresh *freshness, answer *lantern.Answer) {
	s.judge(fresh)
	switch {
	case slices.Contains(answer.Reasons, unkept):
		s.blind = true
	case answer.State == lantern.NotSampled && slices.Contains(s.trouble, answer.Reasons[0]): // of every record left out
	case answer.State == lantern.CouldNotLook && len(s.trouble) < hunt.MostTrouble, answer.State == lantern.NotSampled:
		s.trouble = append(s.trouble, answer.Reasons...)
	}
}

// pieceLook knows where a piece lies in its file.
type pieceLook struct {
	p    *lantern.Piece
	mark []byte // the byte order mark that is put before it, so that it is read as the file is
}

func newPieceLook(p *lantern.Piece) *pieceLook {
	l := &pieceLook{p: p}
	if p.Kind == lantern.PieceText && (p.Offset > 0 || p.Encoding != "") {
		l.mark = map[lantern.Encoding]text.Encoding{lantern.UTF16LE: text.UTF16LE, lantern.UTF16BE: text.UTF16BE}[p.Encoding].Mark()
	}
	return l
}

// reader returns the piece's bytes behind its mark.
func (l *pieceLook) reader(r io.Reader) io.Reader {
	if l.mark == nil {
		return r
	}
	return io.MultiReader(bytes.NewReader(l.mark), r)
}

// place moves a spot to where it stands in the file, and reports whether it is this piece's.
func (l *pieceLook) place(s *match.Spot) bool {
	shift := l.p.Offset - int64(len(l.mark))
	s.Start, s.End = s.Start+shift, s.End+shift
	if s.Line == 1 {
		s.Column += max(l.p.Column, 1) - 1
	}
	s.Line += max(l.p.Line, 1) - 1
	return s.Start >= l.p.From && s.Start < l.p.To
}
