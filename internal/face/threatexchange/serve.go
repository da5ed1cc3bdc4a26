package threatexchange

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"lantern"
	"lantern/internal/exchange"
	"lantern/internal/fair"
	wire "lantern/internal/format/threatexchange"
	"lantern/internal/policy"
	"lantern/internal/web"
)

// Config says how the face is served.
type Config struct {
	PublicURL string // where clients reach it, for links in answers; "": as each request says

	// Usage tells how much of its quota a caller's member used, in percent; ok is false if there
	// is none. nil: nobody is told. [Usage] asks the exchange.
	Usage func(a policy.Actor) (percent int, ok bool)
}

// Usage tells callers how much of the quota for reading their member used.
func Usage(x *exchange.Exchange) func(policy.Actor) (int, bool) {
	return func(a policy.Actor) (int, bool) {
		left := x.Allowance(a.Member, fair.DiscloseUse)
		if left.Limit == 0 {
			return 0, false
		}
		return 100 - 100*left.Remaining/left.Limit, true
	}
}

// Face is the face over one exchange.
type Face struct {
	x      *exchange.Exchange
	config Config
}

// New returns the face over x.
func New(x *exchange.Exchange, config Config) *Face {
	config.PublicURL = strings.TrimSuffix(config.PublicURL, "/")
	return &Face{x: x, config: config}
}

// Handler answers the face's requests. Errors are in the form of Graph errors.
func (f *Face) Handler(opts web.Options) http.Handler {
	opts.Form = writeError
	return web.Wrap(f.serve, opts)
}

// Takes reports whether a request is one for this face, by its path alone: one that begins with
// a version such as /v21.0, an id or one of the names, or is empty.
func Takes(r *http.Request) bool { return taken.MatchString(r.URL.Path) }

var (
	taken   = regexp.MustCompile(`^/((v\d+\.\d+|\d+|threat_\w+|stopncii)(/|$)|$)`)
	version = regexp.MustCompile(`^v\d+\.\d+$`)
)

// writeError writes a Graph error. Clients show and keep what stands in it.
func writeError(w http.ResponseWriter, p *web.Problem, kind lantern.Kind) {
	status, body := wire.Fail(kind, p.Errors, p.Detail, p.RequestID)
	if p.Status == http.StatusMethodNotAllowed {
		status = p.Status
	}
	b, err := web.Encode(body)
	if err != nil {
		b, status = nil, http.StatusInternalServerError
	}
	web.WriteBytes(w, status, jsonMedia, b)
}

// jsonMedia is what Graph says of its answers.
const jsonMedia = "application/json; charset=UTF-8"

// call is one request on its way to the service.
type call struct {
	face   *Face
	w      http.ResponseWriter
	r      *http.Request
	now    time.Time
	method string
	path   []string // without version
	params params
	actor  policy.Actor
	whois  map[lantern.ID]string // names of members, once they were asked for
	wanted wire.Fields           // the parameter fields, once it was asked for
	batch  bool                  // it is a part of a batch
}

// params are the parameters of a request.
type params map[string]string

func (p params) get(name string) string { return p[name] }

// serve is the way of every request.
func (f *Face) serve(w http.ResponseWriter, r *http.Request) error {
	c := &call{face: f, w: w, r: r, now: f.x.Clock(), method: r.Method}
	c.path = split(r.URL.Path)
	web.SetRoute(r, "") // until it is known
	var err error
	if c.params, err = readParams(w, r); err != nil {
		return err
	}
	if c.method == http.MethodPost && strings.EqualFold(c.params.get("method"), http.MethodDelete) {
		c.method = http.MethodDelete
	}
	rt, err := c.find()
	if err != nil {
		return err
	}
	web.SetRoute(r, rt.name())
	if err := c.authenticate(); err != nil {
		return err
	}
	answer, err := rt.perform(c)
	if err != nil {
		return err
	}
	b, err := web.Encode(answer)
	if err == nil {
		web.WriteBytes(w, http.StatusOK, jsonMedia, b)
	}
	return err
}

// split takes a path apart, without its version and the slashes around it.
func split(path string) []string {
	path = strings.Trim(path, "/")
	if path == "" {
		return nil
	}
	parts := strings.Split(path, "/")
	if version.MatchString(parts[0]) {
		parts = parts[1:]
	}
	return parts
}

// errToken is the answer to a request that names nobody, errBadToken to one whose token is of nobody
// or good no longer; in Graph's words, which are what clients look for and their people look up.
var (
	errToken = &lantern.Error{Kind: lantern.Unauthorized, Field: wire.TokenField, Reason: "An access token is required to request this resource",
		Fix: "the key of a service, written <id>|<secret>"}
	errBadToken = &lantern.Error{Kind: lantern.Unauthorized, Reason: "Invalid OAuth access token",
		Fix: "the key of a service, written <id>|<secret>, that is not expired or revoked"}
)

// authenticate names the actor: by the token in the parameters, or else by a header.
func (c *call) authenticate() (err error) {
	token := c.params.get("access_token")
	if token == "" {
		for _, name := range []string{"X-Functions-Key", "Authorization"} {
			if token == "" {
				token = c.r.Header.Get(name)
			}
		}
		scheme, rest, ok := strings.Cut(token, " ")
		if ok && (strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "OAuth")) {
			token = rest
		}
	}
	if token == "" {
		return errToken
	}
	if c.actor, err = c.bearer(strings.TrimSpace(token)); err != nil {
		return err
	}
	web.SetActor(c.r.Context(), c.actor.Member, c.actor.Key)
	if c.face.config.Usage != nil {
		if percent, ok := c.face.config.Usage(c.actor); ok {
			setUsage(c.w, percent)
		}
	}
	return nil
}

// bearer tells who bears a token.
func (c *call) bearer(token string) (policy.Actor, error) {
	a, err := c.face.x.Authenticate(c.r.Context(), token)
	if lantern.KindOf(err) == lantern.Unauthorized {
		err = errBadToken
	}
	return a, err
}

// base is the address of the face, as the caller reaches it.
func (c *call) base() string {
	if c.face.config.PublicURL != "" {
		return c.face.config.PublicURL
	}
	scheme := "http://"
	if c.r.TLS != nil {
		scheme = "https://"
	}
	return scheme + c.r.Host
}

// next is the address of the next page: whole, with all that the client gave, for clients add
// nothing to it.
func (c *call) next(after string) string {
	q := url.Values{}
	for name, v := range c.params {
		q.Set(name, v)
	}
	q.Set("after", after)
	return c.base() + c.r.URL.EscapedPath() + "?" + q.Encode()
}
