package agent

import (
	"context"
	"io"

	"lantern"
	"lantern/internal/corpus"
	"lantern/internal/hunt"
)

// PieceOptions says for what pieces are looked at.
type PieceOptions struct {
	Hunt string // the hunt that notes them; "": none
	Dry  bool   // keep no hits and note nothing
}

// Stream looks at pieces of files that come one after the other. What was found in several of them is
// looked up, kept and noted together: most pieces are small files, and a transaction for
// each took more time than looking. It is used by one goroutine.
type Stream struct {
	a    *Agent
	o    PieceOptions
	emit func(lantern.PieceAnswer) error

	waiting []waiting
	since   int64 // of their sights
	matches int   // in them
	noted   []*hunt.Piece
}

// waiting is a piece that was looked at and is not answered yet.
type waiting struct {
	l       *fileLook                       // nil: nothing is to be answered but its end
	end     func(ctx context.Context) error // what follows its answers
	nothing bool
}

// How many pieces wait for their answers, how many matches in them, and how many files to be noted.
const (
	mostWaiting = 64
	mostMatches = 1000
	mostNoted   = 50
)

// Stream returns a stream that calls emit for each answer, in the order of the pieces.
func (a *Agent) Stream(o PieceOptions, emit func(lantern.PieceAnswer) error) *Stream {
	return &Stream{a: a, o: o, emit: emit}
}

// Look looks at one piece of a file, whose bytes it reads from r, as [Agent.Look] does at a whole file,
// with bounded memory. Its answers may wait for [Stream.Settle]. In a hunt, a piece that
// was looked at before is looked at for what arrived since, or skipped if nothing did; the
// last line, Done, says so, and whether it is noted.
//
// The same piece twice, also at the same time, gives the same hits. What broke off has noted
// nothing but hits.
func (s *Stream) Look(ctx context.Context, p *lantern.Piece, r io.Reader) error {
	if err := p.Validate(); err != nil {
		return err
	}
	if err := checkRecord(&lantern.Record{Ref: p.Ref, Account: p.Account, Source: p.Source}); err != nil {
		return err
	}
	r = corpus.Until(ctx, io.LimitReader(r, int64(p.Bytes)))
	if s.o.Hunt != "" && p.Hunted != nil {
		return s.huntPiece(ctx, p, r)
	}
	in := s.a.sight()
	seen, l, err := s.lookAt(ctx, p, in, r)
	if err != nil {
		return err
	}
	return s.wait(ctx, l, in.since, func(context.Context) error {
		return s.emit(lantern.PieceAnswer{Done: true, Lacks: seen.lacks})
	})
}

// say emits a line behind the answers that wait.
func (s *Stream) say(ctx context.Context, line lantern.PieceAnswer) error {
	if err := s.Settle(ctx); err != nil {
		return err
	}
	return s.emit(line)
}

// wait has a piece answered with others.
func (s *Stream) wait(ctx context.Context, l *fileLook, since int64, end func(context.Context) error) error {
	if s.since != since {
		if err := s.Settle(ctx); err != nil {
			return err
		}
	}
	s.since, s.waiting = since, append(s.waiting, waiting{l: l, end: end})
	if l != nil {
		s.matches += len(l.answer.Matches) + len(l.held)
	}
	if len(s.waiting) < mostWaiting && s.matches < mostMatches {
		return nil
	}
	return s.Settle(ctx)
}

// Settle answers all that was looked at. Call it whenever the other side may wait for answers.
func (s *Stream) Settle(ctx context.Context) error {
	all := s.waiting
	s.waiting, s.matches = nil, 0
	var looks []*look
	for i := range all {
		if w := &all[i]; w.l != nil {
			w.nothing = w.l.conclude()
			looks = append(looks, &w.l.look)
		}
	}
	if len(looks) > 0 {
		if err := s.a.answer(ctx, looks, MatchOptions{Dry: s.o.Dry}); err != nil {
			return err
		}
	}
	for _, w := range all {
		if w.l != nil {
			if err := w.l.tell(w.nothing); err != nil {
				return err
			}
		}
		if err := w.end(ctx); err != nil {
			return err
		}
	}
	return nil
}

// End settles and notes what is left, also of a stream that broke off.
func (s *Stream) End(ctx context.Context) error {
	err := s.Settle(ctx)
	if later := s.note(ctx); err == nil {
		err = later
	}
	return err
}
