package agent_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"lantern"
	"lantern/internal/agent"
	"lantern/internal/agent/agenttest"
	"lantern/internal/corpus"
	"lantern/internal/exchange/exchangetest"
)

// pastFile is a file of a member's past activity.
type pastFile struct {
	name     string
	modified int64
	bytes    []byte
}

var errKilled = errors.New("killed")

// hunter hunts as lantern hunt does, without a network between. before is asked before each
// piece, and looked is told after it; found are the signals matched in it.
type hunter struct {
	t      *testing.T
	r      *agenttest.Running
	before func(f *pastFile, p *corpus.Piece) error
	looked func(f *pastFile, p *corpus.Piece, skipped bool, found []lantern.ID)
}

// verdict asks whether a file must be looked at.
func (h *hunter) verdict(f *pastFile) (lantern.HuntVerdict, lantern.HuntedFile) {
	h.t.Helper()
	state := lantern.HuntedFile{Path: "/past/" + f.name, Size: int64(len(f.bytes)), Modified: f.modified}
	for {
		got, err := h.r.PlanHunt(h.t.Context(), "past", []lantern.HuntedFile{state}, false)
		if err != nil {
			h.t.Fatal(err)
		}
		if got[0].Verdict != lantern.HuntDigest || state.SHA256 != "" {
			return got[0].Verdict, state
		}
		sum := sha256.Sum256(f.bytes)
		state.SHA256 = hex.EncodeToString(sum[:])
	}
}

// file looks at one file.
func (h *hunter) file(f *pastFile, state lantern.HuntedFile) error {
	state.Pass = rand.Int64()
	cutter := corpus.Cutter{
		Trouble: func(_, why string) { h.t.Errorf("%s: %s", f.name, why) },
		Emit: func(p *corpus.Piece) error {
			alone := state.Pieces == 0 && p.Final
			if alone {
				state.Last, state.SHA256 = true, p.Digests.SHA256
			}
			if err := h.piece(f, p, state); err != nil || alone {
				return err
			}
			if state.Pieces++; !p.Final {
				return nil
			}
			state.Last, state.SHA256 = true, p.Digests.SHA256
			return h.piece(f, &corpus.Piece{Piece: lantern.Piece{Ref: f.name, Kind: lantern.PieceNone}}, state)
		},
	}
	_, err := cutter.File(h.t.Context(), corpus.Input{Ref: f.name, Name: f.name, Reader: bytes.NewReader(f.bytes)})
	return err
}

func (h *hunter) piece(f *pastFile, p *corpus.Piece, state lantern.HuntedFile) error {
	if err := h.before(f, p); err != nil {
		return err
	}
	one := p.Piece
	one.Hunted, one.Bytes = &state, len(p.Body)
	var found []lantern.ID
	return h.r.LookAt(h.t.Context(), &one, bytes.NewReader(p.Body), agent.PieceOptions{Hunt: "past"}, func(a lantern.PieceAnswer) error {
		if a.Answer != nil {
			found = append(found, agenttest.Matched(*a.Answer)...)
		}
		if !a.Done {
			return nil
		}
		if !a.Kept {
			h.t.Errorf("a piece of %s is not noted", f.name)
		}
		slices.Sort(found)
		h.looked(f, p, a.Skipped, slices.Compact(found))
		return nil
	})
}

// A hunt looks at each file for each signal when that is due, and never otherwise: compared
// with a slow model, over random changes of signals and files, hunts, kills and restarts.
func TestHuntEqualsModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			m := newHuntModel(t, seed)
			for range 50 {
				m.step()
			}
			m.hunt(1 << 30)
			m.check()
		})
	}
}

// huntModel is the slow model. It numbers the stays of signals, the times from one's becoming
// matchable until it is not any more, and keeps for each piece how many stays had begun when
// it was looked at.
type huntModel struct {
	*hunter
	random             *rand.Rand
	w                  *agenttest.World
	host, social, game exchangetest.Company
	dir                string
	signals            [modelValues]modelSignal
	files              []*pastFile
	begun              int // stays so far
	pieces             map[string]int
	clock              int64
}

const modelValues = 6

