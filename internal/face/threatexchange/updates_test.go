package threatexchange_test

import (
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/sqldb/sqldbtest"
)

// mirror is a client as tx is one: it keeps what it was told by type and indicator, and goes
// on from the largest time it saw.
type mirror struct {
	w          *world
	c          exchangetest.Company
	checkpoint int64
	held       map[string]string // type and indicator → who says what
}

// fetch reads on.
func (m *mirror) fetch() int {
	m.w.T.Helper()
	var params []string
	if m.checkpoint > 0 {
		params = []string{"start_time", strconv.FormatInt(m.checkpoint, 10)}
	}
	params = append(params, "limit", "7", "fields", "id,indicator,type,last_updated,should_delete,descriptors{reactions,owner{id},tags,status}")
	rows := m.w.updates(m.c, params...)
	before := m.checkpoint
	for _, r := range rows {
		at := int64(r["last_updated"].(float64))
		m.checkpoint = max(m.checkpoint, at)
		key := r["type"].(string) + " " + r["indicator"].(string)
		if r["should_delete"].(bool) {
			delete(m.held, key)
			continue
		}
		if _, ok := r["descriptors"]; !ok {
			m.w.T.Fatal("a row that is to be kept has no descriptors")
		}
		m.held[key] = fmt.Sprint(r["descriptors"])
	}
	if m.checkpoint < before {
		m.w.T.Fatal("the checkpoint went back")
	}
	return len(rows)
}

// state is what a client that begins now would hold.
func (w *world) state(c exchangetest.Company) map[string]string {
	m := mirror{w: w, c: c, held: map[string]string{}}
	m.fetch()
	return m.held
}

// TestMirrorUnderWrites holds a client that fetches on and on, while others share, amend, react,
// challenge, withdraw and erase, to one that reads everything anew at the end.
func TestMirrorUnderWrites(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, database string) {
		w := newWorld(t, database)
		m := &mirror{w: w, c: w.green, held: map[string]string{}}
		var writers sync.WaitGroup
		for n, c := range []exchangetest.Company{w.red, w.blue} {
			writers.Go(func() { w.write(t, c, n) })
		}
		over := make(chan struct{})
		go func() { writers.Wait(); close(over) }()
		for writing := true; writing; {
			select {
			case <-over:
				writing = false
			default:
			}
			m.fetch()
			w.Clock.Add(300 * time.Millisecond)
		}
		if want := w.state(w.green); !maps.Equal(m.held, want) {
			t.Errorf("the client holds %d values, the server shows %d", len(m.held), len(want))
			for k, v := range want {
				if m.held[k] != v {
					t.Errorf("%s: the client has %q, the server %q", k, m.held[k], v)
				}
			}
		}
	})
}

// write shares and changes. Two writers meet on every third value.
func (w *world) write(t *testing.T, c exchangetest.Company, n int) {
	ctx := t.Context()
	var mine []lantern.ID
	for i := range 60 {
		d := w.hash(1000*n + i)
		if i%3 == 0 {
			d = w.hash(i)
		}
		r, err := w.Share(ctx, c.Service, d)
		if err != nil {
			t.Error(err)
			return
		}
		mine = append(mine, r.Signal)
		old := mine[i*7%len(mine)]
		switch i % 5 {
		case 1: // a refusal, if it ended before, is fine
			_, _ = w.Withdraw(ctx, c.Service, old, lantern.Withdrawal{Reason: lantern.WithdrawnOutdated, Erase: false})
		case 2:
			_, _ = w.React(ctx, w.green.Service, lantern.Feedback{Signal: old, Reaction: lantern.Seen})
		case 3:
			_, _ = w.OpenChallenge(ctx, w.green.Investigator, lantern.Challenge{Signal: old, Reason: lantern.OutOfScope})
		case 4:
			d.Tags = []lantern.Tag{"trade"}
			_, _ = w.Share(ctx, c.Service, d)
		}
	}
}

