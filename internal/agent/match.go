package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/queue"
	"lantern/internal/sqldb"
	"lantern/match"
	"lantern/signal"
)

// MatchOptions changes how records are looked up.
type MatchOptions struct {
	Dry bool // keep no hits: the caller only wants to know
}

// Match looks records up and answers each, in their order. Every match becomes a hit that
// waits for a person unless opts.Dry; the same signal found again in the same reference in
// the same way is the same hit. A record that cannot be read is answered so and never
// harms its neighbors. An empty list of matches means "none" only in an answer that is ok.
func (a *Agent) Match(ctx context.Context, records []lantern.Record, opts MatchOptions) ([]lantern.Answer, error) {
	return a.match(ctx, a.sight(), records, opts)
}

// match is Match in a sight.
func (a *Agent) match(ctx context.Context, in sight, records []lantern.Record, opts MatchOptions) ([]lantern.Answer, error) {
	began, fresh := a.keeper.Checks(), a.freshness(a.clock())
	answers := make([]lantern.Answer, len(records))
	looks := make([]*look, len(records))
	for i := range records {
		r := &records[i]
		l := &look{a: a, sight: in, fresh: &fresh, answer: lantern.Answer{Ref: r.Ref, State: fresh.state, Matches: []lantern.Match{}}, account: r.Account}
		looks[i] = l
		if err := checkRecord(r); err != nil {
			l.unreadable(err)
			continue
		}
		if !a.takesPart(r.Source, r.Ref) {
			l.skip(r.Source)
			continue
		}
		err := a.settled(l, func() error {
			l.hold = !opts.Dry && !a.shadow && a.held.Len() > 0
			return l.record(ctx, r)
		})
		if err != nil {
			return nil, err
		}
	}
	if a.engine.Missing() > 0 || !a.keeper.Trusts(began) {
		failed(looks)
	}
	if err := a.answer(ctx, looks, opts); err != nil {
		return nil, err
	}
	for i, l := range looks {
		answers[i] = l.answer
	}
	return answers, nil
}

// failed says of lookups that a file of the engine was found damaged while they ran, perhaps by one of them: what it
// held was not found.
func failed(looks []*look) {
	for _, l := range looks {
		if l.answer.State == lantern.AnswerOK || l.answer.State == lantern.AnswerStale {
			l.blind()
			l.answer.Reasons = append(l.answer.Reasons, damagedReason)
		}
	}
}

// checkRecord checks form, and that references can be stored and shown.
func checkRecord(r *lantern.Record) error {
	if err := r.Validate(); err != nil {
		return err
	}
	if !plain(r.Ref) {
		return &lantern.Error{Kind: lantern.Invalid, Field: "/ref", Reason: "holds control characters", Fix: "give a reference of printable characters"}
	}
	if len(r.Account) > 200 || !plain(r.Account) {
		return &lantern.Error{Kind: lantern.Invalid, Field: "/account", Reason: "too long, or holds control characters", Fix: "your own account id, at most 200 bytes"}
	}
	return nil
}

// look is one record being looked up.
type look struct {
	a       *Agent
	sight   sight
	fresh   *freshness
	answer  lantern.Answer
	account string
	hold    bool            // look among suspended signals too
	held    []lantern.Match // matches of these, which no answer shows
	buf     []match.Found
}

// unreadable answers a record that could not be looked up at all.
func (l *look) unreadable(err error) {
	l.answer.State = lantern.CouldNotLook
	l.answer.Reasons = append(l.answer.Reasons, reasonsOf(err)...)
}

// reasonsOf lists the complaints of an error, each with its pointer.
func reasonsOf(err error) []string {
	var e *lantern.Error
	if !errors.As(err, &e) {
		return []string{"could not be read"}
	}
	all := []string{pointed(e)}
	for _, also := range e.Also {
		all = append(all, pointed(also))
	}
	return all
}

// pointed says where and why.
func pointed(e *lantern.Error) string {
	if e.Field == "" {
		return e.Reason
	}
	return e.Field + ": " + e.Reason
}

// blind notes that something was not looked up because persons may not be.
func (l *look) blind() { l.answer.State = lantern.CouldNotLook }

// unread notes that what a pointer names was not looked up, and why: whoever reads the
// answer must not take that for "nothing found".
func (l *look) unread(pointer, why string) {
	l.blind()
	l.answer.Reasons = append(l.answer.Reasons, pointer+": "+why)
}

