package lantern

// TypeInfo describes one signal type to whoever shares or reads signals. Package signal
// holds the rules themselves.
type TypeInfo struct {
	Name           SignalType `json:"name"`
	Summary        string     `json:"summary"`
	Example        string     `json:"example"`          // a synthetic raw value
	Compare        string     `json:"compare"`          // how values of the type are compared
	Radius         int        `json:"radius,omitempty"` // differing bits that still match
	Personal       bool       `json:"personal"`         // names a person
	Weak           bool       `json:"weak"`             // a match is never enough on its own
	Retention      Days       `json:"retention_days"`
	MaxRetention   Days       `json:"max_retention_days"`
	ThreatExchange string     `json:"threatexchange,omitempty"` // its names in foreign protocols
	STIX           string     `json:"stix,omitempty"`
	MISP           string     `json:"misp,omitempty"`
}
