package threatexchange

import (
	"slices"
	"time"

	"lantern"
)

// Indicator is a value as an indicator with the descriptors on it.
func Indicator(id lantern.ID, t lantern.SignalType, value string, descriptors []Node) Node {
	kind, _ := IndicatorType(t)
	return Node{"id": id.String(), "indicator": value, "type": kind, "descriptors": Edge{descriptors}, usualOf: []string{"indicator", "type"}}
}

// updateFields are the usual fields of a row of updates.
var updateFields = []string{"indicator", "type", "creation_time", "last_updated", "should_delete", "tags", "status", "applications_with_opinions"}

// UpdateOf is a value as a row of updates: an indicator with times in whole seconds. A row
// without descriptors tells the client to drop the value; it has none to show then.
func UpdateOf(id lantern.ID, t lantern.SignalType, value string, created, changed time.Time, descriptors []Node) Node {
	n := Indicator(id, t, value, descriptors)
	n["creation_time"], n["last_updated"], n["should_delete"] = created.Unix(), changed.Unix(), len(descriptors) == 0
	n[usualOf] = updateFields
	tags, said, apps := []string{}, []string{}, []string{}
	for _, d := range descriptors {
		if edge, ok := d["tags"].(Edge); ok {
			for _, tag := range edge.Data {
				text, _ := tag["text"].(string)
				tags = append(tags, text)
			}
		}
		status, _ := d["status"].(string)
		said = append(said, status)
		if owner, ok := d["owner"].(Node); ok {
			app, _ := owner["id"].(string)
			apps = append(apps, app)
		}
		if list, ok := d["reactions"].([]reaction); ok {
			for _, r := range list {
				apps = append(apps, List(r.Value)...)
			}
		}
	}
	slices.Sort(tags)
	n["tags"], n["status"], n["applications_with_opinions"] = slices.Compact(tags), worst(said), once(apps)
	if len(descriptors) == 0 {
		delete(n, "descriptors")
	}
	return n
}

// once leaves out what stands in a list before.
func once(list []string) []string {
	out := list[:0]
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// Sentinel is the row of a program that never goes: a tombstone of nothing. Clients cannot
// stand an answer without rows, which a program in which nothing changed would give.
func Sentinel(program lantern.ID, at time.Time) Node {
	n := UpdateOf(nameID("sentinel", program.String()), "", "sentinel", at, at, nil)
	n["type"] = debugString
	return n
}