// TestUpdates walks through the life of a value as a client of the feed sees it.
func TestUpdates(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, database string) {
		w := newWorld(t, database)
		ctx := t.Context()
		m := &mirror{w: w, c: w.green, held: map[string]string{}}
		if n := m.fetch(); n != 1 {
			t.Errorf("a feed without signals has %d rows", n)
		}
		if n := m.fetch(); n != 1 {
			t.Errorf("a feed without signals has %d rows the second time", n)
		}
		first := w.MustShare(w.red.Service, w.hash(1))
		w.Clock.Add(3 * time.Second)
		second := w.MustShare(w.blue.Service, w.hash(1))
		rows := w.updates(w.green, "fields", "id,last_updated,should_delete,descriptors{owner{id}}")
		if len(rows) != 2 {
			t.Fatalf("%d rows of one value and the sentinel", len(rows))
		}
		row := rows[1]
		if n := len(row["descriptors"].(object)["data"].([]any)); n != 2 {
			t.Errorf("the value has %d descriptors", n)
		}
		if at := int64(row["last_updated"].(float64)); at != exchangetest.Start.Add(3*time.Second).Unix() {
			t.Errorf("last updated at %d", at)
		}
		m.fetch()
		w.Clock.Add(3 * time.Second)
		withdraw := func(c exchangetest.Company, id lantern.ID, erase bool) {
			t.Helper()
			if _, err := w.Withdraw(ctx, c.Service, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError, Erase: erase}); err != nil {
				t.Fatal(err)
			}
		}
		withdraw(w.red, first, false)
		m.fetch()
		if len(m.held) != 1 {
			t.Error("a value on which an opinion is left was dropped")
		}
		withdraw(w.blue, second, false)
		w.Clock.Add(3 * time.Second)
		m.fetch()
		if len(m.held) != 0 {
			t.Error("a value without opinions is still held")
		}
		if fresh := w.updates(w.blue); len(fresh) != 2 {
			t.Errorf("the owner of a fallen signal sees %d rows", len(fresh))
		}
	})
}

// TestTombstones: who was not handed a signal through this face is told nothing once it falls, and
// what has ended for 90 days is gone, but for the row that stays.
func TestTombstones(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, database string) {
		w := newWorld(t, database)
		ctx := t.Context()
		id := w.MustShare(w.red.Service, w.hash(1))
		w.updates(w.green)
		w.Drain(w.blue.Service, "") // by its agent
		if _, err := w.Withdraw(ctx, w.red.Service, id, lantern.Withdrawal{Reason: lantern.WithdrawnOutdated}); err != nil {
			t.Fatal(err)
		}
		told := w.updates(w.green)
		if len(told) != 2 || told[1]["indicator"] != hash(1) || told[1]["should_delete"] != true {
			t.Errorf("a client that was handed the value is told %v", told)
		}
		if rows := w.updates(w.blue); len(rows) != 1 {
			t.Errorf("a member that was handed the signal by its agent is told %d rows", len(rows))
		}
		w.Clock.Add(89 * 24 * time.Hour)
		if err := w.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if rows := w.updates(w.green); len(rows) != 2 {
			t.Errorf("after 89 days there are %d rows", len(rows))
		}
		w.Clock.Add(3 * 24 * time.Hour)
		if err := w.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if rows := w.updates(w.green, "start_time", strconv.FormatInt(w.Clock.Now().Unix(), 10)); len(rows) != 1 || rows[0]["should_delete"] != true {
			t.Errorf("after 92 days there are %d rows", len(rows))
		}
	})
}

// TestRightsChange: what a client could not see while its member only contributed is not behind
// its checkpoint when it may.
func TestRightsChange(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, database string) {
		w := newWorld(t, database)
		m := &mirror{w: w, c: w.green, held: map[string]string{}}
		w.MustShare(w.red.Service, w.hash(1))
		m.fetch()
		w.Clock.Add(time.Minute)
		w.Join(w.green, w.Program, lantern.ContributeOnly)
		w.MustShare(w.red.Service, w.hash(2))
		w.MustShare(w.green.Service, w.hash(3))
		m.fetch()
		w.Clock.Add(time.Minute)
		w.Join(w.green, w.Program, lantern.Both)
		w.Clock.Add(time.Minute)
		m.fetch()
		if want := w.state(w.green); len(want) != 3 || !maps.Equal(m.held, want) {
			t.Errorf("the client holds %d values, the server shows %d", len(m.held), len(want))
		}
		w.Clock.Add(5 * time.Second)
		m.fetch()
		if n := m.fetch(); n > 1 {
			t.Errorf("a client that is up to date gets %d rows each time", n)
		}
		if status, _ := w.ask(w.green, "GET", "/1/threat_updates"); status != http.StatusNotFound {
			t.Errorf("another program: status %d", status)
		}
	})
}
