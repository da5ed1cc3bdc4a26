package signal

import "lantern"

// Info returns what the type says of itself to people and programs.
func (t *Type) Info() lantern.TypeInfo {
	return lantern.TypeInfo{
		Name:           t.Name,
		Summary:        t.Summary,
		Example:        t.Example,
		Compare:        string(t.Compare),
		Radius:         t.Radius,
		Personal:       t.Personal,
		Weak:           t.Weak,
		Retention:      t.Retention,
		MaxRetention:   t.MaxRetention,
		ThreatExchange: t.ThreatExchange,
		STIX:           t.STIX,
		MISP:           t.MISP,
	}
}
