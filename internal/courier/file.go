package courier

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	strict "github.com/go-json-experiment/json"

	"lantern"
	"lantern/internal/webhook"
)

// rotationLife is for how long requests are signed with the earlier secret too.
const rotationLife = 24 * time.Hour

// maxHooks bounds the file.
const maxHooks = 100

// Hook is one webhook as the operator's file has it.
type Hook struct {
	ID       lantern.ID          `json:"id"`
	URL      string              `json:"url"`              // http or https, any host
	Events   []lantern.EventType `json:"events,omitempty"` // none: all
	Created  time.Time           `json:"created"`
	Secret   string              `json:"secret"`                      // "whsec_…"
	Previous string              `json:"previous,omitempty"`          // signs too until Rotating
	Rotating time.Time           `json:"both_secrets_until,omitzero"` // when Previous ends
}

// Validate checks what the file says of the webhook. No complaint repeats the address or a
// secret.
func (h *Hook) Validate() error {
	bad := func(field, reason, fix string) error {
		return &lantern.Error{Kind: lantern.Invalid, Field: field, Reason: reason, Fix: fix}
	}
	if h.ID <= 0 {
		return bad("/id", "missing", "an id that lantern agent webhook add gives")
	}
	if err := webhook.CheckOwnURL(h.URL); err != nil {
		return err
	}
	for i, e := range h.Events {
		if !slices.Contains(lantern.AgentEventTypes(), e) {
			return bad("/events", "not a type of an agent's events", "docs/protocol/webhooks.md lists them")
		}
		if slices.Contains(h.Events[:i], e) {
			return bad("/events", "a type is given twice", "give it once")
		}
	}
	if _, err := h.secrets(h.Created); err != nil {
		return bad("/secret", "not a secret", "make another with lantern agent webhook rotate")
	}
	return nil
}

// wants reports whether the webhook is told of events of a type.
func (h *Hook) wants(e lantern.EventType) bool {
	return len(h.Events) == 0 || slices.Contains(h.Events, e)
}

// secrets are those that sign at a time.
func (h *Hook) secrets(now time.Time) ([]webhook.Secret, error) {
	secret, err := webhook.ParseSecret(h.Secret)
	if err != nil {
		return nil, err
	}
	if h.Previous == "" || !now.Before(h.Rotating) {
		return []webhook.Secret{secret}, nil
	}
	previous, err := webhook.ParseSecret(h.Previous)
	return []webhook.Secret{secret, previous}, err
}

// Load reads the file of webhooks. Without a file there are none.
func Load(path string) ([]Hook, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the webhooks: %w", err)
	}
	var hooks []Hook
	if err := strict.Unmarshal(b, &hooks, strict.RejectUnknownMembers(true)); err != nil {
		// What the decoder says may hold part of the file.
		return nil, &lantern.Error{Kind: lantern.Invalid, Reason: "the file of webhooks is no list of webhooks", Fix: "restore it, or delete it and add them again"}
	}
	if len(hooks) > maxHooks {
		return nil, &lantern.Error{Kind: lantern.TooLarge, Reason: "too many webhooks", Fix: fmt.Sprintf("at most %d", maxHooks)}
	}
	for i := range hooks {
		if err := hooks[i].Validate(); err != nil {
			return nil, fmt.Errorf("webhook %d of the file: %w", i+1, err)
		}
		if slices.ContainsFunc(hooks[:i], func(h Hook) bool { return h.ID == hooks[i].ID }) {
			return nil, &lantern.Error{Kind: lantern.Invalid, Reason: "two webhooks of the file have one id", Fix: "remove one and add it again"}
		}
	}
	return hooks, nil
}

// save writes the file in one step, readable by its owner.
func save(path string, hooks []Hook) error {
	b, err := json.MarshalIndent(hooks, "", "  ")
	if err != nil {
		return err
	}
	next := path + ".next"
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	return cmp.Or(err, f.Sync(), f.Close(), os.Rename(next, path))
}

// Add enters a webhook into the file, with an id and a secret drawn from random.
func Add(path, url string, events []lantern.EventType, now time.Time, random io.Reader) (Hook, error) {
	hooks, err := Load(path)
	if err != nil {
		return Hook{}, err
	}
	id, err := lantern.NewID(random)
	if err != nil {
		return Hook{}, err
	}
	secret, err := webhook.NewSecret(random)
	if err != nil {
		return Hook{}, err
	}
	h := Hook{ID: id, URL: url, Events: events, Created: now.UTC().Truncate(time.Microsecond), Secret: secret.Text()}
	if err := h.Validate(); err != nil {
		return Hook{}, err
	}
	return h, save(path, append(hooks, h))
}

// Remove takes a webhook out of the file. What waits for it is forgotten by the courier.
func Remove(path string, id lantern.ID) (h Hook, err error) {
	err = change(path, id, func(hooks []Hook, i int) []Hook {
		h = hooks[i]
		return slices.Delete(hooks, i, i+1)
	})
	return h, err
}

// Rotate gives a webhook another secret. For a day requests are signed with the earlier one
// too; rotating again in that time ends the earliest at once.
func Rotate(path string, id lantern.ID, now time.Time, random io.Reader) (h Hook, err error) {
	secret, err := webhook.NewSecret(random)
	if err != nil {
		return h, err
	}
	err = change(path, id, func(hooks []Hook, i int) []Hook {
		hooks[i].Previous, hooks[i].Rotating = hooks[i].Secret, now.UTC().Add(rotationLife).Truncate(time.Second)
		hooks[i].Secret = secret.Text()
		h = hooks[i]
		return hooks
	})
	return h, err
}

// change edits one webhook of the file.
func change(path string, id lantern.ID, edit func(hooks []Hook, i int) []Hook) error {
	hooks, err := Load(path)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(hooks, func(h Hook) bool { return h.ID == id })
	if i < 0 {
		return errNoHook
	}
	return save(path, edit(hooks, i))
}

var errNoHook = &lantern.Error{Kind: lantern.NotFound, Reason: "no such webhook", Fix: "lantern agent webhook list shows them"}
