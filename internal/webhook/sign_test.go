package webhook_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"lantern/internal/webhook"
)

// vector is one line of testdata/vectors.json, which another program computed.
type vector struct {
	Name    string            `json:"name"`
	Secrets []string          `json:"secrets"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	Now     int64             `json:"now"`
	Verdict string            `json:"verdict"`
}

func vectors(t testing.TB) (all []vector) {
	t.Helper()
	b, err := os.ReadFile("testdata/vectors.json")
	if err == nil {
		err = json.Unmarshal(b, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestVectors(t *testing.T) {
	t.Parallel()
	verdicts := map[string]error{"good": nil, "headers": webhook.ErrHeaders, "timestamp": webhook.ErrTimestamp, "signature": webhook.ErrSignature}
	all := vectors(t)
	for _, v := range all {
		h, secrets := http.Header{}, make([]webhook.Secret, len(v.Secrets))
		for name, value := range v.Headers {
			h.Set(name, value)
		}
		for i, text := range v.Secrets {
			s, err := webhook.ParseSecret(text)
			if err != nil || s.Text() != text {
				t.Fatalf("%s: a secret is refused or changed: %v", v.Name, err)
			}
			secrets[i] = s
		}
		want, known := verdicts[v.Verdict]
		if err := webhook.Verify(h, []byte(v.Body), time.Unix(v.Now, 0), secrets...); !known || !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", v.Name, err, want)
		}
	}
	first := all[0]
	s, _ := webhook.ParseSecret(first.Secrets[0])
	h := http.Header{}
	if err := webhook.Sign(h, first.Headers["webhook-id"], time.Unix(1795424400, 0), []byte(first.Body), s); err != nil {
		t.Fatal(err)
	}
	for name, want := range first.Headers {
		if h.Get(name) != want {
			t.Errorf("signing gives another %s than the vector", name)
		}
	}
}

func TestSignAndVerify(t *testing.T) {
	t.Parallel()
	now := time.Unix(1795424400, 0)
	old, err := webhook.NewSecret(bytes.NewReader(bytes.Repeat([]byte{1}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	fresh, _ := webhook.NewSecret(bytes.NewReader(bytes.Repeat([]byte{2}, 32)))
	h := http.Header{}
	if err := webhook.Sign(h, "1", now, []byte("{}"), fresh, old); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]webhook.Secret{"old": old, "fresh": fresh} {
		if err := webhook.Verify(h, []byte("{}"), now, s); err != nil {
			t.Errorf("the receiver with the %s secret: %v", name, err)
		}
	}
	h.Add(webhook.HeaderID, "1")
	if err := webhook.Verify(h, []byte("{}"), now, old); !errors.Is(err, webhook.ErrHeaders) {
		t.Errorf("a header given twice: got %v, want %v", err, webhook.ErrHeaders)
	}
	for _, id := range []string{"", "a.b"} {
		if webhook.Sign(http.Header{}, id, now, nil, old) == nil {
			t.Errorf("the id %q was signed", id)
		}
	}
	if webhook.Sign(http.Header{}, "1", now, nil) == nil {
		t.Error("signed without a secret")
	}
}

func TestSecretsHide(t *testing.T) {
	t.Parallel()
	s, err := webhook.NewSecret(bytes.NewReader(bytes.Repeat([]byte{7}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s", s, s, s, s)} {
		if strings.Contains(shown, "Bwc") || strings.Contains(shown, "7, 7") || strings.Contains(shown, "0x7") {
			t.Error("formatting a secret shows it")
		}
	}
	if _, err := webhook.NewSecret(bytes.NewReader([]byte{1})); err == nil {
		t.Error("a secret of one random byte")
	}
	for name, text := range map[string]string{
		"empty": "", "no prefix": strings.TrimPrefix(s.Text(), "whsec_"), "not base64": "whsec_%%%", "short": "whsec_AAAA",
		"long": "whsec_" + strings.Repeat("AAAA", 22), "not padded": strings.TrimRight(s.Text(), "="),
	} {
		if _, err := webhook.ParseSecret(text); err == nil || strings.Contains(err.Error(), "AAAA") {
			t.Errorf("%s: got %v, want a refusal that repeats nothing", name, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.Headers["webhook-id"], v.Headers["webhook-timestamp"], v.Headers["webhook-signature"], []byte(v.Body))
	}
	s, err := webhook.NewSecret(bytes.NewReader(bytes.Repeat([]byte{3}, 32)))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, id, timestamp, signature string, body []byte) {
		h := http.Header{"Webhook-Id": {id}, "Webhook-Timestamp": {timestamp}, "Webhook-Signature": {signature}}
		if webhook.Verify(h, body, time.Unix(1795424400, 0), s) == nil {
			t.Error("accepted what was not signed")
		}
	})
}