// modelSignal is what is shared of one value.
type modelSignal struct {
	id        lantern.ID
	stay      int        // 0 while it is not matchable
	challenge lantern.ID // that suspends it
	spent     bool       // an upheld challenge or a withdrawal: the value is left alone
}

func newHuntModel(t *testing.T, seed uint64) *huntModel {
	w := agenttest.New(t)
	m := &huntModel{random: rand.New(rand.NewPCG(seed, 7)), w: w, dir: t.TempDir(), pieces: map[string]int{},
		host: w.AddCompany("Cloudbin"), social: w.AddCompany("Facegram"), game: w.AddCompany("Pixelplay")}
	m.hunter = &hunter{t: t, r: w.Run(t, m.social, m.dir), looked: m.look}
	for i, size := range []int{100, 100, 100, 0, 9 << 20} { // the last is cut into pieces
		m.files = append(m.files, &pastFile{name: fmt.Sprintf("%d.txt", i)})
		m.write(m.files[i], size)
	}
	return m
}

// write gives a file new content with some values in it, at any place.
func (m *huntModel) write(f *pastFile, size int) {
	m.clock++
	f.modified = m.clock
	f.bytes = bytes.Repeat([]byte("a quiet day\n"), size/12)
	if size == 0 {
		return
	}
	for range 1 + m.random.IntN(3) {
		at := m.random.IntN(len(f.bytes))
		at += bytes.IndexByte(f.bytes[at:], '\n') + 1 // between lines
		f.bytes = slices.Insert(f.bytes, at, []byte(m.w.Draft(m.random.IntN(modelValues)).Value+"\n")...)
	}
}

// key names a piece of a file by its place and bytes.
func key(f *pastFile, p *corpus.Piece) string {
	return fmt.Sprintf("%s %d %x", f.name, p.From, sha256.Sum256(p.Body))
}

// step changes something, or hunts.
func (m *huntModel) step() {
	f := m.files[m.random.IntN(len(m.files))]
	s := &m.signals[m.random.IntN(modelValues)]
	switch m.random.IntN(10) {
	case 0:
		if len(f.bytes) > 0 {
			m.write(f, len(f.bytes))
		}
	case 1: // touched
		m.clock++
		f.modified = m.clock
	case 2: // grown
		m.clock++
		f.modified = m.clock
		f.bytes = append(slices.Clip(f.bytes), []byte("and "+m.w.Draft(m.random.IntN(modelValues)).Value+"\n")...)
	case 3, 4, 5:
		m.change(s)
	case 6:
		m.r.Stop()
		m.r = m.w.Run(m.t, m.social, m.dir)
	case 7, 8:
		m.hunt(m.random.IntN(8))
	case 9:
		m.hunt(1 << 30)
	}
}

// change moves a signal on: shared, changed, challenged, restored, withdrawn.
func (m *huntModel) change(s *modelSignal) {
	ctx, t := m.t.Context(), m.t
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for i := range m.signals {
		if &m.signals[i] == s {
			n = i
		}
	}
	switch {
	case s.spent:
		return
	case s.id == 0:
		s.id = m.w.MustShare(m.host.Submitter, m.w.Draft(n))
		m.begun++
		s.stay = m.begun
	case s.challenge != 0:
		verdict := lantern.Reject
		if m.random.IntN(3) == 0 {
			verdict, s.spent = lantern.Uphold, true
		}
		_, err := m.w.Decide(ctx, m.host.Submitter, s.challenge, lantern.Decision{Verdict: lantern.Dispute, Reason: "it is right"})
		must(err)
		_, err = m.w.Decide(ctx, m.social.Officer, s.challenge, lantern.Decision{Verdict: verdict, Reason: "looked again"})
		must(err)
		if s.challenge = 0; !s.spent {
			m.begun++
			s.stay = m.begun
		}
	case m.random.IntN(3) == 0: // said otherwise: no new stay
		d := m.w.Draft(n)
		d.Confidence = 1 + m.random.IntN(90)
		m.w.MustShare(m.host.Submitter, d)
	case m.random.IntN(4) == 0:
		_, err := m.w.Withdraw(ctx, m.host.Submitter, s.id, lantern.Withdrawal{Reason: lantern.WithdrawnInError})
		must(err)
		s.spent, s.stay = true, 0
	default:
		c, err := m.w.OpenChallenge(ctx, m.game.Investigator, lantern.Challenge{Signal: s.id, Reason: lantern.WrongValue})
		if lantern.KindOf(err) == lantern.RateLimited {
			return
		}
		must(err)
		s.challenge, s.stay = c.ID, 0
	}
	m.w.Reaches(m.r, m.social)
	m.r.Followed() // the feed's place is stored a moment before the engine holds what came
}

