package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"lantern"
	"lantern/internal/sqldb/sqldbtest"
)

// A write with an Idempotency-Key happens once, and its answer is given again.
func TestIdempotency(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		w := newWorld(t, url)
		key := w.blue.key
		body := `{"label":"reviewer-2","roles":["investigator"]}`
		const path = "/v1/persons"
		first, answer := w.send("POST", path, key, body, "Idempotency-Key", "k-1")
		before := w.size()
		again, repeated := w.send("POST", path, key, body, "Idempotency-Key", "k-1")
		if first.StatusCode != 201 || again.StatusCode != 201 || answer != repeated || w.size() != before {
			t.Errorf("a repetition gave %d after %d, the same body: %v", again.StatusCode, first.StatusCode, answer == repeated)
		}
		for name, send := range map[string]func() int{
			"another body": func() int {
				res, _ := w.send("POST", path, key, strings.Replace(body, "-2", "-3", 1), "Idempotency-Key", "k-1")
				return res.StatusCode
			},
			"another path": func() int {
				res, _ := w.send("POST", "/v1/services", key, body, "Idempotency-Key", "k-1")
				return res.StatusCode
			},
		} {
			if status := send(); status != 409 || w.size() != before {
				t.Errorf("%s under the same key: %d, want 409", name, status)
			}
		}
		if res, other := w.send("POST", path, w.red.key, body, "Idempotency-Key", "k-1"); res.StatusCode != 201 || other == answer {
			t.Error("another actor's key is not its own")
		}
		for _, malformed := range []string{"with space", "plänted", strings.Repeat("k", 129)} {
			if res, _ := w.send("POST", path, key, body, "Idempotency-Key", malformed); res.StatusCode != 400 {
				t.Errorf("a malformed key: %d, want 400", res.StatusCode)
			}
		}
		w.ahead.Store(int64(25 * time.Hour))
		if res, later := w.send("POST", path, key, body, "Idempotency-Key", "k-1"); res.StatusCode != 201 || later == answer {
			t.Error("the answer is remembered for more than a day")
		}
	})
}

// A refused write may be mended under its key: nothing happened.
func TestIdempotencyAfterRefusal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqldbtest.SQLite(t))
	if res, _ := w.send("POST", "/v1/persons", w.red.key, `{"label":"","roles":[]}`, "Idempotency-Key", "k"); res.StatusCode != 400 {
		t.Fatalf("an empty person: %d", res.StatusCode)
	}
	if res, _ := w.send("POST", "/v1/persons", w.red.key, `{"label":"reviewer-2","roles":["auditor"]}`, "Idempotency-Key", "k"); res.StatusCode != 201 {
		t.Errorf("the mended request: %d", res.StatusCode)
	}
}

// Repetitions that overtake the first answer wait for it.
func TestIdempotencyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqldbtest.SQLite(t))
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if res, _ := w.send("POST", "/v1/persons", w.red.key, `{"label":"reviewer-2","roles":["auditor"]}`, "Idempotency-Key", "k"); res.StatusCode != 201 {
				t.Errorf("status %d", res.StatusCode)
			}
		})
	}
	all.Wait()
	if list := must(t)(w.red.Persons(t.Context())).([]lantern.Person); len(list) != 2 {
		t.Errorf("%d persons, want 2", len(list))
	}
}

// What must not lie about in the clear is not in a remembered answer.
func TestIdempotencyKeepsSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqldbtest.SQLite(t))
	body := fmt.Sprintf(`{"actor":"%s","scopes":["read"]}`, w.red.person)
	var first, again lantern.Key
	_, answer := w.send("POST", "/v1/keys", w.red.key, body, "Idempotency-Key", "k")
	_, repeated := w.send("POST", "/v1/keys", w.red.key, body, "Idempotency-Key", "k")
	if json.Unmarshal([]byte(answer), &first) != nil || json.Unmarshal([]byte(repeated), &again) != nil {
		t.Fatal("not a key")
	}
	if first.Secret == "" || again.Secret != "" || first.ID != again.ID {
		t.Error("a repetition shows the secret, or another key")
	}
	hook := `{"url":"https://hooks.example.com/in"}`
	_, answer = w.send("POST", "/v1/webhooks", w.red.key, hook, "Idempotency-Key", "w")
	_, repeated = w.send("POST", "/v1/webhooks", w.red.key, hook, "Idempotency-Key", "w")
	if !strings.Contains(answer, "whsec_") || strings.Contains(repeated, "whsec_") || !strings.Contains(repeated, `"id"`) {
		t.Error("a repetition shows a webhook's secret")
	}
	if !strings.Contains(answer, "hooks.example.com") || strings.Contains(repeated, "hooks.example.com") {
		t.Error("the address of a webhook, which is sealed, was remembered")
	}
	var made lantern.Webhook
	if err := json.Unmarshal([]byte(answer), &made); err != nil {
		t.Fatal(err)
	}
	for _, act := range []string{"rotate", "remove"} {
		path := "/v1/webhooks/" + made.ID.String() + "/" + act
		_, _ = w.send("POST", path, w.red.key, "", "Idempotency-Key", act)
		if _, repeated = w.send("POST", path, w.red.key, "", "Idempotency-Key", act); !strings.Contains(repeated, `"id"`) || strings.Contains(repeated, "hooks.example.com") {
			t.Errorf("%s: the address of a webhook, which is sealed, was remembered", act)
		}
	}
	shared := must(t)(w.red.Share(t.Context(), w.draft("https://files.example.com/x"))).(lantern.ShareResult)
	renewal := fmt.Sprintf(`{"expires":%q,"basis":{"policy":"Rule 4","reviewed_by":"human","at":%q}}`,
		time.Now().Add(20*24*time.Hour).Format(time.RFC3339), time.Now().Format(time.RFC3339))
	path := "/v1/signals/" + shared.Signal.String() + "/renew"
	_, answer = w.send("POST", path, w.red.key, renewal, "Idempotency-Key", "r")
	before := w.size()
	_, repeated = w.send("POST", path, w.red.key, renewal, "Idempotency-Key", "r")
	if answer != repeated || w.size() != before || !strings.Contains(answer, "files.example.com/x") {
		t.Error("a repeated renewal is answered otherwise, or done again")
	}
}
