package bench

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // the plain form goes to the driver itself

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/face/api"
	"lantern/internal/sqldb/sqldbtest"
	"lantern/internal/web"
)

// BenchmarkWrite holds the whole write path (HTTP, strict JSON, authentication, policy,
// normal form, sealing, unique index, log, one sync a commit) against the fastest plain
// form of each engine: rows of the same size into one table with one unique index, a
// thousand a transaction, from a program that does nothing else. Both run in turn, so
// that a machine whose speed drifts gives the same ratio.
//
//	go test ./test/bench -bench Write -benchtime 10x
func BenchmarkWrite(b *testing.B) {
	for _, engine := range []struct {
		name  string
		open  func(testing.TB) string
		plain func(*testing.B, string) []plainForm
	}{{"sqlite", sqldbtest.SQLite, plainSQLite}, {"postgres", sqldbtest.Postgres, plainPostgres}} {
		b.Run(engine.name, func(b *testing.B) {
			for _, kind := range []lantern.SignalType{"sha256", "email", "url"} {
				b.Run("batches/"+string(kind), func(b *testing.B) {
					benchBatches(b, engine.open(b), engine.plain(b, engine.open(b)), kind)
				})
			}
			b.Run("singles", func(b *testing.B) { benchSingles(b, engine.open(b)) })
		})
	}
}

// batch is how many signals, or rows, go in one request or transaction.
const batch = lantern.MaxBatch

// plainForm inserts batch rows in one durable transaction.
type plainForm struct {
	name string
	run  func([]plainRow) error
}

// plainRow is what a system without sealing and log would store.
type plainRow struct {
	id   int64
	key  []byte
	body []byte
}

var plainID atomic.Int64

func plainRows() []plainRow {
	rows := make([]plainRow, batch)
	for i := range rows {
		var b [360]byte
		rand.Read(b[:40]) //nolint:errcheck // never fails
		for j := 40; j < len(b); j++ {
			b[j] = 'a' + byte(j%26)
		}
		rows[i] = plainRow{plainID.Add(1), b[8:40], b[40:]}
	}
	return rows
}

const plainTable = "CREATE TABLE plain (id BIGINT PRIMARY KEY, skey %s NOT NULL UNIQUE, body %s NOT NULL)"

// plainSQLite gives multi-row inserts with "?", the form that is fastest there.
func plainSQLite(b *testing.B, dsn string) []plainForm {
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: strings.TrimPrefix(dsn, "sqlite:"),
		RawQuery: "_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-65536)"}).String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() }) //nolint:errcheck // the benchmark is over
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(strings.ReplaceAll(fmt.Sprintf(plainTable, "BLOB", "BLOB"), "BIGINT", "INTEGER")); err != nil {
		b.Fatal(err)
	}
	const rows = 100
	insert, err := db.Prepare("INSERT INTO plain (id, skey, body) VALUES (?,?,?)" + strings.Repeat(",(?,?,?)", rows-1))
	if err != nil {
		b.Fatal(err)
	}
	return []plainForm{{"plain", func(list []plainRow) error {
		tx, err := db.Begin()
		if err != nil {
			return err
		}
		defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to undo
		stmt := tx.Stmt(insert)
		for chunk := range slices.Chunk(list, rows) {
			args := make([]any, 0, 3*rows)
			for _, r := range chunk {
				args = append(args, r.id, r.key, r.body)
			}
			if _, err := stmt.Exec(args...); err != nil {
				return err
			}
		}
		return tx.Commit()
	}}}
}

// plainPostgres gives multi-row inserts, and COPY for comparison.
func plainPostgres(b *testing.B, dsn string) []plainForm {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close(ctx) }) //nolint:errcheck // the benchmark is over
	if _, err := conn.Exec(ctx, fmt.Sprintf(plainTable, "BYTEA", "BYTEA")); err != nil {
		b.Fatal(err)
	}
	const rows = 250
	var text strings.Builder
	text.WriteString("INSERT INTO plain (id, skey, body) VALUES ")
	for i := range rows {
		if i > 0 {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, "($%d,$%d,$%d)", 3*i+1, 3*i+2, 3*i+3)
	}
	return []plainForm{{"plain", func(list []plainRow) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			for chunk := range slices.Chunk(list, rows) {
				args := make([]any, 0, 3*rows)
				for _, r := range chunk {
					args = append(args, r.id, r.key, r.body)
				}
				if _, err := tx.Exec(ctx, text.String(), args...); err != nil {
					return err
				}
			}
			return nil
		})
	}}, {"copy", func(list []plainRow) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			_, err := tx.CopyFrom(ctx, pgx.Identifier{"plain"}, []string{"id", "skey", "body"},
				pgx.CopyFromSlice(len(list), func(i int) ([]any, error) { return []any{list[i].id, list[i].key, list[i].body}, nil }))
			return err
		})
	}}}
}