// hunt hunts and is killed before so many pieces.
func (m *huntModel) hunt(pieces int) {
	m.before = func(*pastFile, *corpus.Piece) error {
		if pieces--; pieces < 0 {
			return errKilled
		}
		return nil
	}
	for _, f := range m.files {
		verdict, state := m.verdict(f)
		if verdict == lantern.HuntUnchanged {
			m.unchanged(f)
			continue
		}
		err := m.file(f, state)
		if errors.Is(err, errKilled) {
			return
		}
		if err != nil {
			m.t.Fatal(err)
		}
		m.done(f)
	}
}

// look holds what was found in a piece to what the model says.
func (m *huntModel) look(f *pastFile, p *corpus.Piece, skipped bool, found []lantern.ID) {
	if p.Kind == lantern.PieceNone {
		return
	}
	before := m.pieces[key(f, p)]
	own := p.Body[p.From-p.Offset : p.To-p.Offset]
	var want []lantern.ID
	for n, s := range m.signals {
		if s.stay > before && bytes.Contains(own, []byte(m.w.Draft(n).Value+"\n")) {
			want = append(want, s.id)
		}
	}
	slices.Sort(want)
	if !slices.Equal(found, want) {
		m.t.Errorf("%s at %d: found %v, want %v", f.name, p.From, found, want)
	}
	if skipped && before < m.begun {
		m.t.Errorf("%s at %d was skipped although signals arrived", f.name, p.From)
	}
	m.pieces[key(f, p)] = m.begun
}

// cut calls each for the pieces of a file.
func (m *huntModel) cut(f *pastFile, each func(*corpus.Piece)) {
	cutter := corpus.Cutter{Emit: func(p *corpus.Piece) error { each(p); return nil }}
	if _, err := cutter.File(m.t.Context(), corpus.Input{Ref: f.name, Name: f.name, Reader: bytes.NewReader(f.bytes)}); err != nil {
		m.t.Fatal(err)
	}
}

// unchanged holds the verdict that nothing is due to the model.
func (m *huntModel) unchanged(f *pastFile) {
	m.cut(f, func(p *corpus.Piece) {
		if m.pieces[key(f, p)] < m.begun {
			m.t.Errorf("%s is taken for looked at, and signals arrived since", f.name)
		}
	})
}

// done forgets what a file was before, as the agent does.
func (m *huntModel) done(f *pastFile) {
	kept := map[string]bool{}
	m.cut(f, func(p *corpus.Piece) { kept[key(f, p)] = true })
	for k := range m.pieces {
		if strings.HasPrefix(k, f.name+" ") && !kept[k] {
			delete(m.pieces, k)
		}
	}
}

// check asks for what must be true after a whole hunt: a hit for each signal in each file,
// and nothing due.
func (m *huntModel) check() {
	hits := map[string]bool{}
	for _, h := range m.r.HitsIn("") {
		hits[fmt.Sprint(h.Ref, h.Match.Signal)] = true
	}
	for _, f := range m.files {
		for n, s := range m.signals {
			if s.stay > 0 && bytes.Contains(f.bytes, []byte(m.w.Draft(n).Value+"\n")) && !hits[fmt.Sprint(f.name, s.id)] {
				m.t.Errorf("no hit of signal %d in %s", n, f.name)
			}
		}
		if verdict, _ := m.verdict(f); verdict != lantern.HuntUnchanged {
			m.t.Errorf("%s is %s right after the hunt", f.name, verdict)
		}
	}
	hunts, err := m.r.Hunts(m.t.Context())
	if err != nil || len(hunts) != 1 || hunts[0].Files != len(m.files) || hunts[0].Behind != 0 {
		m.t.Errorf("the hunt stands so: %+v, %v", hunts, err)
	}
}