// record looks up everything a record holds. What cannot be read is named by pointer.
func (l *look) record(ctx context.Context, r *lantern.Record) error {
	l.answer.Reasons = slices.Clone(l.fresh.reasons)
	for i, v := range r.Values {
		l.value(fmt.Sprintf("/values/%d", i), v.Type, v.Value)
	}
	for i, v := range r.URLs {
		l.value(fmt.Sprintf("/urls/%d", i), signal.URL.Name, v)
	}
	for i, v := range r.Accounts {
		l.value(fmt.Sprintf("/accounts/%d", i), signal.Account.Name, v)
	}
	for i, v := range r.Hashes {
		l.hash(fmt.Sprintf("/hashes/%d", i), v)
	}
	if r.Text == "" {
		return nil
	}
	if !l.fresh.personal {
		l.blind() // whatever the text holds, its persons are not looked for
	}
	err := l.sight.engine.Scan(ctx, strings.NewReader(r.Text), match.ScanOptions{Region: l.a.region}, func(s match.Spot) error {
		l.spot(s, "/text", r.Text[s.Start:s.End])
		return nil
	})
	if err == nil && l.hold {
		err = l.a.held.Scan(ctx, strings.NewReader(r.Text), match.ScanOptions{Region: l.a.region}, func(s match.Spot) error {
			l.heldSpot(s, "/text")
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("reading a text: %w", err)
	}
	return nil
}

// value looks up one typed value.
func (l *look) value(pointer string, kind lantern.SignalType, raw string) {
	t, known := signal.Lookup(kind)
	if !known {
		l.unread(pointer, "not a known signal type")
		return
	}
	if t.Compare == signal.None {
		l.unread(pointer, "not looked up: people read signals of this type")
		return
	}
	if t.Personal && !l.fresh.personal {
		l.blind()
		return
	}
	v, err := t.NormalizeQuery(raw)
	if err != nil {
		l.unread(pointer, unreadReason(err))
		return
	}
	q := match.Query{Type: kind, Canonical: v.Canonical, Weak: v.Weak}
	l.buf = l.sight.engine.Match(q, l.buf[:0])
	for _, f := range l.buf {
		m := matchOf(f, "", pointer)
		m.Normal = normal(v.Canonical)
		l.answer.Matches = append(l.answer.Matches, m)
	}
	if !l.hold {
		return
	}
	l.buf = l.a.held.Match(q, l.buf[:0])
	for _, f := range l.buf {
		l.held = append(l.held, matchOf(f, kind, pointer))
	}
}

// matchOf says in the words of answers what was found.
func matchOf(f match.Found, kind lantern.SignalType, pointer string) lantern.Match {
	return lantern.Match{
		Signal: f.Signal, Type: kind, How: f.How, Distance: f.Distance,
		QueryPercent: f.OfQuery, SignalPercent: f.OfSignal, Weak: f.Weak, Field: pointer,
	}
}

// unreadReason is why a value could not be read, without the value.
func unreadReason(err error) string {
	var e *lantern.Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return "cannot be read"
}

// hash looks up a digest under every type of its length.
func (l *look) hash(pointer, digits string) {
	var types []*signal.Type
	switch len(strings.TrimSpace(digits)) {
	case 32:
		types = []*signal.Type{signal.MD5, signal.VideoMD5}
	case 40:
		types = []*signal.Type{signal.SHA1}
	case 64:
		types = []*signal.Type{signal.SHA256, signal.PDQ}
	default:
		l.unread(pointer, "not a digest of 32, 40 or 64 hex digits")
		return
	}
	before := len(l.answer.Reasons)
	for _, t := range types {
		l.value(pointer, t.Name, digits)
	}
	// The types agree on what hex digits are: one complaint is enough.
	l.answer.Reasons = l.answer.Reasons[:min(before+1, len(l.answer.Reasons))]
}

// spot notes what was found in a text; text is what stands there, "" where it is not at hand.
func (l *look) spot(s match.Spot, field, text string) {
	t, known := signal.Lookup(s.Type)
	if known && t.Personal && !l.fresh.personal {
		return
	}
	m := lantern.Match{
		Signal: s.Signal, How: s.How, Distance: s.Distance, Weak: s.Weak, Field: field,
		Offset: int(s.Start), Length: int(s.End - s.Start), Line: s.Line, Column: s.Column,
	}
	if known && text != "" {
		if v, err := t.NormalizeQuery(text); err == nil { // else it reads as the type in its place alone
			m.Normal = normal(v.Canonical)
		}
	}
	l.answer.Matches = append(l.answer.Matches, m)
}

// normal is a normal form as answers give it.
func normal(canonical string) string {
	if len(canonical) > lantern.MaxNormal {
		return ""
	}
	return canonical
}

// answer fills in what the signals say, drops matches of signals that stopped being
// active in between, and keeps the hits. In shadow mode it counts instead.
func (a *Agent) answer(ctx context.Context, looks []*look, opts MatchOptions) error {
	var ids []lantern.ID
	found := 0
	for _, l := range looks {
		for i := range l.answer.Matches {
			ids = append(ids, l.answer.Matches[i].Signal)
		}
		found += len(l.answer.Matches) + len(l.held)
	}
	if found == 0 {
		if a.shadow {
			shade(looks)
		}
		return nil
	}
	slices.Sort(ids)
	said, err := a.opinions(ctx, looks[0].sight, slices.Compact(ids))
	if err != nil {
		return err
	}
	var hits []*agentstore.HitRow
	keep := func(l *look, m *lantern.Match) error {
		if opts.Dry || a.shadow {
			return nil
		}
		h, err := a.queue.Hit(m, l.answer.Ref, l.account, a.clock())
		hits = append(hits, h)
		return err
	}
	for _, l := range looks {
		for i := range l.answer.Matches {
			m := &l.answer.Matches[i]
			s := said[m.Signal]
			if s == nil {
				continue
			}
			if s.signal != nil {
				queue.Describe(m, s.signal)
				m.Quarantined = s.quarantined
			}
			// One that was suspended a moment ago belongs into the held queue: keepHits asks again.
			if err := keep(l, m); err != nil {
				return err
			}
		}
		l.answer.Matches = slices.DeleteFunc(l.answer.Matches, func(m lantern.Match) bool { return said[m.Signal] == nil || said[m.Signal].signal == nil })
		for i := range l.held {
			if err := keep(l, &l.held[i]); err != nil {
				return err
			}
		}
		l.held = nil
	}
	if a.shadow {
		if !opts.Dry {
			err = a.countVolume(ctx, looks)
		}
		shade(looks)
		return err
	}
	err = a.keepHits(ctx, hits)
	if lantern.KindOf(err) != lantern.Unavailable {
		return err
	}
	// Whoever asked must not take a match for a hit that waits for somebody. All answers of
	// the batch say so, matched or not: what is found of suspended signals must not show.
	a.log.Error("matches cannot be kept", "error", err)
	for _, l := range looks {
		if l.answer.State == lantern.NotSampled {
			continue
		}
		l.answer.State = lantern.CouldNotLook
		l.answer.Reasons = append(l.answer.Reasons, unkept)
	}
	return nil
}

// unkept is said of an answer whose matches nobody will see. It is as if nobody had looked.
const unkept = "this agent cannot write its database (a full disk?): what is found cannot be kept for people to review; ask again"

// said is what is known of a signal that was matched.
type said struct {
	signal      *lantern.Signal // nil: it is suspended by now
	quarantined bool
}

// opinions returns what those of the signals say that a sight is owed for. Left out are
// signals that are gone, and those that arrived before it begins: they were looked for then.
func (a *Agent) opinions(ctx context.Context, in sight, ids []lantern.ID) (map[lantern.ID]*said, error) {
	all := make(map[lantern.ID]*said, len(ids))
	now := a.clock()
	err := a.db.Read(ctx, func(tx *sqldb.Tx) error {
		held, err := agentstore.LoadReplica(ctx, tx, ids)
		if err != nil {
			return err
		}
		quarantine, err := agentstore.LoadQuarantine(ctx, tx, ids)
		if err != nil {
			return err
		}
		for id, row := range held {
			switch {
			case !row.Expires.IsZero() && !row.Expires.After(now):
				continue
			case row.State == lantern.Suspended:
				all[id] = &said{}
				continue
			case row.State != lantern.Active || in.since > 0 && row.Arrival <= in.since:
				continue
			}
			var s lantern.Signal
			if err := json.Unmarshal([]byte(row.Opinion), &s); err != nil {
				return fmt.Errorf("reading the opinion of signal %s: %w", id, err)
			}
			all[id] = &said{&s, quarantine[id].In()}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading opinions: %w", err)
	}
	return all, nil
}
