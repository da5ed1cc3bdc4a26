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
// form of each engine: the columns of a signal into one table with one unique index, a
// thousand rows a transaction, from a program that does nothing else. Both run in turn, so
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
	run  func([][]any) error
}

// plainTable is what a system without sealing and log would keep of a signal: the same
// columns, the value in the open, a rising id and one unique index.
const plainTable = `CREATE TABLE plain (id BIGINT PRIMARY KEY, member_id BIGINT NOT NULL, type TEXT NOT NULL, skey BYTEA NOT NULL, state TEXT NOT NULL,
	status TEXT NOT NULL, imminent BOOLEAN NOT NULL, opinion TEXT NOT NULL, value TEXT NOT NULL, note TEXT, expires_at BIGINT NOT NULL,
	created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, UNIQUE (skey, member_id))`

var plainColumns = []string{"id", "member_id", "type", "skey", "state", "status", "imminent", "opinion", "value", "note", "expires_at", "created_at", "updated_at"}

var plainID atomic.Int64

func plainRows() [][]any {
	rows := make([][]any, batch)
	now := time.Now().UnixMicro()
	for i := range rows {
		key := make([]byte, 16)
		rand.Read(key) //nolint:errcheck // never fails
		opinion := `{"programs":null,"type":"sha256","value":"","status":"violating","tags":["csam"],"severity":"medium","confidence":90,` +
			`"basis":{"policy":"child safety 2.1","reviewed_by":"human","action":"removed","at":"2026-11-23T09:00:00Z"},"subject_role":"content","handling":"AMBER+STRICT"}`
		rows[i] = []any{plainID.Add(1), int64(4711), "sha256", key, "active", "violating", false, opinion, fmt.Sprintf("%x%x", key, key), nil, now, now, now}
	}
	return rows
}

// multiRow writes an insert of some rows with one placeholder for each value.
func multiRow(rows int, placeholder func(int) string) string {
	var b strings.Builder
	b.WriteString("INSERT INTO plain (" + strings.Join(plainColumns, ", ") + ") VALUES ")
	for i := range rows * len(plainColumns) {
		switch {
		case i == 0:
			b.WriteByte('(')
		case i%len(plainColumns) == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		b.WriteString(placeholder(i + 1))
	}
	return b.String() + ")"
}

// plainSQLite gives multi-row inserts with "?", the form that is fastest there.
func plainSQLite(b *testing.B, dsn string) []plainForm {
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: strings.TrimPrefix(dsn, "sqlite:"),
		RawQuery: "_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-65536)"}).String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() }) //nolint:errcheck // the benchmark is over
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(strings.NewReplacer("BIGINT", "INTEGER", "BYTEA", "BLOB").Replace(plainTable)); err != nil {
		b.Fatal(err)
	}
	const rows = 20 // measured: 1 to 100 are alike
	insert, err := db.Prepare(multiRow(rows, func(int) string { return "?" }))
	if err != nil {
		b.Fatal(err)
	}
	return []plainForm{{"plain", func(list [][]any) error {
		tx, err := db.Begin()
		if err != nil {
			return err
		}
		defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to undo
		stmt := tx.Stmt(insert)
		for chunk := range slices.Chunk(list, rows) {
			if _, err := stmt.Exec(slices.Concat(chunk...)...); err != nil {
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
	if _, err := conn.Exec(ctx, plainTable); err != nil {
		b.Fatal(err)
	}
	const rows = 250
	text := multiRow(rows, func(i int) string { return fmt.Sprintf("$%d", i) })
	return []plainForm{{"plain", func(list [][]any) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			for chunk := range slices.Chunk(list, rows) {
				if _, err := tx.Exec(ctx, text, slices.Concat(chunk...)...); err != nil {
					return err
				}
			}
			return nil
		})
	}}, {"copy", func(list [][]any) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			_, err := tx.CopyFrom(ctx, pgx.Identifier{"plain"}, plainColumns, pgx.CopyFromRows(list))
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

// benchBatches alternates rounds of plain rows with rounds of requests: callers that send
// one batch after the other, as members do that fill an exchange, and one caller alone.
func benchBatches(b *testing.B, dsn string, plain []plainForm, kind lantern.SignalType) {
	const callers, each = 4, 4
	w := newWriter(b, dsn)
	took := map[string]time.Duration{}
	var alone time.Duration
	for range b.N {
		for _, p := range plain {
			lists := make([][][]any, callers*each)
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
		bodies := make([][]byte, callers*each)
		for i := range bodies {
			bodies[i] = w.body(b, kind)
		}
		began := time.Now()
		var group sync.WaitGroup
		for mine := range slices.Chunk(bodies, each) {
			group.Go(func() {
				for _, body := range mine {
					w.post(b, "/v1/signals/batch", body, batch)
				}
			})
		}
		group.Wait()
		took["lantern"] += time.Since(began)
		for i := range each {
			bodies[i] = w.body(b, kind)
		}
		began = time.Now()
		for _, body := range bodies[:each] {
			w.post(b, "/v1/signals/batch", body, batch)
		}
		alone += time.Since(began)
	}
	rate := func(d time.Duration) float64 { return float64(b.N*callers*each*batch) / d.Seconds() }
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
	var shared struct{ commits, acts int64 }
	for range b.N {
		began := time.Now()
		for range callers {
			single()
		}
		one += time.Since(began)
		commits, acts := w.Written()
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
		c, a := w.Written()
		shared.commits, shared.acts = shared.commits+c-commits, shared.acts+a-acts
	}
	sequential, together := float64(b.N*callers)/one.Seconds(), float64(b.N*callers*each)/all.Seconds()
	b.ReportMetric(sequential, "one-caller/s")
	b.ReportMetric(together, "200-callers/s")
	b.ReportMetric(together/sequential, "times")
	b.ReportMetric(float64(shared.acts)/float64(shared.commits), "shares/commit")
	b.ReportMetric(0, "ns/op")
}
