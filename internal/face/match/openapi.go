package match

import (
	"net/http"
	"strings"

	"lantern"
	"lantern/internal/openapi"
	"lantern/internal/web"
)

// about introduces the document to whoever reads it without anything else.
const about = `A member's own tools and people look things up in the member's agent, review what was found,
and send back what the member decides to send. A match is a clue: requires_review is always
true, and no answer says allow, deny or ban. "could-not-look" never means "no match".

Requests are decoded strictly: unknown or repeated members, wrong types, invalid UTF-8 and
nesting above 8 levels are refused. Errors are application/problem+json and never repeat
what was sent. Clients must ignore members of answers they do not know. Ids are decimal
strings, times RFC 3339. docs/protocol/agent.md tells how to write a client.`

// words lists query parameters that are text, what each is for.
func words(names ...string) (all []openapi.Param) {
	for _, n := range names {
		all = append(all, openapi.Param{Name: n, About: params[n]})
	}
	return all
}

// numbers lists those that are whole numbers.
func numbers(names ...string) (all []openapi.Param) {
	for _, n := range names {
		all = append(all, openapi.Param{Name: n, About: params[n], Number: true})
	}
	return all
}

var params = map[string]string{
	"cursor":   "where the stream before ended; empty begins",
	"once":     "1: end when everything there is was told",
	"hunt":     "the name of the hunt the pieces are of",
	"dry":      "1: keep no hits",
	"name":     "the file's name, by whose extension a file of records is known",
	"ref":      "the member's reference of hits; default: name",
	"account":  "the member's own account",
	"source":   "the member's own name of where it comes from, by which sampling ratios are set",
	"since":    "a day, as YYYY-MM-DD: only what was counted from then on",
	"state":    "only those in this state",
	"incident": "only those of this incident",
	"after":    "where the page before ended: the last hit or account, or the last event's number",
	"limit":    "at most so many, up to 1000; default 100",
	"digest":   "of a preview: share exactly that, or nothing",
}

// Document returns the OpenAPI 3.1 document of the face.
func Document() ([]byte, error) {
	a := openapi.API{
		Title: "Lantern agent", About: about, Credential: "the agent's local token, or the exchange key lk_<id>_<secret> of a person of the member",
		Given: map[string][]string{
			"CaseNote": {"id", "person", "at"},
			"CaseTask": {"id", "person", "at", "done", "done_by"},
		},
	}
	f := &Face{}
	for _, r := range append(f.routes(), f.hookRoutes()...) {
		r.Kinds = kinds(r.Operation)
		a.Operations = append(a.Operations, r.Operation)
	}
	a.Operations = append(a.Operations,
		openapi.Operation{Method: "GET", Path: "/livez", Name: "Live", Summary: "Say that the process runs.", Answer: typeOf[openapi.Text](), AnswerMedia: "text/plain", Open: true},
		openapi.Operation{Method: "GET", Path: "/readyz", Name: "Ready", Summary: "Say whether the agent can look anything up.", Answer: typeOf[openapi.Text](), AnswerMedia: "text/plain", Open: true,
			Kinds: []lantern.Kind{lantern.Unavailable}},
		openapi.Operation{Method: "GET", Path: "/openapi.json", Name: "Document", Summary: "Return this document.", Answer: typeOf[openapi.Text](), Open: true},
	)
	return openapi.Document(a)
}

// kinds lists the refusals that follow from the shape of a call. What is passed on to the
// exchange can be refused there as well.
func kinds(o openapi.Operation) []lantern.Kind {
	all := []lantern.Kind{lantern.Unavailable, lantern.Invalid, lantern.Unauthorized, lantern.Forbidden}
	if strings.Contains(o.Path, "{id}") {
		all = append(all, lantern.NotFound)
	}
	if o.Method != http.MethodGet {
		all = append(all, lantern.NotFound, lantern.Conflict, lantern.TooLarge, lantern.Unsupported, lantern.RateLimited)
	}
	return all
}

// document serves the document, which says nothing about this agent.
func document(w http.ResponseWriter, _ *http.Request) error {
	doc, err := Document()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", web.JSONMedia)
	_, err = w.Write(doc)
	return err
}
