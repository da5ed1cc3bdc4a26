package threatexchange

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"lantern"
	wire "lantern/internal/format/threatexchange"
	"lantern/internal/web"
)

// maxBatch is how many calls a batch holds.
const maxBatch = 50

// batched is one call of a batch.
type batched struct {
	Method string `json:"method"`
	URL    string `json:"relative_url"`
	Body   string `json:"body"`
	Token  string `json:"access_token"`
}

// answered is what became of one.
type answered struct {
	Code    int      `json:"code"`
	Headers []header `json:"headers,omitempty"`
	Body    string   `json:"body"`
}

type header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// runBatch performs calls one after the other, each for itself.
func (c *call) runBatch() (any, error) {
	text := c.params.get("batch")
	if text == "" || c.batch {
		return nil, &lantern.Error{Kind: lantern.Invalid, Field: "/batch", Reason: "missing", Fix: "a JSON list of calls"}
	}
	var list []batched
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, &lantern.Error{Kind: lantern.Invalid, Field: "/batch", Reason: "not a JSON list of calls", Fix: `[{"method":"GET","relative_url":"…"}]`}
	}
	if len(list) > maxBatch {
		return nil, &lantern.Error{Kind: lantern.TooLarge, Field: "/batch", Reason: "too many calls", Fix: fmt.Sprintf("at most %d", maxBatch)}
	}
	headers := c.params.get("include_headers") != "false"
	answers := make([]answered, len(list))
	for i, b := range list {
		answers[i] = c.runOne(b)
		if !headers {
			answers[i].Headers = nil
		}
	}
	return answers, nil
}

// runOne performs one call of a batch.
func (c *call) runOne(b batched) answered {
	v, err := c.performOne(b)
	status, headers := http.StatusOK, []header{{"Content-Type", jsonMedia}}
	if err != nil {
		if after := web.RetryAfter(err); after != "" {
			headers = append(headers, header{"Retry-After", after})
		}
		p, kind := web.ProblemOf(err)
		status, v = wire.Fail(kind, p.Errors, p.Detail, web.RequestID(c.r.Context()))
	}
	body, err := web.Encode(v)
	if err != nil {
		status, body = http.StatusInternalServerError, nil
	}
	return answered{Code: status, Headers: headers, Body: strings.TrimSuffix(string(body), "\n")}
}

func (c *call) performOne(b batched) (any, error) {
	path, query, _ := strings.Cut(strings.TrimPrefix(b.URL, "/"), "?")
	one := &call{face: c.face, w: c.w, now: c.now, method: strings.ToUpper(b.Method), path: split(path), params: params{}, actor: c.actor, whois: c.whois, batch: true}
	if one.method == "" {
		one.method = http.MethodGet
	}
	if err := one.params.add(query); err != nil {
		return nil, err
	}
	if err := one.params.add(b.Body); err != nil {
		return nil, err
	}
	r := c.r.Clone(c.r.Context())
	r.URL = &url.URL{Path: "/" + path}
	one.r = r
	token := b.Token
	if token == "" {
		token = one.params.get("access_token")
	}
	if token != "" && token != c.params.get("access_token") {
		var err error
		if one.actor, err = c.bearer(token); err != nil {
			return nil, err
		}
	} else if token == "" {
		one.params["access_token"] = c.params.get("access_token") // for the way to the next page
	}
	rt, err := one.find()
	if err != nil {
		return nil, err
	}
	return rt.perform(one)
}