// writer is an exchange behind its face.
type writer struct {
	*exchangetest.World
	url  string
	key  string
	http *http.Client
	n    atomic.Int64
}

func newWriter(b *testing.B, dsn string) *writer {
	w := &writer{World: exchangetest.New(b, dsn)}
	face, err := api.New(w.Exchange, api.Config{})
	if err != nil {
		b.Fatal(err)
	}
	mux := web.NewMux(web.Options{})
	face.Mount(mux)
	server := httptest.NewServer(mux)
	b.Cleanup(server.Close)
	w.url, w.key = server.URL, w.AddCompany("Cloudbin").SubmitterKey
	w.http = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
	return w
}

// draft is a fresh draft of a type.
func (w *writer) draft(kind lantern.SignalType) lantern.Draft {
	n := int(w.n.Add(1))
	d := w.Draft(n)
	switch d.Type = kind; kind {
	case "sha256":
		d.Value = fmt.Sprintf("%064x", n)
	case "email":
		d.Value = fmt.Sprintf("night.owl%d@example.com", n)
	}
	return d
}

// body is a batch of fresh drafts.
func (w *writer) body(b *testing.B, kind lantern.SignalType) []byte {
	items := lantern.Items[lantern.Draft]{Items: make([]lantern.Draft, batch)}
	for i := range items.Items {
		items.Items[i] = w.draft(kind)
	}
	body, err := json.Marshal(items)
	if err != nil {
		b.Fatal(err)
	}
	return body
}

// post sends a body and wants every item of it taken.
func (w *writer) post(b *testing.B, path string, body []byte, want int) {
	r, err := http.NewRequestWithContext(b.Context(), "POST", w.url+path, bytes.NewReader(body))
	if err != nil {
		b.Error(err)
		return
	}
	r.Header.Set("Authorization", "Bearer "+w.key)
	r.Header.Set("Content-Type", web.JSONMedia)
	resp, err := w.http.Do(r)
	if err != nil {
		b.Error(err)
		return
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if n := bytes.Count(answer, []byte(`"created"`)); err != nil || n != want {
		b.Errorf("%s: %d of %d created (status %d): %v", path, n, want, resp.StatusCode, err)
	}
}

// benchBatches alternates rounds of plain rows with rounds of requests: callers batches at
// once, as members that fill an exchange would.
func benchBatches(b *testing.B, dsn string, plain []plainForm, kind lantern.SignalType) {
	const callers = 4
	w := newWriter(b, dsn)
	took := map[string]time.Duration{}
	var alone time.Duration
	for range b.N {
		for _, p := range plain {
			lists := make([][]plainRow, callers)
			for i := range lists {
				lists[i] = plainRows()
			}
			began := time.Now()
			for _, l := range lists {
				if err := p.run(l); err != nil {
					b.Fatal(err)
				}
			}
			took[p.name] += time.Since(began)
		}
		bodies := make([][]byte, callers+1)
		for i := range bodies {
			bodies[i] = w.body(b, kind)
		}
		began := time.Now()
		var group sync.WaitGroup
		for _, body := range bodies[1:] {
			group.Go(func() { w.post(b, "/v1/signals/batch", body, batch) })
		}
		group.Wait()
		took["lantern"] += time.Since(began)
		began = time.Now()
		w.post(b, "/v1/signals/batch", bodies[0], batch)
		alone += time.Since(began)
	}
	rate := func(d time.Duration) float64 { return float64(b.N*callers*batch) / d.Seconds() }
	for name, d := range took {
		b.ReportMetric(rate(d), name+"/s")
	}
	b.ReportMetric(rate(alone)/callers, "one-caller/s")
	b.ReportMetric(rate(took["lantern"])/rate(took["plain"]), "of-plain")
	b.ReportMetric(0, "ns/op")
}

// benchSingles compares one caller that shares one signal at a time with 200.
func benchSingles(b *testing.B, dsn string) {
	w := newWriter(b, dsn)
	const callers, each = 200, 20
	single := func() {
		body, err := json.Marshal(w.draft("sha256"))
		if err != nil {
			b.Error(err)
		}
		w.post(b, "/v1/signals", body, 1)
	}
	var one, all time.Duration
	for range b.N {
		began := time.Now()
		for range callers {
			single()
		}
		one += time.Since(began)
		began = time.Now()
		var group sync.WaitGroup
		for range callers {
			group.Go(func() {
				for range each {
					single()
				}
			})
		}
		group.Wait()
		all += time.Since(began)
	}
	sequential, together := float64(b.N*callers)/one.Seconds(), float64(b.N*callers*each)/all.Seconds()
	b.ReportMetric(sequential, "one-caller/s")
	b.ReportMetric(together, "200-callers/s")
	b.ReportMetric(together/sequential, "times")
	b.ReportMetric(0, "ns/op")
}
