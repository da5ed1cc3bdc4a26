package match

import (
	"log/slog"
	"net/http"

	"lantern/internal/agent"
	"lantern/internal/web"
)

// Face serves one agent.
type Face struct {
	agent *agent.Agent
}

// New returns the face of a.
func New(a *agent.Agent) *Face { return &Face{agent: a} }

// Handler returns a handler for all routes of the agent's API that logs to log.
func Handler(a *agent.Agent, log *slog.Logger) http.Handler {
	m := web.NewMux(web.Options{Log: log})
	New(a).Mount(m)
	return m
}

// Mount adds all routes to m.
func (f *Face) Mount(m *web.Mux) {
	for pattern, h := range map[string]handler{
		"GET /v1/status": f.status,

		"POST /v1/match":       f.match,
		"POST /v1/scan":        f.scan,
		"GET /v1/signals/{id}": f.reveal,

		"GET /v1/tactics":         f.tactics,
		"GET /v1/hits":            f.hits,
		"POST /v1/hits/decisions": f.decideHits,

		"POST /v1/cases":                   f.openCase,
		"GET /v1/cases":                    f.cases,
		"GET /v1/cases/{id}":               f.aCase,
		"POST /v1/cases/{id}/rounds":       f.addRound,
		"GET /v1/cases/{id}/candidates":    f.candidates,
		"POST /v1/cases/{id}/rulings":      f.rule,
		"POST /v1/cases/{id}/outcomes":     f.sendOutcome,
		"POST /v1/cases/{id}/share":        f.shareBack,
		"GET /v1/corrections":              f.corrections,
		"POST /v1/corrections/{id}/ruling": f.ruleTask,
		"POST /v1/restores":                f.acceptRestore,
	} {
		m.Handle(pattern, f.serve(h))
	}
	m.Handle("GET /livez", web.Live)
	m.Handle("GET /readyz", web.Ready(f.agent.Ready))
}
