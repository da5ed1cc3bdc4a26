package match

import (
	"log/slog"
	"maps"
	"net/http"

	"lantern/internal/agent"
	"lantern/internal/courier"
	"lantern/internal/web"
)

// Face serves one agent.
type Face struct {
	agent   *agent.Agent
	courier *courier.Courier
}

// New returns the face of a, whose events c carries; nil: there are no webhooks.
func New(a *agent.Agent, c *courier.Courier) *Face { return &Face{agent: a, courier: c} }

// Handler returns a handler for all routes of the agent's API but those of webhooks that
// logs to log.
func Handler(a *agent.Agent, log *slog.Logger) http.Handler {
	m := web.NewMux(web.Options{Log: log})
	New(a, nil).Mount(m)
	return m
}

// Mount adds all routes to m.
func (f *Face) Mount(m *web.Mux) {
	routes := map[string]handler{
		"GET /v1/status": f.status,

		"POST /v1/match":       f.match,
		"POST /v1/scan":        f.scan,
		"POST /v1/pieces":      f.pieces,
		"GET /v1/signals/{id}": f.reveal,

		"GET /v1/hunts":              f.hunts,
		"POST /v1/hunts/{name}/plan": f.planHunt,
		"DELETE /v1/hunts/{name}":    f.forgetHunt,

		"GET /v1/tactics":         f.tactics,
		"GET /v1/hits":            f.hits,
		"GET /v1/hits/follow":     f.follow,
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
	}
	if f.courier != nil {
		maps.Copy(routes, map[string]handler{
			"GET /v1/webhooks":                 f.webhooks,
			"GET /v1/webhooks/{id}/deliveries": f.deliveries,
			"POST /v1/webhooks/{id}/test":      f.testWebhook,
			"POST /v1/webhooks/{id}/replay":    f.replayWebhook,
		})
	}
	for pattern, h := range routes {
		m.Handle(pattern, f.serve(h))
	}
	m.Handle("GET /livez", web.Live)
	m.Handle("GET /readyz", web.Ready(f.agent.Ready))
}
