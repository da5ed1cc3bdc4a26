package threatexchange

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"lantern"
	"lantern/internal/web"
)

// maxParams bounds the parameters of a request.
const maxParams = 100

// readParams reads the parameters of a request: those of the query, and of the body those
// that the query does not have. Clients send a form without saying so, or the same in both.
func readParams(w http.ResponseWriter, r *http.Request) (params, error) {
	p := params{}
	if err := p.add(r.URL.RawQuery); err != nil {
		return nil, err
	}
	if r.Method != http.MethodPost && r.Method != http.MethodDelete {
		return p, nil
	}
	body, err := web.ReadBody(w, r, web.AnyMedia, web.MaxBody)
	if err != nil {
		return nil, err
	}
	media, with, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && media == "multipart/form-data" {
		return p, p.addParts(body, with["boundary"])
	}
	return p, p.add(string(body))
}

// add adds what a query or form holds, unless it is there. A parameter that is given twice counts
// once; what is no form at all adds nothing anybody asks for.
func (p params) add(form string) error {
	own := map[string]bool{}
	for part := range strings.SplitSeq(form, "&") {
		name, value, _ := strings.Cut(part, "=")
		name, e1 := url.QueryUnescape(name)
		value, e2 := url.QueryUnescape(value)
		if name == "" || e1 != nil || e2 != nil || own[name] {
			continue
		}
		own[name] = true
		if err := p.put(name, value); err != nil {
			return err
		}
	}
	return nil
}

func (p params) put(name, value string) error {
	if _, there := p[name]; there {
		return nil
	}
	if len(p) == maxParams {
		return &lantern.Error{Kind: lantern.TooLarge, Reason: "too many parameters", Fix: fmt.Sprintf("at most %d", maxParams)}
	}
	p[name] = value
	return nil
}

// addParts adds the texts of a multipart form. A file in it is refused, whatever it holds.
func (p params) addParts(body []byte, boundary string) error {
	form := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := form.NextPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return &lantern.Error{Kind: lantern.Invalid, Reason: "the form is malformed", Fix: "send the parameters in the query"}
		}
		if part.FileName() != "" {
			return &lantern.Error{Kind: lantern.Unsupported, Reason: "files are never taken", Fix: "share a hash made on your own machines instead"}
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return &lantern.Error{Kind: lantern.Invalid, Reason: "the form is malformed", Fix: "send the parameters in the query"}
		}
		if err := p.put(part.FormName(), string(value)); err != nil {
			return err
		}
	}
}

// limit reads how many objects a page is to hold.
func (p params) limit(name string, usual int) (int, error) {
	text := p.get(name)
	if text == "" || text == "None" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, &lantern.Error{Kind: lantern.Invalid, Field: "/" + name, Reason: "not a number of objects", Fix: fmt.Sprintf("1 to %d", lantern.MaxPage)}
	}
	return min(n, lantern.MaxPage), nil
}

// flag reads a yes or no in the ways Graph's clients and Python write one.
func (p params) flag(name string) (bool, error) {
	switch strings.ToLower(p.get(name)) {
	case "true", "1":
		return true, nil
	case "", "false", "0", "none":
		return false, nil
	}
	return false, &lantern.Error{Kind: lantern.Invalid, Field: "/" + name, Reason: "neither true nor false", Fix: "true or false"}
}

// setUsage tells a client how much of its quota is used, as Graph does.
func setUsage(w http.ResponseWriter, percent int) {
	w.Header().Set("X-App-Usage", fmt.Sprintf(`{"call_count":%d,"total_time":0,"total_cputime":0}`, percent))
}
