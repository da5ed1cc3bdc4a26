package agent

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"

	"lantern"
	"lantern/internal/charset"
	"lantern/internal/corpus"
	"lantern/internal/hunt"
	"lantern/match"
)

// seen is how looking at a piece went.
type seen struct {
	blind   bool                 // the agent could not look at all, or not for persons, or keep what it found: it is as if nobody had looked
	trouble []string             // what was not looked at for reasons that lie in the piece, or in the settings
	lacks   []lantern.SignalType // the digests without which it was not looked at; empty: it was, without some; nil: it leaves none out
}

// lookAt looks at a piece in a sight. Of what it returns, l is to be answered, and seen is what came of
// it once that is done and [seen.judge] was asked.
func (s *Stream) lookAt(ctx context.Context, p *lantern.Piece, in sight, r io.Reader) (*seen, *fileLook, error) {
	a := s.a
	l := &fileLook{
		look:  look{a: a, sight: in, account: p.Account, hold: !s.o.Dry && !a.shadow && a.held.Len() > 0},
		file:  File{Ref: p.Ref, Account: p.Account, Source: p.Source, Dry: s.o.Dry},
		piece: newPieceLook(p),
	}
	saw := &seen{}
	if p.Digests != nil && !p.Digests.Complete() {
		holds := func(t lantern.SignalType) bool { return in.engine.MayHold(t) || a.held.MayHold(t) }
		if saw.lacks = corpus.Lacks(p.Digests, holds); len(saw.lacks) > 0 {
			_, err := io.Copy(io.Discard, r)
			return saw, nil, err
		}
	}
	l.emit = func(answer lantern.Answer) error {
		saw.note(l.fresh, &answer)
		return s.say(ctx, lantern.PieceAnswer{Answer: &answer})
	}
	l.in = &freshReader{l: l, r: l.piece.reader(r)}
	l.begin()
	saw.judge(l.fresh)
	if p.Kind != lantern.PieceRecords && !a.takesPart(p.Source, p.Ref) {
		if p.Kind != lantern.PieceNone || p.Digests != nil { // else it holds nothing that could be left out
			l.skip(p.Source)
			if err := l.emit(l.answer); err != nil {
				return saw, nil, err
			}
		}
		_, err := io.Copy(io.Discard, r)
		return saw, nil, err
	}
	if err := l.contents(ctx, p.Kind); err != nil && !errors.Is(err, io.EOF) {
		return saw, nil, err
	}
	if _, err := io.Copy(io.Discard, l.in); err != nil {
		return saw, nil, err
	}
	if p.Digests != nil {
		l.digests(p.Digests)
	}
	l.renew()
	saw.judge(l.fresh)
	l.in = nil // whoever waits needs it no more
	return saw, l, nil
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
		l.mark = map[lantern.Encoding]charset.Encoding{lantern.UTF16LE: charset.UTF16LE, lantern.UTF16BE: charset.UTF16BE}[p.Encoding].Mark()
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
