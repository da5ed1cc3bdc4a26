// Reviewtool follows an agent and submits each hit as an item to a review tool that takes
// items over HTTP (the shape of Coop's "submit items" call). See adapters/README.md.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"lantern"
	"lantern/client"
)

// bridge is one agent and one tool.
type bridge struct {
	agent *client.Agent
	tool  string // address items are submitted to
	key   string // the tool's API key
	kind  string // the tool's id of the item type
	place string // file with the place behind the last item that was taken
	http  *http.Client
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	agent := flag.String("agent", "http://127.0.0.1:8430", "address of the agent, or unix:/path of its socket")
	token := flag.String("token-file", "agent/data/agent.token", "file with the agent's local token")
	keyFile := flag.String("key-file", "", "file with the review tool's API key")
	b := bridge{http: &http.Client{Timeout: 30 * time.Second}}
	flag.StringVar(&b.tool, "tool", "", "address the tool takes items at")
	flag.StringVar(&b.kind, "type", "", "the tool's id of the item type")
	flag.StringVar(&b.place, "place", "hits.place", "file to keep the place in")
	flag.Parse()
	secret, err := os.ReadFile(*token)
	if err == nil && *keyFile != "" {
		var key []byte
		key, err = os.ReadFile(*keyFile)
		b.key = strings.TrimSpace(string(key))
	}
	if err == nil {
		b.agent = client.NewAgent(*agent, strings.TrimSpace(string(secret)), client.Options{})
		err = b.run(ctx)
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "reviewtool:", err)
		os.Exit(1)
	}
}

// run submits until ctx ends, or until the tool or the agent refuses. Whoever supervises it
// starts it again; it goes on behind the last item that was taken.
func (b *bridge) run(ctx context.Context) error {
	place, err := os.ReadFile(b.place)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return b.agent.FollowHits(ctx, lantern.Cursor(strings.TrimSpace(string(place))), func(n lantern.Notice) error { return b.take(ctx, n) })
}

// take submits one notice and then keeps the place behind it.
func (b *bridge) take(ctx context.Context, n lantern.Notice) error {
	if it, ok := itemOf(n, b.kind); ok {
		if err := b.submit(ctx, it); err != nil {
			return err
		}
	}
	next := b.place + ".next"
	if err := os.WriteFile(next, []byte(n.Next+"\n"), 0o600); err != nil {
		return err
	}
	return os.Rename(next, b.place)
}

// item is what the tool takes.
type item struct {
	ID   string         `json:"id"`
	Type string         `json:"typeId"`
	Data map[string]any `json:"data"`
}

// itemOf makes an item of a notice; ok is false if reviewers need not know.
func itemOf(n lantern.Notice, kind string) (it item, ok bool) {
	data := map[string]any{"event": n.Event.Type, "signal": n.Event.Data.Signal.String(), "requires_review": true}
	switch n.Event.Type {
	case lantern.HitOpened, lantern.HitImminent:
		h := n.Hit
		var tags []string
		for _, t := range h.Match.Tags {
			tags = append(tags, string(t))
		}
		for name, v := range map[string]any{
			"account": h.Account, "ref": h.Ref, "type": h.Match.Type, "how": h.Match.How, "severity": h.Match.Severity,
			"imminent": h.Match.Imminent, "weak": h.Match.Weak, "disputed": h.Match.Disputed, "tags": strings.Join(tags, ", "),
		} {
			data[name] = v
		}
		return item{"hit-" + h.ID.String(), kind, data}, true
	case lantern.SignalMasked, lantern.SignalFell, lantern.TaskOpened:
		return item{"signal-" + n.Event.Data.Signal.String(), kind, data}, true
	}
	return it, false
}

// tries is how often an item is submitted before giving up.
const tries = 5

// submit sends an item until the tool takes it.
func (b *bridge) submit(ctx context.Context, it item) error {
	body, err := json.Marshal(map[string][]item{"items": {it}})
	if err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		status, err := b.post(ctx, body)
		if err == nil && status/100 == 2 {
			return nil
		}
		if err == nil {
			err = fmt.Errorf("the review tool answers with status %d", status)
		}
		if attempt == tries || status >= 400 && status < 500 && status != http.StatusTooManyRequests {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(attempt) * 100 * time.Millisecond):
		}
	}
}

func (b *bridge) post(ctx context.Context, body []byte) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.tool, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Api-Key", b.key)
	res, err := b.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()                                        // read as far as it is of use
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16)) // the status says all
	return res.StatusCode, err
}
